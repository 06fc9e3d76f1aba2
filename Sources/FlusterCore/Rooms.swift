/// What the workers that may take new work have left: an index over the state that can be built
/// anew at any time.
///
/// The first worker with room is found in a tree of the largest processors and memory free below
/// each node, so that a search costs by the logarithm of the number of workers.
package struct Rooms: Sendable {
  /// One worker that may take new work.
  struct Room: Sendable {
    let worker: WorkerRecord
    var free: Amounts
  }

  private struct Peak {
    var cpuMillis: UInt64 = 0
    var memoryBytes: UInt64 = 0
  }

  /// By worker id.
  private(set) var all: [Room] = []
  private var places: [WorkerID: Int] = [:]
  /// The children of node n are 2n and 2n + 1; the leaves start at `leaves`.
  private var tree: [Peak] = []
  private var leaves = 1
  /// Workers on which something has ended since the last refresh.
  private var stale: Set<WorkerID> = []
  private var isComplete = false
  /// Rooms that may have grown since the last pass, in order.
  private(set) var grown: [Int] = []

  /// Workers have come, gone or changed.
  mutating func forget() { isComplete = false }

  /// Something ended on this worker, or is no longer kept for somebody.
  mutating func touch(_ worker: WorkerID) { stale.insert(worker) }

  /// Brings the index up to the state.
  mutating func refresh(from state: State) {
    if isComplete {
      let places = stale.compactMap { self.places[$0] }.sorted()
      for place in places {
        all[place].free = state.free(on: all[place].worker.id)
        climb(from: place)
      }
      grown = places
    } else {
      rebuild(from: state)
    }
    stale.removeAll(keepingCapacity: true)
  }

  /// How the index differs from one built anew, in sentences; empty if in nothing.
  func violations(in state: State) -> [String] {
    guard isComplete else { return [] }
    guard all.map(\.worker) == state.usable.map(\.record) else {
      return ["the rooms are not those of the workers that may take work"]
    }
    return all.filter { !stale.contains($0.worker.id) && $0.free != state.free(on: $0.worker.id) }
      .map { "room on worker \($0.worker.id) is \($0.free), and not what is free there" }
  }

  /// The pass has seen what has grown.
  mutating func settle() { grown.removeAll(keepingCapacity: true) }

  /// Where a worker stands.
  func place(of worker: WorkerID) -> Int? { places[worker] }

  /// The most processors any room has free.
  var mostCpuMillis: UInt64 { tree.isEmpty ? 0 : tree[1].cpuMillis }

  /// A task has been placed.
  mutating func take(_ charge: Amounts, from worker: WorkerID) {
    guard isComplete, let place = places[worker] else { return }
    all[place].free.subtract(charge)
    climb(from: place)
  }

  /// The first room, by worker id, of those with the processors and memory of `needs` that
  /// `admits` takes.
  func first(for needs: Requirement, where admits: (Int) -> Bool) -> Int? {
    all.isEmpty ? nil : search(1, needs.cpuMillis, needs.memoryBytes ?? 0, admits)
  }

  private func search(
    _ node: Int, _ cpuMillis: UInt64, _ memoryBytes: UInt64, _ admits: (Int) -> Bool
  ) -> Int? {
    guard tree[node].cpuMillis >= cpuMillis, tree[node].memoryBytes >= memoryBytes else {
      return nil
    }
    guard node < leaves else { return admits(node - leaves) ? node - leaves : nil }
    return search(2 * node, cpuMillis, memoryBytes, admits)
      ?? search(2 * node + 1, cpuMillis, memoryBytes, admits)
  }

  private mutating func rebuild(from state: State) {
    all = state.usable.map { Room(worker: $0.record, free: state.free(on: $0.record.id)) }
    places = Dictionary(
      all.enumerated().map { ($1.worker.id, $0) }, uniquingKeysWith: { first, _ in first })
    leaves = 1
    while leaves < all.count { leaves *= 2 }
    tree = Array(repeating: Peak(), count: 2 * leaves)
    for place in all.indices { climb(from: place) }
    grown = Array(all.indices)
    isComplete = true
  }

  private mutating func climb(from place: Int) {
    var node = leaves + place
    let free = all[place].free
    // A worker without any processor left takes nothing, whatever memory it has.
    tree[node] =
      free.cpuMillis == 0
      ? Peak() : Peak(cpuMillis: free.cpuMillis, memoryBytes: free.memoryBytes)
    while node > 1 {
      node /= 2
      let (a, b) = (tree[2 * node], tree[2 * node + 1])
      tree[node] = Peak(
        cpuMillis: max(a.cpuMillis, b.cpuMillis), memoryBytes: max(a.memoryBytes, b.memoryBytes))
    }
  }
}
