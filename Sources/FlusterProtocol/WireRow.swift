package import FlusterCore

extension WireJobRow {
  /// A row of a listing from memory.
  package init(_ job: Job) {
    self.init(
      id: job.id, request: job.request, submitted: job.submitted, descent: job.descent,
      progress: job.progress)
  }

  /// A row of a listing, from memory or from the store. Reason, error, outcome, launch and attempts
  /// are the caller's to add.
  package init(
    id: JobID, request: JobRequest, submitted: WallTime, descent: Descent, progress: JobProgress
  ) {
    self.init()
    job = id.number
    name = request.name
    uid = request.owner.number
    state = WireState(progress.state)
    submittedMs = submitted.milliseconds
    if let time = progress.started { startedMs = time.milliseconds }
    if let time = progress.ended { endedMs = time.milliseconds }
    array = WireArray(request.array)
    needs = WireNeeds(request.needs)
    counts = progress.counts.wire
    held = progress.held
    if let limit = request.timeLimit { timeLimitMs = limit.milliseconds }
    graceMs = request.grace.milliseconds
    retries = request.retries
    retriesLost = request.retriesLost
    if let options = WireOptions(request) { self.options = options }
    if let kill = progress.killed, !kill.isUnmet {
      killedBy = kill.by.number
      killReason = kill.reason
    }
    let lineage = descent.lineage
    if let parent = lineage?.parent {
      self.parent = parent.job.number
      if let index = parent.index { parentIndex = index }
    }
    root = (lineage?.root ?? id).number
    path = request.path(below: lineage)
    endChildren = request.endChildren
    guard let key = request.options.key else { return }
    self.key = key.name
    if let old = key.replaces { replaces = old.number }
  }
}

extension WireReason {
  /// Why something is pending.
  package init(_ reason: PendingReason) {
    self.init()
    code = reason.code.rawValue
    text = reason.text
  }
}

extension WireAttemptRow {
  /// An attempt that has not ended, of the task with this index.
  package init(_ attempt: OpenAttempt, index: UInt32) {
    self.init()
    self.index = index
    number = attempt.number
    uid = .of(attempt.uid.bytes)
    worker = attempt.worker.name
    state = WireState(attempt.state)
    assignedMs = attempt.assigned.milliseconds
    if let time = attempt.started { startedMs = time.milliseconds }
    frozen = attempt.isFrozen
  }
}

extension WireEnded {
  /// The end of the tasks at `positions` of a job, all in the same way; there is at least one. The
  /// reason is that of tasks without an outcome.
  package init(
    job: JobID, array: TaskArray, positions: Range<UInt32>, state: TaskState, outcome: Outcome?,
    because reason: String = ""
  ) {
    precondition(!positions.isEmpty, "an end is the end of something")
    self.init()
    self.job = job.number
    index = array.index(of: positions.upperBound - 1)
    count = UInt32(positions.count)
    if count > 1 { first = array.index(of: positions.lowerBound) }
    explicit = array.isExplicit
    self.state = WireState(state)
    if let outcome { self.outcome = WireOutcome(outcome) }
    error = reason
    status = UInt32(outcome?.status ?? (state == .succeeded ? 0 : 126))
  }
}
