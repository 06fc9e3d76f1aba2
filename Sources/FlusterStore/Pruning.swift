package import FlusterCore

/// What may be forgotten.
package struct Pruning: Hashable, Sendable {
  /// Jobs that ended before this go, with all that is known of them; nil keeps them.
  package let endedBefore: WallTime?
  /// Tokens of jobs submitted before this go: resending them would make another job.
  package let tokensBefore: WallTime

  /// Both limits.
  package init(endedBefore: WallTime?, tokensBefore: WallTime) {
    self.endedBefore = endedBefore
    self.tokensBefore = tokensBefore
  }
}

extension Store {
  /// Forgets what `pruning` allows, in one transaction over about `rows` rows, so that a commit
  /// never waits long behind it. True when there may be more to do.
  package func prune(_ pruning: Pruning, rows: Int = 2000) throws(StoreError) -> Bool {
    defer { environments.forget() }
    return try database.transaction { () throws(StoreError) in
      var pruner = Pruner(store: self, budget: rows)
      try pruner.pruneTokens(before: pruning.tokensBefore)
      if let ended = pruning.endedBefore { try pruner.pruneJobs(before: ended) }
      return pruner.budget <= 0
    }
  }
}

/// One batch of forgetting.
private struct Pruner {
  let store: Store
  /// Rows that may still be deleted.
  var budget: Int
  private var charges = Charges()
  private var tallies = Tallies()

  init(store: Store, budget: Int) {
    self.store = store
    self.budget = budget
  }

  private var database: Database { store.database }

  /// From the front: tokens are in the order of their jobs.
  mutating func pruneTokens(before time: WallTime) throws(StoreError) {
    budget -= Int(
      try Statement(
        """
        DELETE FROM token
        WHERE job IN (SELECT job FROM token ORDER BY job LIMIT ?) AND at < ?
        """, in: database
      ).run { parameters in
        parameters.put(Int64(max(budget, 0)))
        parameters.put(time.milliseconds)
      })
  }

  /// The longest ended first. A job of very many attempts loses them over several batches.
  mutating func pruneJobs(before time: WallTime) throws(StoreError) {
    guard budget > 0 else { return }
    var jobs: [UInt64] = []
    try Statement(
      "SELECT id FROM job WHERE ended < ? ORDER BY ended LIMIT ?", in: database
    ).each { parameters in
      parameters.put(time.milliseconds)
      parameters.put(Int64(budget))
    } _: {
      jobs.append($0.word())
    }
    var environments: Set<Int64> = []
    for job in jobs where budget > 0 {
      if let contents = try prune(job) { environments.formUnion(contents.rows) }
    }
    try charges.write(in: store)
    try tallies.write(in: store)
    let unused = try Statement(
      """
      DELETE FROM environment
      WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM launch WHERE environment = ?1)
        AND NOT EXISTS (SELECT 1 FROM launch WHERE script = ?1 AND script IS NOT NULL)
      """, in: database)
    for environment in environments.sorted() { try unused.run { $0.put(environment) } }
  }

  /// What it used, if the job is gone; nil if there was too much of it.
  private mutating func prune(_ job: UInt64) throws(StoreError) -> StoredContents? {
    let owner = try store.statements.jobOwner.first {
      $0.put(job)
    } _: {
      UserID($0.number())
    }
    let attempts = try delete(job, from: "attempt", key: "job, position, number")
    if let owner { charges.add(attempts: -attempts, to: owner) }
    try delete(job, from: "task", key: "job, position")
    try delete(job, from: "entry", key: "job, first")
    guard budget > 0 else { return nil }
    let launch = try Statement(
      """
      DELETE FROM launch WHERE job = ? RETURNING environment, script
      """, in: database
    ).first {
      $0.put(job)
    } _: { row in
      StoredContents(environment: row.integer(), script: row.optionalInteger())
    }
    try Statement("DELETE FROM token WHERE job = ?", in: database).run { $0.put(job) }
    let gone = try Statement(
      "DELETE FROM job WHERE id = ? RETURNING owner, charged, state", in: database
    ).first {
      $0.put(job)
    } _: { row in
      (owner: UserID(row.number()), bytes: row.integer(), state: row.taskState())
    }
    budget -= 2
    if let gone { tallies.add(-1, of: gone.owner, gone.state) }
    guard let launch, let gone else { return nil }
    charges.remove(gone.bytes, from: gone.owner, launch)
    return launch
  }

  @discardableResult
  private mutating func delete(
    _ job: UInt64, from table: String, key: String
  ) throws(StoreError) -> Int {
    guard budget > 0 else { return 0 }
    let count = Int(
      try Statement(
        """
        DELETE FROM \(table) WHERE (\(key)) IN
          (SELECT \(key) FROM \(table) WHERE job = ? LIMIT ?)
        """, in: database
      ).run { parameters in
        parameters.put(job)
        parameters.put(Int64(budget))
      })
    budget -= count
    return count
  }
}
