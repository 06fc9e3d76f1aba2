/// What the workers that may take new work have left: an index over the state that can be built
/// anew at any time.
///
/// The first worker with room is found in a tree of the largest processors and memory free below
/// each node, so that a search costs by the logarithm of the number of workers.
package struct Rooms: Sendable {
  /// One worker that may take new work.
  struct Room: Sendable {
    let worker: WorkerRecord
    private(set) var free: Amounts
    /// The attempts that hold the rest, or wait for it, in the order in which they were assigned.
    private(set) var uses: [Use] = []
    /// So many of them wait, and hold nothing.
    private(set) var waiting = 0
    /// When the first of those is over that hold something and whose end is known.
    private(set) var firstEnd: WallTime?
  }

  /// What one open attempt holds.
  struct Use: Hashable, Sendable {
    let attempt: AttemptUID
    let charge: Amounts
    /// By when it is over at the latest; nil: nobody knows.
    var end: WallTime?
    /// It was given before its turn and has not begun. It holds something once it fits in.
    var isAhead = false
    /// Its charge is not free.
    fileprivate(set) var holds = true
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
  private var isComplete = false
  /// Rooms that may have grown since the last refresh.
  private var touched: Set<Int> = []
  /// Those that had at the last refresh, in order, until a pass has seen them.
  private(set) var grown: [Int] = []

  /// Workers have come, gone or changed.
  mutating func forget() { isComplete = false }

  /// What was kept on this worker may be used by others.
  mutating func touch(_ worker: WorkerID) {
    if let place = places[worker] { touched.insert(place) }
  }

  /// Begins a pass over the index as it stands.
  mutating func refresh(from state: State) {
    if isComplete {
      grown = touched.sorted()
    } else {
      rebuild(from: state)
    }
    touched.removeAll(keepingCapacity: true)
  }

  /// How the index differs from one built anew, in sentences; empty if in nothing.
  func violations(in state: State) -> [String] {
    guard isComplete else { return [] }
    guard all.map(\.worker) == state.usable.map(\.record) else {
      return ["the rooms are not those of the workers that may take work"]
    }
    return all.filter { $0 != Room(on: $0.worker, in: state) }
      .map { "room on worker \($0.worker.id) is not what is free and held there" }
  }

  /// The pass has seen what has grown.
  mutating func settle() { grown.removeAll(keepingCapacity: true) }

  /// Where a worker stands.
  func place(of worker: WorkerID) -> Int? { places[worker] }

  /// The most processors any room has free.
  var mostCpuMillis: UInt64 { tree.isEmpty ? 0 : tree[1].cpuMillis }

  /// An attempt has been assigned that will be over by `end`.
  mutating func take(_ attempt: OpenAttempt, until end: WallTime?) {
    guard isComplete, let place = places[attempt.worker] else { return }
    all[place].add(Use(attempt, until: end))
    climb(from: place)
  }

  /// An attempt will be over by `end`, and not when it was said before.
  mutating func expect(_ attempt: OpenAttempt, until end: WallTime?) {
    guard isComplete, let place = places[attempt.worker] else { return }
    all[place].set(end, of: attempt.uid)
  }

  /// An attempt has begun, whoever held what it needs before.
  mutating func begin(_ attempt: OpenAttempt) {
    guard attempt.waitsAhead, isComplete, let place = places[attempt.worker] else { return }
    all[place].begin(attempt.uid)
    climb(from: place)
  }

  /// An attempt has ended.
  mutating func release(_ attempt: OpenAttempt) {
    guard isComplete, let place = places[attempt.worker] else { return }
    all[place].remove(attempt.uid)
    touched.insert(place)
    climb(from: place)
  }

  /// The first room, by worker id, from `start` on that has the processors and memory of `needs`.
  func next(for needs: Requirement, from start: Int) -> Int? {
    guard start < all.count else { return nil }
    let (cpuMillis, memoryBytes) = (needs.cpuMillis, needs.memoryBytes ?? 0)
    var node = leaves + start
    while true {
      if tree[node].cpuMillis >= cpuMillis, tree[node].memoryBytes >= memoryBytes {
        guard node < leaves else { return node - leaves }
        node *= 2
      } else {
        // On to the next subtree: the sister of this node or of the first ancestor on the left.
        while node % 2 == 1 { node /= 2 }
        guard node > 0 else { return nil }
        node += 1
      }
    }
  }

  private mutating func rebuild(from state: State) {
    all = state.usable.map { Room(on: $0.record, in: state) }
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

extension Rooms.Room: Equatable {
  /// One more task that needs so much fits in.
  func takes(_ needs: Requirement) -> Bool {
    free.cpuMillis >= needs.cpuMillis && free.covers(needs.charge(on: worker.capacity))
  }

  /// Reads what the worker has left and who holds the rest.
  init(on worker: WorkerRecord, in state: State) {
    self.worker = worker
    free = worker.capacity
    for uid in state.workers[worker.id]?.open ?? [] {
      guard let attempt = state.attempts[uid] else { continue }
      uses.append(Rooms.Use(attempt, until: state.expectedEnd(of: attempt)))
    }
    share()
  }

  /// Derives anew who holds what, and so what is left: adding to it could leak. As the worker has
  /// it: those given before their turn come after all others, in order, as long as the next fits.
  private mutating func share() {
    free = worker.capacity
    for use in uses where !use.isAhead { free.subtract(use.charge) }
    waiting = 0
    for place in uses.indices where uses[place].isAhead {
      uses[place].holds = waiting == 0 && free.covers(uses[place].charge)
      if uses[place].holds { free.subtract(uses[place].charge) } else { waiting += 1 }
    }
    firstEnd = uses.lazy.filter(\.holds).compactMap(\.end).min()
  }

  fileprivate mutating func add(_ use: Rooms.Use) {
    uses.append(use)
    guard waiting == 0, !use.isAhead else { return share() }
    free.subtract(use.charge)
    if let end = use.end { firstEnd = min(firstEnd ?? end, end) }
  }

  fileprivate mutating func set(_ end: WallTime?, of attempt: AttemptUID) {
    guard let use = uses.firstIndex(where: { $0.attempt == attempt }) else { return }
    uses[use].end = end
    firstEnd = uses.lazy.filter(\.holds).compactMap(\.end).min()
  }

  fileprivate mutating func begin(_ attempt: AttemptUID) {
    guard let use = uses.firstIndex(where: { $0.attempt == attempt }) else { return }
    uses[use].isAhead = false
    uses[use].holds = true
    share()
  }

  fileprivate mutating func remove(_ attempt: AttemptUID) {
    guard let ended = uses.firstIndex(where: { $0.attempt == attempt }) else { return }
    uses.remove(at: ended)
    share()
  }

  /// The attempts that hold something, the first to end first; those of which nobody knows when
  /// last.
  var usesByEnd: [Rooms.Use] {
    let uses = waiting == 0 ? uses : uses.filter(\.holds)
    // Where no end is known, they stand in order already.
    guard firstEnd != nil else { return uses }
    return uses.enumerated().sorted { a, b in
      switch (a.element.end, b.element.end) {
      case (let x?, let y?) where x != y: x < y
      case (.some, nil): true
      case (nil, .some): false
      default: a.offset < b.offset
      }
    }.map(\.element)
  }
}

extension Rooms.Use {
  fileprivate init(_ attempt: OpenAttempt, until end: WallTime?) {
    self.init(
      attempt: attempt.uid, charge: attempt.charge, end: end, isAhead: attempt.waitsAhead)
  }
}
