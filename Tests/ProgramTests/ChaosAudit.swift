import FlusterCore
import FlusterStore

/// The ledger of what ran, against the store.
///
/// A line without a record is never right. A record without a line is, for an attempt that was
/// ended before it could write; never for one that ended by itself. Unless shims die nothing that
/// ran may be lost, and only what was never started goes back, charged to nobody. What a shim had
/// with it when it died is lost, and may have written what no shim knew any more.
struct ChaosAudit {
  let ledger: ChaosLedger
  let reader: Reader
  var trouble: [String] = []
  private let shimsDie: Bool
  private var seen: Set<AttemptUID> = []
  private var jobs = 0
  private var tasks = 0
  private var attempts = 0
  private var ran = 0
  private var unwritten = 0
  private var givenBack = 0
  private var children = 0
  private var causes: [String: Int] = [:]

  init(ledger: ChaosLedger, reader: Reader, shimsDie: Bool) {
    self.shimsDie = shimsDie
    self.ledger = ledger
    self.reader = reader
  }

  /// One line of numbers.
  var summary: String {
    "\(jobs) jobs (\(children) children), \(tasks) tasks, \(attempts) attempts:"
      + " \(ran) in the ledger, \(unwritten) ended before they wrote, \(givenBack) never started;"
      + causes.keys.sorted().reduce("") { "\($0) \($1) \(causes[$1] ?? 0)" }
  }

  /// Looks at everything.
  mutating func run(printed: [String: String], killed: Set<String>) throws {
    trouble += ledger.trouble
    var query = JobQuery()
    query.limit = 100_000
    let stored = try reader.jobs(query).jobs
    jobs = stored.count
    checkNames(of: stored, printed)
    for job in stored { try check(job, wasKilled: killed.contains("\(job.id)")) }
    for uid in ledger.entries.keys.sorted() where !seen.contains(uid) {
      trouble.append("attempt \(uid) ran, and the store has never heard of it")
    }
    for (task, uids) in ledger.starts {
      let numbers = uids.compactMap { ledger.entries[$0]?.number }
      if numbers != numbers.sorted() { trouble.append("attempts of \(task) ran as \(numbers)") }
    }
  }

  /// Every submit gave one job at most, and exactly one if its id was printed.
  private mutating func checkNames(of stored: [StoredJob], _ printed: [String: String]) {
    var ids: [String: [String]] = [:]
    for job in stored where job.request.name.contains("-") {
      ids[job.request.name, default: []].append("\(job.id)")
      if job.request.name.hasPrefix("child-") { children += 1 }
    }
    for (name, found) in ids where found.count > 1 {
      trouble.append("\(name) was submitted once, and is \(found)")
    }
    for (name, id) in printed where ids[name] != [id] {
      trouble.append("\(id) was printed for \(name), and is stored as \(ids[name] ?? [])")
    }
  }

  private mutating func check(_ job: StoredJob, wasKilled: Bool) throws {
    let all = try reader.attempts(of: job.id, limit: 100_000)
    let rows = try reader.tasks(of: job.id, limit: 100_000)
    var counts = StateCounts()
    for position in job.request.array.positions {
      let own = all.filter { $0.attempt.task.position == position }
      let row = rows.first { $0.position == position }
      counts[checkTask(position, of: job, own, row)] += 1
      tasks += 1
    }
    attempts += all.count
    if counts != job.progress.counts {
      trouble.append("job \(job.id) counts \(job.progress.counts), its tasks say \(counts)")
    }
    if wasKilled, job.progress.killed == nil, !job.progress.state.isFinal {
      trouble.append("job \(job.id) was killed and is \(job.progress.state)")
    }
  }

