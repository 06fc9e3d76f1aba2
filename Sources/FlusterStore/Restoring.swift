import FlusterCore

/// Reads back everything unfinished: columns of what is open or odd, and nothing that people
/// submitted.
struct Restoring {
  private let database: Database
  private var jobs: [Job] = []

  init(_ database: Database) { self.database = database }

  /// One consistent state of the file.
  func read() throws(StoreError) -> Restored {
    try database.snapshot { () throws(StoreError) in
      var reading = self
      return try reading.readAll()
    }
  }

  private mutating func readAll() throws(StoreError) -> Restored {
    let next = try database.integer("SELECT next_job FROM meta") ?? 1
    try readJobs(below: JobID(UInt64(bitPattern: next)))
    try readFailedTasks()
    try readRetryingTasks()
    let attempts = try readAttempts()
    var workers: [WorkerRecord] = []
    try Statement("SELECT \(WorkerColumns.all) FROM worker ORDER BY id", in: database)
      .each { workers.append(WorkerColumns.worker(&$0)) }
    var drained: [WorkerID] = []
    try Statement("SELECT id FROM worker WHERE drained ORDER BY id", in: database)
      .each { drained.append(WorkerID($0.text())) }
    var standings: [WorkerStanding] = []
    try Statement(
      "SELECT id, silent, ailment FROM worker WHERE connected ORDER BY id", in: database
    ).each { row in
      standings.append(
        WorkerStanding(
          worker: WorkerID(row.text()), isSilent: row.flag(), ailment: row.optionalText()))
    }
    var endpoints: [Endpoint] = []
    try Statement(
      "SELECT \(EndpointColumns.all) FROM endpoint ORDER BY attempt, name, address", in: database
    ).each { endpoints.append(EndpointColumns.endpoint(&$0)) }
    return Restored(
      nextJob: JobID(UInt64(bitPattern: next)), jobs: jobs, attempts: attempts, workers: workers,
      drained: drained, endpoints: endpoints, standings: standings)
  }

  private mutating func readJobs(below next: JobID) throws(StoreError) {
    let unfinished = try Statement(
      "SELECT count(*), min(id) FROM job WHERE ended IS NULL", in: database
    ).first { row in (count: row.integer(), first: row.word()) }
    guard let unfinished, unfinished.count > 0 else { return }
    jobs.reserveCapacity(Int(unfinished.count))
    // Where most jobs since the first unfinished one are unfinished, reading all of them in order
    // takes half the time of looking each up by the index.
    let span = Int64(clamping: next.number &- unfinished.first)
    let way = unfinished.count > span / 4 ? "NOT INDEXED" : "INDEXED BY job_ended"
    try Statement(
      "SELECT \(JobColumns.all) FROM job \(way) WHERE ended IS NULL AND id >= ? ORDER BY id",
      in: database
    ).each {
      $0.put(unfinished.first)
    } _: {
      jobs.append(JobColumns.job(&$0))
    }
  }

  private mutating func readFailedTasks() throws(StoreError) {
    let statement = try Statement(
      "SELECT position, state FROM task WHERE job = ? AND state <> 1 ORDER BY position",
      in: database)
    for index in jobs.indices where jobs[index].progress.counts.hasFailedTasks {
      var failed: [TaskState: RangeSet<UInt32>] = [:]
      try statement.each {
        $0.put(jobs[index].id.number)
      } _: { row in
        let position: UInt32 = row.number()
        let state = row.taskState()
        failed[state, default: RangeSet()].insert(contentsOf: position..<(position &+ 1))
      }
      jobs[index].failedTasks = failed
    }
  }

  private mutating func readRetryingTasks() throws(StoreError) {
    var rows: [(task: TaskID, record: TaskRecord)] = []
    try Statement(
      """
      SELECT job, position, failures, preemptions, attempts, not_before, held
      FROM task INDEXED BY task_retrying WHERE state = 1
      """, in: database
    ).each { row in
      let task = TaskID(JobID(row.word()), row.number())
      var record = TaskRecord(state: .pending)
      record.failures = row.number()
      record.preemptions = row.number()
      record.attempts = row.number()
      record.notBefore = row.optionalTime()
      record.held = row.flag()
      rows.append((task, record))
    }
    for row in rows { jobs[try place(of: row.task.job)].records[row.task.position] = row.record }
  }

  private mutating func readAttempts() throws(StoreError) -> [OpenAttempt] {
    var attempts: [OpenAttempt] = []
    try Statement(
      """
      SELECT \(AttemptColumns.open) FROM attempt INDEXED BY attempt_open
      WHERE ended IS NULL ORDER BY sequence
      """, in: database
    ).each { attempts.append(AttemptColumns.attempt(&$0)) }
    for attempt in attempts {
      let place = try place(of: attempt.task.job)
      let position = attempt.task.position
      var record = jobs[place].records[position] ?? TaskRecord(state: attempt.state)
      record.state = attempt.state
      record.open = attempt.uid
      record.attempts = attempt.number &+ 1
      record.notBefore = nil
      jobs[place].records[position] = record
    }
    return attempts
  }

  /// Where the job is; what is open or waiting belongs to an unfinished one.
  private func place(of job: JobID) throws(StoreError) -> Int {
    var (lower, upper) = (0, jobs.count)
    while lower < upper {
      let middle = (lower + upper) / 2
      if jobs[middle].id < job { lower = middle + 1 } else { upper = middle }
    }
    guard lower < jobs.count, jobs[lower].id == job else {
      throw .damaged(database.path, "a task of job \(job) is unfinished and the job is not")
    }
    return lower
  }
}

extension StateCounts {
  /// Whether tasks ended in a way of which `task` has rows.
  var hasFailedTasks: Bool {
    failed > 0 || workerFailed > 0 || preempted > 0 || gangFailed > 0
  }
}
