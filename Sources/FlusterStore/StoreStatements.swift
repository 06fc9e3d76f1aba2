/// The statements of the writer, compiled once.
struct StoreStatements {
  let insertJob: Statement
  let updateJob: Statement
  let changeJob: Statement
  let jobOwner: Statement
  let deleteAttempt: Statement
  let setNextJob: Statement
  let findEnvironment: Statement
  let insertEnvironment: Statement
  let environmentSize: Statement
  let useEnvironment: Statement
  let forgetUse: Statement
  let chargeAccount: Statement
  let changeTally: Statement
  let insertLaunch: Statement
  let insertEntryBlock: Statement
  let insertToken: Statement
  let insertAttempt: Statement
  let findAttempt: Statement
  let setAttemptState: Statement
  let setAttemptStop: Statement
  let setAttemptStuck: Statement
  let setAttemptFreeze: Statement
  let closeAttempt: Statement
  let chargeTask: Statement
  let endTask: Statement
  let deleteTask: Statement
  let deletePendingTasks: Statement
  let holdPendingTasks: Statement
  let workers: WorkerStatements
  let insertEntries: Statement
  let pruneEntries: Statement
  let upsertEndpoint: Statement
  let deleteEndpoint: Statement
  let deleteEndpoints: Statement

  init(_ database: Database) throws(StoreError) {
    func compile(_ sql: String) throws(StoreError) -> Statement {
      try Statement(sql, in: database)
    }
    insertJob = try compile(JobColumns.insertion)
    updateJob = try compile(JobColumns.update)
    changeJob = try compile(JobColumns.change)
    jobOwner = try compile("SELECT owner FROM job WHERE id = ?")
    deleteAttempt = try compile(
      "DELETE FROM attempt WHERE job = ? AND position = ? AND number = ? AND ended IS NOT NULL")
    setNextJob = try compile("UPDATE meta SET next_job = ?")
    findEnvironment = try compile("SELECT id FROM environment WHERE hash = ?")
    insertEnvironment = try compile(
      "INSERT INTO environment (hash, data) VALUES (?, ?) RETURNING id")
    environmentSize = try compile("SELECT length(data) FROM environment WHERE id = ?")
    useEnvironment = try compile(
      """
      INSERT INTO environment_use (owner, environment, jobs) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET jobs = jobs + excluded.jobs RETURNING jobs
      """)
    forgetUse = try compile("DELETE FROM environment_use WHERE owner = ? AND environment = ?")
    chargeAccount = try compile(
      """
      INSERT INTO account (owner, bytes) VALUES (?, ?)
      ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes
      """)
    changeTally = try compile(
      """
      INSERT INTO tally (owner, state, jobs) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET jobs = jobs + excluded.jobs
      """)
    insertLaunch = try compile(
      "INSERT INTO launch (job, environment, data, script, entries) VALUES (?, ?, ?, ?, ?)")
    insertEntryBlock = try compile("INSERT INTO entry (job, first, data) VALUES (?, ?, ?)")
    insertToken = try compile("INSERT INTO token (job, owner, token, at) VALUES (?, ?, ?, ?)")
    insertAttempt = try compile(AttemptColumns.insertion)
    let open = "WHERE uid = ? AND ended IS NULL"
    findAttempt = try compile("SELECT job, position, number FROM attempt \(open)")
    setAttemptState = try compile("UPDATE attempt SET state = ?, started = ? \(open)")
    setAttemptStop = try compile(
      "UPDATE attempt SET stop = ?, stop_by = ?, stop_reason = ? \(open)")
    setAttemptFreeze = try compile("UPDATE attempt SET frozen = ? \(open)")
    setAttemptStuck = try compile("UPDATE attempt SET stuck = 1 \(open)")
    closeAttempt = try compile(AttemptColumns.closing)
    chargeTask = try compile(
      """
      INSERT INTO task (job, position, state, failures, preemptions, attempts, not_before, held)
      VALUES (?, ?, ?, ?, ?, ?, ?, 0)
      ON CONFLICT DO UPDATE SET state = excluded.state, failures = failures + excluded.failures,
        preemptions = preemptions + excluded.preemptions, attempts = excluded.attempts,
        not_before = excluded.not_before
      """)
    endTask = try compile(
      """
      INSERT INTO task (job, position, state, failures, preemptions, attempts, not_before, held)
      VALUES (?, ?, ?, 0, 0, 0, NULL, 0)
      ON CONFLICT DO UPDATE SET state = excluded.state, not_before = NULL
      """)
    deleteTask = try compile("DELETE FROM task WHERE job = ? AND position = ?")
    let pending = "WHERE job = ? AND position >= ? AND position < ? AND state = 1"
    deletePendingTasks = try compile("DELETE FROM task \(pending)")
    holdPendingTasks = try compile("UPDATE task SET held = ? \(pending)")
    workers = try WorkerStatements(database)
    insertEntries = try compile(
      "INSERT INTO feed (last, first, at, bytes, workers, entries) VALUES (?, ?, ?, ?, ?, ?)")
    pruneEntries = try compile(
      """
      DELETE FROM feed WHERE last IN (
        SELECT last FROM (SELECT last, bytes FROM feed ORDER BY last LIMIT ?)
        WHERE last <= ? OR bytes <= ?)
      """)
    upsertEndpoint = try compile(EndpointColumns.upsert)
    deleteEndpoint = try compile(
      "DELETE FROM endpoint WHERE attempt = ? AND name = ? AND address = ?")
    deleteEndpoints = try compile("DELETE FROM endpoint WHERE attempt = ?")
  }
}
