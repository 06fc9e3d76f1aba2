import FlusterCore

/// A connection for reading and its statements, compiled once.
final class ReaderConnection {
  let database: Database
  let version: Statement
  let launch: Statement
  let entries: Statement
  let job: Statement
  let owner: Statement
  let token: Statement
  let keyHolder: Statement
  let nextJob: Statement
  let newest: Statement
  let account: Statement
  let attemptPage: Statement
  let lastAttempt: Statement
  let taskPage: Statement
  let openState: Statement
  let lastEnding: Statement
  let taskState: Statement
  let jobPages: JobPages
  let newestEntries: Statement
  let oldestEntries: Statement
  let entriesFrom: FeedRows
  let entriesBefore: FeedRows

  init(_ database: Database) throws(StoreError) {
    self.database = database
    version = try Statement("PRAGMA data_version", in: database)
    func compile(_ sql: String) throws(StoreError) -> Statement {
      try Statement(sql, in: database)
    }
    launch = try compile(
      """
      SELECT launch.data, environment.data,
        CASE WHEN ? THEN (SELECT data FROM environment WHERE id = launch.script) END, entries
      FROM launch JOIN environment ON environment.id = launch.environment WHERE launch.job = ?
      """)
    entries = try compile(
      "SELECT first, data FROM entry WHERE job = ? AND first <= ? ORDER BY first DESC LIMIT 1")
    job = try compile("SELECT \(JobColumns.all) FROM job WHERE id = ?")
    owner = try compile("SELECT owner FROM job WHERE id = ?")
    token = try compile("SELECT job FROM token WHERE owner = ? AND token = ?")
    keyHolder = try compile(
      """
      SELECT id, key_digest FROM job INDEXED BY job_key
      WHERE owner = ? AND key = ? AND key IS NOT NULL ORDER BY id DESC LIMIT 1
      """)
    nextJob = try compile("SELECT next_job FROM meta")
    newest = try compile("SELECT id FROM job WHERE owner = ? ORDER BY id DESC LIMIT 1")
    account = try compile("SELECT bytes FROM account WHERE owner = ?")
    attemptPage = try compile(
      """
      SELECT \(AttemptColumns.all) FROM attempt
      WHERE job = ? AND (position, number) > (?, ?) AND position < ? ORDER BY position, number
      LIMIT ?
      """)
    taskPage = try compile(
      """
      SELECT position, state, failures, preemptions, attempts FROM task
      WHERE job = ? AND position >= ? AND position < ? ORDER BY position LIMIT ?
      """)
    let newestAttempt = "WHERE job = ? AND position = ? AND ended IS"
    let first = "ORDER BY number DESC LIMIT 1"
    lastAttempt = try compile(
      "SELECT \(AttemptColumns.all) FROM attempt WHERE job = ? AND position = ? \(first)")
    openState = try compile("SELECT state FROM attempt \(newestAttempt) NULL \(first)")
    lastEnding = try compile(
      "SELECT \(AttemptColumns.outcome) FROM attempt \(newestAttempt) NOT NULL \(first)")
    taskState = try compile("SELECT state FROM task WHERE job = ? AND position = ?")
    jobPages = try JobPages(database)
    newestEntries = try compile("SELECT last FROM feed ORDER BY last DESC LIMIT 1")
    oldestEntries = try compile("SELECT first FROM feed ORDER BY last LIMIT 1")
    entriesFrom = try FeedRows { (rows) throws(StoreError) in
      try compile(
        "SELECT last, entries FROM feed \(rows) last >= ? ORDER BY last LIMIT ?")
    }
    // The row that holds the last entry before a number begins before it.
    entriesBefore = try FeedRows { (rows) throws(StoreError) in
      try compile(
        """
        SELECT last, entries FROM feed \(rows)
        last <= ifnull((SELECT last FROM feed WHERE last >= ?1 - 1 ORDER BY last LIMIT 1), 0)
        ORDER BY last DESC LIMIT ?2
        """)
    }
  }
}

/// Pages of tasks and attempts.
extension ReaderConnection {
  func attempts(
    of job: JobID, _ positions: Range<UInt32>?, after: (position: UInt32, number: UInt32)?,
    limit: Int
  ) throws(StoreError) -> [StoredAttempt] {
    var found: [StoredAttempt] = []
    let first = Int64(positions?.lowerBound ?? 0)
    // A number no attempt has stands before the first.
    var start = (position: first, number: Int64(-1))
    if let after, Int64(after.position) >= first {
      start = (Int64(after.position), Int64(after.number))
    }
    try attemptPage.each { parameters in
      parameters.put(job.number)
      parameters.put(start.position)
      parameters.put(start.number)
      parameters.put(positions.map { Int64($0.upperBound) } ?? .max)
      parameters.put(Int64(limit))
    } _: { row in
      let attempt = AttemptColumns.attempt(&row)
      found.append(StoredAttempt(attempt: attempt, ending: AttemptColumns.ending(&row)))
    }
    return found
  }

  func tasks(
    of job: JobID, _ positions: Range<UInt32>?, after: UInt32?, limit: Int
  ) throws(StoreError) -> [StoredTask] {
    var rows: [StoredTask] = []
    let first = max(Int64(positions?.lowerBound ?? 0), after.map { Int64($0) + 1 } ?? 0)
    try taskPage.each { parameters in
      parameters.put(job.number)
      parameters.put(first)
      parameters.put(positions.map { Int64($0.upperBound) } ?? .max)
      parameters.put(Int64(limit))
    } _: { row in
      rows.append(
        StoredTask(
          position: row.number(), state: row.taskState(), failures: row.number(),
          preemptions: row.number(), attempts: row.number(), outcome: nil))
    }
    var found: [StoredTask] = []
    for row in rows {
      let outcome = try outcome(of: TaskID(job, row.position))
      found.append(
        StoredTask(
          position: row.position, state: row.state, failures: row.failures,
          preemptions: row.preemptions, attempts: row.attempts, outcome: outcome))
    }
    return found
  }

  func newestAttempt(of task: TaskID) throws(StoreError) -> StoredAttempt? {
    try lastAttempt.first {
      put(task, into: &$0)
    } _: { row in
      let attempt = AttemptColumns.attempt(&row)
      return StoredAttempt(attempt: attempt, ending: AttemptColumns.ending(&row))
    }
  }

  func lastOutcome(of task: TaskID) throws(StoreError) -> (TaskState, Outcome?)? {
    let found = try job.first {
      $0.put(task.job.number)
    } _: {
      JobColumns.job(&$0)
    }
    guard let found, task.position < found.request.array.count else { return nil }
    let outcome = try outcome(of: task)
    let open = try openState.first {
      put(task, into: &$0)
    } _: {
      $0.taskState()
    }
    if let open { return (open, outcome) }
    let odd = try taskState.first {
      put(task, into: &$0)
    } _: {
      $0.taskState()
    }
    // Without records and failed tasks the ranges decide, and what is in none has succeeded.
    return (odd ?? found.state(of: task.position), outcome)
  }

  private func outcome(of task: TaskID) throws(StoreError) -> Outcome? {
    try lastEnding.first {
      put(task, into: &$0)
    } _: {
      AttemptColumns.outcome(&$0)
    } ?? nil
  }

  private func put(_ task: TaskID, into parameters: inout Parameters) {
    parameters.put(task.job.number)
    parameters.put(task.position)
  }
}
