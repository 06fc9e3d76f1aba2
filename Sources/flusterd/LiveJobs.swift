import FlusterCore

/// The unfinished jobs in order, all of them and those of each user; the core's own table has no
/// order. Ids of jobs that have ended stay until they are half of a list, so that following an
/// event costs next to nothing.
struct LiveJobs {
  private struct List {
    var ids: [JobID] = []
    /// How many may stand in `ids` before the dead are looked for.
    var sweepAt = 64
  }

  private var everybodys = List()
  private var own: [UserID: List] = [:]

  /// Nothing unfinished.
  init() {}

  /// Everything the core holds.
  init(_ state: State) {
    everybodys.ids.reserveCapacity(state.jobs.count)
    // Jobs of one user often stand beside each other.
    var run: (owner: UserID?, ids: [JobID]) = (nil, [])
    for job in state.jobs {
      everybodys.ids.append(job.id)
      if job.request.owner != run.owner {
        if let owner = run.owner { own[owner, default: List()].ids += run.ids }
        run = (job.request.owner, [])
      }
      run.ids.append(job.id)
    }
    if let owner = run.owner { own[owner, default: List()].ids += run.ids }
  }

  /// A job was accepted; ids only grow.
  mutating func add(_ id: JobID, of owner: UserID, _ state: State) {
    Self.add(id, to: &everybodys, state)
    Self.add(id, to: &own[owner, default: List()], state)
  }

  /// Ids in order, with some among them that have ended; nil means of everybody.
  func ids(of owner: UserID?) -> [JobID] {
    guard let owner else { return everybodys.ids }
    return own[owner]?.ids ?? []
  }

  /// At least as many as there are; exact if that is `limit` or more.
  mutating func count(of owner: UserID, limit: Int, _ state: State) -> Int {
    guard let list = own[owner] else { return 0 }
    if list.ids.count >= limit { own[owner]?.ids.removeAll { state.jobs[$0] == nil } }
    return own[owner]?.ids.count ?? 0
  }

  private static func add(_ id: JobID, to list: inout List, _ state: State) {
    if list.ids.count >= list.sweepAt {
      list.ids.removeAll { state.jobs[$0] == nil }
      list.sweepAt = max(64, list.ids.count * 2)
    }
    list.ids.append(id)
  }
}