  /// The attempts of a task one after the other, what they were charged, and how it all ended.
  private mutating func checkTask(
    _ position: UInt32, of job: StoredJob, _ own: [StoredAttempt], _ row: StoredTask?
  ) -> TaskState {
    let label = "task \(job.id).\(job.request.array.index(of: position))"
    if own.map(\.attempt.number) != Array(0..<UInt32(own.count)) {
      trouble.append("\(label) has the attempts \(own.map(\.attempt.number))")
    }
    for attempt in own { check(attempt, of: job) }
    let failures = own.count { $0.ending?.charged == .failure }
    let losses = own.count { $0.ending?.charged == .preemption }
    if let row, row.failures != failures || row.preemptions != losses || row.attempts != own.count {
      trouble.append(
        "\(label) has \(row.failures) failures, \(row.preemptions) losses,"
          + " \(row.attempts) attempts; its attempts say \(failures), \(losses), \(own.count)")
    }
    if losses > 0, !shimsDie {
      trouble.append("\(label) lost \(losses) attempts, and no shim has died")
    }
    if failures > job.request.retries + 1 { trouble.append("\(label) failed \(failures) times") }
    if let last = own.last?.ending, last.final == .failed, last.outcome.cause != .timeLimit,
      failures != job.request.retries + 1
    {
      trouble.append("\(label) failed for good after \(failures) failures")
    }
    if own.dropLast().contains(where: { $0.ending?.final != nil }) {
      trouble.append("\(label) was tried again after its end")
    }
    // A task that is ended while it waits for another try has no attempt to say so.
    return own.last?.ending?.final ?? row?.state ?? job.progress.stateOfRange(around: position)
  }

  private mutating func check(_ stored: StoredAttempt, of job: StoredJob) {
    let attempt = stored.attempt
    let label = "attempt \(attempt.number) of \(job.id).\(attempt.task.position) (\(attempt.uid))"
    guard let ending = stored.ending else { return trouble.append("\(label) has not ended") }
    seen.insert(attempt.uid)
    causes[ending.outcome.cause.word, default: 0] += 1
    let told = "\(label) (\(ending.outcome), charged \(ending.charged))"
    if ending.charged != Self.charge(of: attempt, ending.outcome) {
      trouble.append("\(told) was charged wrongly, stop \(attempt.stop as Any)")
    }
    guard let entry = ledger.entries[attempt.uid] else {
      if attempt.started == nil { givenBack += 1 } else { unwritten += 1 }
      if Self.isOwnEnd(ending.outcome) { trouble.append("\(told) wrote nothing") }
      return
    }
    ran += 1
    let isSame =
      entry.job == job.id.number && entry.number == attempt.number
      && entry.index == job.request.array.index(of: attempt.task.position)
      && entry.worker == attempt.worker.name
    if !isSame { trouble.append("\(told) is another in the ledger: \(entry)") }
    let isLost = shimsDie && ending.outcome.cause == .workerLost
    if attempt.started == nil, !isLost {
      trouble.append("\(told) ran and is not known to have started")
    }
    if !isLost, !Self.agree(entry.end, ending.outcome) {
      trouble.append("\(told) ended with \(entry.end ?? "nothing") in the ledger")
    }
  }

  /// It was not ended by anybody.
  private static func isOwnEnd(_ outcome: Outcome) -> Bool {
    outcome.cause == .exit || outcome.cause == .signal
  }

  /// One that was ended may have come to its own end first, or have left with it.
  private static func agree(_ end: String?, _ outcome: Outcome) -> Bool {
    switch outcome.cause {
    case .exit: outcome.exitCode.map { "\($0)" } == end
    case .signal: end == "signal" && outcome.signal == 9
    case .killed, .timeLimit, .gang:
      end == nil || outcome.signal != nil || outcome.exitCode.map { "\($0)" } == end
    case .memoryLimit, .workerLost, .preempted, .start, .dependency, .deadline: false
    }
  }

  /// The budget that has to pay.
  private static func charge(of attempt: OpenAttempt, _ outcome: Outcome) -> Budget {
    if outcome.cause == .exit, outcome.exitCode == 0 { return .none }
    if attempt.stop != nil { return .none }
    switch outcome.cause {
    case .exit, .signal, .timeLimit: return .failure
    case .killed, .memoryLimit, .workerLost, .preempted, .gang, .start, .dependency, .deadline:
      return attempt.state == .assigned ? .none : .preemption
    }
  }
}
