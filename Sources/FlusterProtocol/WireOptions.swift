package import FlusterCore

extension WireOptions {
  /// What few jobs ask for; nil if all of it is as usual.
  package init?(_ request: JobRequest) {
    guard request.hasOptions || request.backoff != .standard else { return nil }
    var options = request.options
    // Told by itself.
    options.key = nil
    guard options != JobOptions() || request.backoff != .standard else { return nil }
    self.init()
    if options.band != .interactive { band = WireBand(options.band) }
    priority = options.priority
    if let most = options.maxFailures { maxFailures = most }
    okStatus = .of(options.okStatuses)
    finalStatus = .of(options.finalStatuses)
    if let timeout = options.scheduleTimeout { scheduleTimeoutMs = timeout.milliseconds }
    if let gang = options.gang { self.gang = WireGang(gang) }
    tied = options.isTied
    dependencies = options.dependencies.map { WireDependency($0) }
    if let begin = options.begin { beginMs = begin.milliseconds }
    if let deadline = options.deadline { deadlineMs = deadline.milliseconds }
    if let warning = options.warning {
      warnSignal = UInt32(warning.signal)
      warnBeforeMs = warning.before.milliseconds
    }
    if let limit = options.processLimit { processLimit = limit }
    guard request.backoff != .standard else { return }
    backoffFirstMs = request.backoff.first.milliseconds
    backoffMostMs = request.backoff.most.milliseconds
  }
}

extension JobOptions {
  /// What came, checked; the pause after a failure is read by `Backoff`.
  package init(wire: WireOptions) throws(Refusal) {
    self.init()
    band = try Band(wire: wire.band)
    priority = try Self.priority(wire: wire.priority)
    guard wire.maxFailures <= Limit.retries else {
      throw .invalid("\(wire.maxFailures) failures are above the limit of \(Limit.retries)")
    }
    maxFailures = wire.hasMaxFailures ? wire.maxFailures : nil
    okStatuses = statuses(wire.okStatus.array).filter { $0 != 0 }
    finalStatuses = statuses(wire.finalStatus.array)
    if finalStatuses.contains(0) {
      throw .invalid("exit status 0 is success, and cannot be one that is never retried")
    }
    if let both = okStatuses.first(where: finalStatuses.contains) {
      throw .invalid("exit status \(both) cannot be success and failure")
    }
    if wire.hasScheduleTimeoutMs {
      guard wire.scheduleTimeoutMs > 0 else {
        throw .invalid("a job cannot find its place within 0 ms", wayOut: "leave it out to wait")
      }
      scheduleTimeout = try Limit.span(wire.scheduleTimeoutMs, "a schedule timeout")
    }
    gang = wire.hasGang ? try Gang(wire: wire.gang) : nil
    isTied = wire.tied
    begin = wire.hasBeginMs ? try Limit.time(wire.beginMs, "the begin") : nil
    deadline = wire.hasDeadlineMs ? try Limit.time(wire.deadlineMs, "the deadline") : nil
    warning = try Warning(signal: wire.warnSignal, beforeMs: wire.warnBeforeMs)
    if wire.hasProcessLimit { processLimit = try Limit.processes(wire.processLimit) }
  }
}

extension JobOptions {
  /// A priority, checked.
  static func priority(wire priority: Int32) throws(Refusal) -> Int32 {
    guard Limit.priorities.contains(priority) else {
      throw .invalid(
        "priority \(priority) is not between \(Limit.priorities.lowerBound) and "
          + "\(Limit.priorities.upperBound)")
    }
    return priority
  }
}

extension Backoff {
  /// The pause after a failure, checked; what is absent is as usual.
  package init(wire: WireOptions) throws(Refusal) {
    let usual = Backoff.standard
    let first =
      wire.hasBackoffFirstMs
      ? try Limit.span(wire.backoffFirstMs, "the first back-off") : usual.first
    let most =
      wire.hasBackoffMostMs
      ? try Limit.span(wire.backoffMostMs, "the longest back-off") : max(usual.most, first)
    guard first <= most else {
      throw .invalid(
        "a back-off cannot begin with \(first.milliseconds) ms and grow to "
          + "\(most.milliseconds) ms")
    }
    self.init(first: first, most: most)
  }
}

extension WireGang {
  /// The rules by which a gang is placed.
  package init(_ gang: Gang) {
    self.init()
    if let attribute = gang.groupBy { groupBy = attribute }
    spread = gang.spread
  }
}

extension Gang {
  fileprivate init(wire: WireGang) throws(Refusal) {
    if wire.hasGroupBy { try Limit.word(wire.groupBy, to: Limit.word, "attribute") }
    self.init(groupBy: wire.hasGroupBy ? wire.groupBy : nil, spread: wire.spread)
  }
}

extension WireBand {
  /// The wire's number of a band.
  package init(_ band: Band) {
    switch band {
    case .production: self = .production
    case .interactive: self = .interactive
    case .batch: self = .batch
    }
  }
}

extension Band {
  /// The band with the wire's number, interactive where there is none; invalid-argument for one
  /// that there is not.
  package init(wire: WireBand) throws(Refusal) {
    switch wire {
    case .production: self = .production
    case .unspecified, .interactive: self = .interactive
    case .batch: self = .batch
    case .UNRECOGNIZED: throw .invalid("there is no band number \(wire.rawValue)")
    }
  }
}

/// Each once, in order; a byte is a status, so there are 256 at most.
private func statuses(_ bytes: [UInt8]) -> [UInt8] { Set(bytes).sorted() }
