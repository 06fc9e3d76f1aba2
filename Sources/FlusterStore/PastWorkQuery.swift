package import FlusterCore

/// A PastWork that is being added up, some rows at a time, so that other questions get their turn.
package struct PastWorkQuery: Sendable {
  /// The ids from one to another, nearly all of which are wanted: those in between cost less than
  /// to look for each by itself.
  private struct Run: Sendable {
    var ids: ClosedRange<UInt64>
    /// Jobs that are wanted among them, if not all are.
    var jobs: Set<UInt64>?
    var after: (job: UInt64, position: Int64, number: Int64)?
  }

  /// Ids that are not wanted, between two in one run that are; and ids of a run.
  private static let gap: UInt64 = 32
  private static let longest: UInt64 = 8192
  /// Rows that are looked at for one answer.
  private static let most = 2_000_000

  private let job: JobID?
  private let owner: UserID?
  private let now: Int64
  /// In the order of ids; the newest go first, should they be too many.
  private var runs: [Run] = []
  private var isBegun = false
  private var left = Self.most
  /// What has been added up.
  package private(set) var work: PastWork
  /// There was more than is looked at: the oldest jobs are missing, or the last attempts of one.
  package private(set) var isCut = false

  /// Of one job, or of all or one user's, into `work`; what has not ended lasts until `now`.
  package init(into work: PastWork, job: JobID?, owner: UserID?, now: WallTime) {
    self.work = work
    self.job = job
    self.owner = owner
    self.now = now.milliseconds
  }

  /// Whether all has been added.
  package var isDone: Bool { isBegun && runs.isEmpty }

  /// Adds about so many rows.
  fileprivate mutating func proceed(_ rows: Int, _ database: Database) throws(StoreError) {
    if !isBegun { try begin(database) }
    try add(rows, database)
  }

  // MARK: Which jobs

  /// Begins with the jobs that can have had attempts in the stretch.
  private mutating func begin(_ database: Database) throws(StoreError) {
    isBegun = true
    if let job {
      runs = [Run(ids: job.number...job.number)]
      return
    }
    var ids: [UInt64] = []
    try Statement(
      "SELECT id FROM job INDEXED BY job_ended WHERE ended >= ? ORDER BY ended DESC LIMIT ?",
      in: database
    ).each { [from = work.from] parameters in
      parameters.put(from)
      parameters.put(Int64(Self.most))
    } _: { row in
      ids.append(row.word())
    }
    isCut = ids.count == Self.most
    try addUnfinished(to: &ids, database)
    for id in ids.sorted() {
      if let last = runs.last?.ids, id - last.upperBound <= Self.gap,
        id - last.lowerBound < Self.longest
      {
        runs[runs.count - 1].ids = last.lowerBound...id
      } else {
        runs.append(Run(ids: id...id))
      }
    }
  }

  /// Unfinished jobs that have attempts: what is unfinished and what has attempts is known in the
  /// order of ids, and each leaps to where the other stands. Those that only wait, which may be a
  /// million, are behind most that have begun.
  private func addUnfinished(to ids: inout [UInt64], _ database: Database) throws(StoreError) {
    let unfinished = try Statement(
      """
      SELECT id FROM job INDEXED BY job_ended WHERE ended IS NULL AND id >= ? ORDER BY id LIMIT 1
      """, in: database)
    let attempted = try Statement(
      "SELECT job FROM attempt WHERE job >= ? ORDER BY job LIMIT 1", in: database)
    var next: UInt64 = 0
    while let id = try unfinished.first({ $0.put(next) }, { $0.word() }),
      let found = try attempted.first({ $0.put(id) }, { $0.word() })
    {
      if found == id { ids.append(id) }
      next = found == id ? id + 1 : found
    }
  }

  // MARK: What they did

  private mutating func add(_ rows: Int, _ database: Database) throws(StoreError) {
    let jobs = try Statement(
      "SELECT id, owner, submitted, started FROM job WHERE id BETWEEN ? AND ?", in: database)
    let attempts = try Statement(
      """
      SELECT job, position, number, cpu_millis, memory_bytes, started, ended, final_state, cause,
        exit_code
      FROM attempt WHERE (job, position, number) > (?, ?, ?) AND job <= ?
      ORDER BY job, position, number LIMIT ?
      """, in: database)
    var rows = rows
    while rows > 0, var run = runs.popLast() {
      guard left > 0 else {
        isCut = true
        runs = []
        return
      }
      let before = left
      if run.after == nil { try addJobs(of: &run, jobs) }
      if try addAttempts(of: &run, attempts, most: max(rows, 1000)) { runs.append(run) }
      rows -= before - left
    }
  }

  private mutating func addJobs(of run: inout Run, _ jobs: Statement) throws(StoreError) {
    var theirs: Set<UInt64> = []
    try jobs.each { [ids = run.ids] parameters in
      parameters.put(ids.lowerBound)
      parameters.put(ids.upperBound)
    } _: { row in
      left -= 1
      let id = row.word()
      let theirOwner = UserID(row.number())
      let submitted = row.integer()
      guard owner == nil || owner == theirOwner else { return }
      if owner != nil { theirs.insert(id) }
      if let started = row.optionalInteger() {
        work.addStart(at: started, submitted: submitted)
      }
    }
    run.jobs = owner == nil ? nil : theirs
    run.after = (run.ids.lowerBound, -1, -1)
  }

  /// Whether there may be more of them.
  private mutating func addAttempts(
    of run: inout Run, _ attempts: Statement, most: Int
  ) throws(StoreError) -> Bool {
    guard let after = run.after, run.jobs?.isEmpty != true else { return false }
    var found = 0
    var last = after
    try attempts.each { [end = run.ids.upperBound] parameters in
      parameters.put(after.job)
      parameters.put(after.position)
      parameters.put(after.number)
      parameters.put(end)
      parameters.put(Int64(most))
    } _: { row in
      found += 1
      last = (row.word(), row.integer(), row.integer())
      if run.jobs?.contains(last.job) ?? true { add(&row) }
    }
    left -= found
    run.after = last
    return found == most
  }

  /// The columns from `cpu_millis` on.
  private mutating func add(_ row: inout Row) {
    let (cpuMillis, memoryBytes) = (row.word(), row.word())
    let started = row.optionalInteger()
    let ended = row.optionalInteger()
    if let started {
      work.addRun(
        from: started, to: ended ?? now, cpuMillis: cpuMillis, memoryBytes: memoryBytes)
    }
    guard let ended else { return }
    let final: UInt8? = row.optionalNumber()
    let cause: UInt8? = row.optionalNumber()
    let exitCode: UInt8? = row.optionalNumber()
    let state =
      final.flatMap { TaskState(rawValue: $0) }
      ?? cause.flatMap { Cause(rawValue: $0) }?.state(exitCode: exitCode)
    work.addEnd(at: ended, row.checked(state, otherwise: .failed))
  }
}

extension Reader {
  /// Goes on with `query` over about `rows` rows.
  package func proceed(with query: inout PastWorkQuery, rows: Int) throws(StoreError) {
    query = try withDatabase { [query] (database) throws(StoreError) in
      var query = query
      try database.snapshot { () throws(StoreError) in
        try query.proceed(rows, database)
      }
      return query
    }
  }
}
