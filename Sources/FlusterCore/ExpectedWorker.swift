/// A worker that an administrator says will come.
package struct ExpectedWorker: Hashable, Sendable {
  package let id: WorkerID
  /// What it will have; nil: nobody said.
  package let capacity: Amounts?

  /// A worker, and what it will have.
  package init(id: WorkerID, capacity: Amounts? = nil) {
    self.id = id
    self.capacity = capacity
  }
}

extension Controller {
  /// The expected workers that have never been seen, or were forgotten.
  package var missing: [ExpectedWorker] { expected.filter { state.workers[$0.id] == nil } }

  /// The workers that could be given work of this user some day: those that are connected, and
  /// those that are expected and have been here.
  func prospects(for owner: UserID) -> [WorkerRecord] {
    let awaited = Set(expected.map(\.id))
    return state.workers.values
      .filter { $0.link != nil || awaited.contains($0.record.id) }
      .map(\.record).filter { $0.serves(owner) }.sorted { $0.id < $1.id }
  }
}
