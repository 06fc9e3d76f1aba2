package import FlusterCore

extension WireRun {
  /// The order to start `attempt`, which is of `job`.
  ///
  /// `gang` holds the addresses of its members' workers, if the job is one; `entry` is the task's,
  /// if it has one. Throws internal if the payload's launch is damaged.
  package init(
    _ attempt: OpenAttempt, of job: Job, _ payload: Payload, gang: [String] = [],
    entry: [UInt8]? = nil
  ) throws(Refusal) {
    precondition(attempt.task.job == job.id, "an attempt is run with its own job's launch")
    self.init()
    uid = .of(attempt.uid.bytes)
    self.job = job.id.number
    index = job.request.array.index(of: attempt.task.position)
    number = attempt.number
    taskCount = job.request.array.count
    owner = job.request.owner.number
    charge = WireNeeds(attempt.charge)
    if let memory = job.request.needs.memoryBytes { memoryLimitBytes = memory }
    if let limit = job.request.timeLimit { timeLimitMs = limit.milliseconds }
    graceMs = job.request.grace.milliseconds
    launch = try WireLaunch(stored: payload)
    environment = .of(payload.environment)
    script = .of(payload.script)
    if let entry { self.entry = .of(entry) }
    name = job.request.name
    explicit = job.request.array.isExplicit
    namespace = job.root.number
    gangAddresses = gang
    frozen = attempt.isFrozen
    if let warning = job.request.options.warning {
      warnSignal = UInt32(warning.signal)
      warnBeforeMs = warning.before.milliseconds
    }
    if let limit = job.request.options.processLimit { processLimit = limit }
    band = WireBand(job.request.options.band)
    ahead = attempt.isAhead
  }

  /// Refuses an order that the worker could not carry out as it stands: the worker's own door.
  package mutating func check() throws(Refusal) {
    _ = try Limit.uid(uid.array, "the uid of a run")
    guard hasLaunch else { throw .invalid("a run has no launch description") }
    try launch.check()
    try checkEnvironment(environment.array)
    try checkScript(script.count, launch)
    guard hasEntry == launch.hasEntries else {
      throw .invalid("a run of a job with entries has none, or one of another job has one")
    }
    try Limit.bytes(entry.array, to: Limit.entry, "the entry")
    _ = try Amounts(wire: charge)
    guard gangAddresses.count <= Int(Gang.maximumCount) else {
      throw .invalid("a gang has \(gangAddresses.count) addresses")
    }
    for address in gangAddresses { try Limit.text(address, to: Limit.address, "an address") }
    _ = try Limit.span(timeLimitMs, "a time limit")
    _ = try Limit.span(graceMs, "a grace")
    if hasProcessLimit { _ = try Limit.processes(processLimit) }
    _ = try Band(wire: band)
  }
}

extension WireKept {
  /// What holds for `attempt`, which is of `job`, without what it was started with. `logMax` is in
  /// bytes; nil: not known.
  package init(_ attempt: OpenAttempt, of job: Job, logMax: UInt64?) {
    self.init()
    uid = .of(attempt.uid.bytes)
    charge = WireNeeds(attempt.charge)
    if let limit = job.request.timeLimit { timeLimitMs = limit.milliseconds }
    graceMs = job.request.grace.milliseconds
    if let logMax { logMaxBytes = logMax }
    frozen = attempt.isFrozen
    if let warning = job.request.options.warning {
      warnSignal = UInt32(warning.signal)
      warnBeforeMs = warning.before.milliseconds
    }
  }
}

extension WireStop {
  /// The order to end an attempt; nil means that nobody wants it any more.
  package init(_ uid: AttemptUID, _ reason: StopReason?) {
    self.init()
    self.uid = .of(uid.bytes)
    switch reason {
    case .killed: why = .cancelled
    case .failureLimit, .gangFailed, .gangRetry: why = .jobTerminated
    case nil: why = .superseded
    }
  }
}

extension WireSendSignal {
  /// The order to send a signal to what runs.
  package init(_ uid: AttemptUID, _ signal: UInt8) {
    self.init()
    self.uid = .of(uid.bytes)
    self.signal = UInt32(signal)
  }
}
