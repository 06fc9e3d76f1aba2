package import FlusterCore

/// What a transaction changes of how many ended jobs are kept, by user and state: counted with what
/// changes it, so that nobody has to go through a million rows for a number.
struct Tallies {
  private struct Key: Hashable, Comparable {
    let owner: UserID
    let state: TaskState

    static func < (a: Key, b: Key) -> Bool {
      (a.owner, a.state.rawValue) < (b.owner, b.state.rawValue)
    }
  }

  private var changes: [Key: Int64] = [:]

  /// So many jobs have ended; fewer than none are forgotten.
  mutating func add(_ count: Int64, of owner: UserID, _ state: TaskState) {
    changes[Key(owner: owner, state: state), default: 0] += count
  }

  /// Writes the changes.
  mutating func write(in store: Store) throws(StoreError) {
    for (key, change) in changes.sorted(by: { $0.key < $1.key }) where change != 0 {
      try store.statements.changeTally.run { parameters in
        parameters.put(key.owner.number)
        parameters.put(UInt32(key.state.rawValue))
        parameters.put(change)
      }
    }
    self = Tallies()
  }
}

extension Reader {
  /// How many ended jobs are kept, by state: of a user, or of all who have any.
  package func endedJobs(
    of owner: UserID? = nil
  ) throws(StoreError) -> [UserID: [TaskState: UInt64]] {
    try withDatabase { (database) throws(StoreError) in
      var found: [UserID: [TaskState: UInt64]] = [:]
      try Statement(
        "SELECT owner, state, jobs FROM tally WHERE jobs > 0 AND owner = ifnull(?1, owner)",
        in: database
      ).each {
        $0.put(owner?.number)
      } _: { row in
        found[UserID(row.number()), default: [:]][row.taskState()] = row.word()
      }
      return found
    }
  }
}
