import FlusterCore
import FlusterProtocol
import FlusterStore

/// What decides why a job that nothing else keeps waits for room.
struct Wish: Hashable {
  private let owner: UserID
  private let needs: Requirement
  private let gang: Gang?
  private let count: UInt32

  init(_ request: JobRequest) {
    owner = request.owner
    needs = request.needs
    gang = request.options.gang
    count = gang == nil ? 1 : request.array.count
  }
}

extension Daemon {
  /// The row of an unfinished job.
  func row(of job: Job) -> WireJobRow {
    var row = WireJobRow(job)
    if let reason = reason(of: job) { row.reason = WireReason(reason) }
    if job.progress.counts.active > 0 {
      row.frozen = UInt32(
        job.records.values.count { record in
          record.open.flatMap { controller.state.attempts[$0] }?.isFrozen ?? false
        })
    }
    return row
  }

  /// Why nothing of the job runs. Jobs that ask for the same and stand in nobody's way but the
  /// machine's wait for the same reason, and it is worked out once a slice.
  func reason(of job: Job) -> PendingReason? {
    guard job.progress.counts.active == 0, job.progress.counts.pending > 0 else { return nil }
    let isPlain =
      !job.progress.held && job.records.isEmpty && !job.progress.pending.isEmpty
      && job.request.options.gang == nil && !controller.state.dependents.isWaiting(job.id)
      && job.request.options.begin == nil
    guard isPlain else { return controller.pendingReason(for: job.id, at: now) }
    let wish = Wish(job.request)
    if let known = reasons[wish] { return known }
    let reason = controller.pendingReason(for: job.id, at: now)
    // What is kept for one job is kept from the others.
    if reason?.code != .reserved { reasons[wish] = reason }
    return reason
  }

  /// The row of a job with its attempts, and for those who may change it, how it was launched.
  func row(of detail: JobDetail, for peer: Peer) -> WireJobRow {
    let stored = detail.job.job
    var row = controller.state.jobs[stored.id].map(row) ?? WireJobRow(detail.job)
    row.attempts = detail.attempts.map { stored in
      attemptRow(
        stored, index: detail.job.job.request.array.index(of: stored.attempt.task.position))
    }
    if peer.caller.mayChange(stored.request.owner), let launch = detail.launch,
      let wire = try? WireLaunch(stored: launch)
    {
      row.launch = wire
    }
    return row
  }

  private func attemptRow(_ stored: StoredAttempt, index: UInt32) -> WireAttemptRow {
    if stored.ending == nil, let open = controller.state.attempts[stored.attempt.uid] {
      return WireAttemptRow(open, index: index)
    }
    var row = WireAttemptRow(stored.attempt, index: index)
    if let ending = stored.ending {
      row.endedMs = ending.at.milliseconds
      if let outcome = stored.outcome { row.outcome = WireOutcome(outcome) }
      // What its task is tried again after is the end of this attempt nevertheless.
      let own = stored.outcome.map { $0.cause.state(exitCode: $0.exitCode) }
      row.state = WireState(ending.final ?? own ?? stored.attempt.state)
    }
    return row
  }

  /// The row of one task: its state from memory while the job is unfinished, the rest from the
  /// store.
  func taskRow(_ job: StoredJob, _ position: UInt32, _ page: TaskPage) -> WireTaskRow {
    let live = controller.state.jobs[job.id]
    let record = live?.records[position]
    let attempt = page.attempts[position]
    let task = page.tasks[position]
    var row = WireTaskRow()
    row.job = job.id.number
    row.name = job.request.name
    row.uid = job.request.owner.number
    row.index = job.request.array.index(of: position)
    row.explicit = job.request.array.isExplicit
    let ended =
      attempt?.ending?.final ?? task?.state
      ?? job.progress.stateOfRange(around: position)
    row.state = WireState(live?.state(of: position) ?? ended)
    row.failures = record?.failures ?? task?.failures ?? 0
    row.preemptions = record?.preemptions ?? task?.preemptions ?? 0
    row.attempts = record?.attempts ?? attempt.map { $0.attempt.number + 1 } ?? 0
    if let uid = record?.open, let open = controller.state.attempts[uid] {
      row.worker = open.worker.name
      if let time = open.started { row.startedMs = time.milliseconds }
      row.frozen = open.isFrozen
      return row
    }
    if let attempt { add(attempt, to: &row) }
    if let state = try? TaskState(wire: row.state), state.isFinal, attempt?.ending?.final == nil {
      let story = (live?.progress ?? job.progress).story(ofEnding: state, of: job.request)
      row.error = story.reason
      if let outcome = story.outcome { row.outcome = WireOutcome(outcome) }
    }
    if let live, let reason = reason(of: position, live) { row.reason = WireReason(reason) }
    return row
  }

  /// Why a task waits. One that was never tried waits for what its job waits for.
  private func reason(of position: UInt32, _ job: Job) -> PendingReason? {
    guard job.records[position] == nil, job.progress.pending.contains(position) else {
      return controller.pendingReason(for: TaskID(job.id, position), at: now)
    }
    if let known = jobReasons[job.id] { return known }
    let reason = controller.pendingReason(for: job.id, at: now)
    jobReasons[job.id] = reason
    return reason
  }

  private func add(_ attempt: StoredAttempt, to row: inout WireTaskRow) {
    row.worker = attempt.attempt.worker.name
    if let time = attempt.attempt.started { row.startedMs = time.milliseconds }
    guard let ending = attempt.ending else { return }
    row.endedMs = ending.at.milliseconds
    if let outcome = attempt.outcome { row.outcome = WireOutcome(outcome) }
  }
}

extension StoredAttempt {
  /// How it ended; if it was killed, with the reason that was given.
  var outcome: Outcome? {
    guard var outcome = ending?.outcome else { return nil }
    if outcome.cause == .killed, outcome.text.isEmpty, case .killed(let kill)? = attempt.stop {
      outcome.text = kill.reason
    }
    return outcome
  }
}

extension WireJobRow {
  /// The row of an ended job.
  init(_ ended: EndedJob) {
    let job = ended.job
    self.init(
      id: job.id, request: job.request, submitted: job.submitted, descent: job.descent,
      progress: job.progress)
    let story = job.progress.story(ofEnding: job.progress.state, of: job.request)
    if let end = ended.outcome ?? story.outcome { outcome = WireOutcome(end) }
    guard job.progress.state.isFinal, job.progress.state != .succeeded else { return }
    error = job.progress.error(of: job.request, outcome: ended.outcome) ?? ended.outcome?.text ?? ""
    guard error.isEmpty, job.request.array.count > 1 else { return }
    let counts = job.progress.counts
    let unsuccessful = TaskState.allCases.filter {
      $0.isFinal && $0 != .succeeded && counts[$0] > 0
    }
    error =
      unsuccessful.map { "\(counts[$0]) \($0.word)" }.joined(separator: ", ")
      + " of \(job.request.array.count) tasks"
  }
}
