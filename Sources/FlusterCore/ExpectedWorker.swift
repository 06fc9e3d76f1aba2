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

  /// The workers that could be given work of this user some day: who is away for a moment may come
  /// back, and who will not has to be forgotten. None while nobody but such as may never come is
  /// known.
  func prospects(for owner: UserID) -> [WorkerRecord] {
    let awaited = Set(expected.map(\.id))
    let known = state.workers.values.filter { $0.record.serves(owner) }
    guard known.contains(where: { $0.link != nil || awaited.contains($0.record.id) }) else {
      return []
    }
    return known.map(\.record).sorted { $0.id < $1.id }
  }
}
