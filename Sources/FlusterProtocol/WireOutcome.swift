package import FlusterCore

extension WireCause {
  /// The wire's number of a cause.
  package init(_ cause: Cause) {
    switch cause {
    case .exit: self = .exit
    case .signal: self = .signal
    case .timeLimit: self = .timeLimit
    case .memoryLimit: self = .memoryLimit
    case .killed: self = .killed
    case .workerLost: self = .workerLost
    case .preempted: self = .preempted
    case .gang: self = .gang
    case .start: self = .start
    case .dependency: self = .dependency
    case .deadline: self = .deadline
    }
  }
}

extension Cause {
  /// The cause with the wire's number; invalid-argument for one that there is not.
  package init(wire: WireCause) throws(Refusal) {
    switch wire {
    case .exit: self = .exit
    case .signal: self = .signal
    case .timeLimit: self = .timeLimit
    case .memoryLimit: self = .memoryLimit
    case .killed: self = .killed
    case .workerLost: self = .workerLost
    case .preempted: self = .preempted
    case .gang: self = .gang
    case .start: self = .start
    case .dependency: self = .dependency
    case .deadline: self = .deadline
    case .unspecified, .UNRECOGNIZED:
      throw .invalid("there is no cause number \(wire.rawValue)")
    }
  }
}

extension StartReason {
  /// The reason with the wire's number; invalid-argument for one that there is not.
  package init(wire number: UInt32) throws(Refusal) {
    guard let raw = UInt8(exactly: number), let reason = StartReason(rawValue: raw) else {
      throw .invalid("there is no start reason number \(number)")
    }
    self = reason
  }
}

extension WireUsage {
  /// What is known, for the wire.
  package init(_ usage: Usage) {
    self.init()
    if let value = usage.wallMilliseconds { wallMs = value }
    if let value = usage.userMicroseconds { userUs = value }
    if let value = usage.systemMicroseconds { systemUs = value }
    if let value = usage.peakMemoryBytes { peakMemoryBytes = value }
    if let value = usage.readBytes { readBytes = value }
    if let value = usage.writtenBytes { writtenBytes = value }
    if let value = usage.cpuStallMicroseconds { cpuStallUs = value }
    if let value = usage.memoryStallMicroseconds { memoryStallUs = value }
    if let value = usage.ioStallMicroseconds { ioStallUs = value }
    if let value = usage.throttledMicroseconds { throttledUs = value }
    if let value = usage.peakProcesses { peakProcesses = value }
  }
}

extension Usage {
  /// What came. A number beyond what the store can hold cannot be true and reads as unknown.
  package init(wire: WireUsage) {
    func known(_ has: Bool, _ value: UInt64) -> UInt64? {
      has && value <= Limit.number ? value : nil
    }
    self.init()
    wallMilliseconds = known(wire.hasWallMs, wire.wallMs)
    userMicroseconds = known(wire.hasUserUs, wire.userUs)
    systemMicroseconds = known(wire.hasSystemUs, wire.systemUs)
    peakMemoryBytes = known(wire.hasPeakMemoryBytes, wire.peakMemoryBytes)
    readBytes = known(wire.hasReadBytes, wire.readBytes)
    writtenBytes = known(wire.hasWrittenBytes, wire.writtenBytes)
    cpuStallMicroseconds = known(wire.hasCpuStallUs, wire.cpuStallUs)
    memoryStallMicroseconds = known(wire.hasMemoryStallUs, wire.memoryStallUs)
    ioStallMicroseconds = known(wire.hasIoStallUs, wire.ioStallUs)
    throttledMicroseconds = known(wire.hasThrottledUs, wire.throttledUs)
    peakProcesses = known(wire.hasPeakProcesses, wire.peakProcesses)
  }
}

extension WireOutcome {
  /// An ending, for the wire.
  package init(_ outcome: Outcome) {
    self.init()
    cause = WireCause(outcome.cause)
    if let code = outcome.exitCode { exitCode = UInt32(code) }
    if let number = outcome.signal { signal = UInt32(number) }
    if let reason = outcome.startReason { startReason = UInt32(reason.rawValue) }
    if let errno = outcome.startErrno { startErrno = errno }
    text = outcome.text
    if outcome.usage != Usage() { usage = WireUsage(outcome.usage) }
  }
}

extension Outcome {
  /// An ending that came.
  ///
  /// Throws invalid-argument for one that contradicts itself: an exit without a code, a signal
  /// without a number, both together, or a start reason beside another cause.
  package init(wire: WireOutcome) throws(Refusal) {
    let cause = try Cause(wire: wire.cause)
    var code: UInt8?
    if wire.hasExitCode {
      guard let value = UInt8(exactly: wire.exitCode) else {
        throw .invalid("exit code \(wire.exitCode) is above 255")
      }
      code = value
    }
    let signal = wire.hasSignal ? try Limit.signal(wire.signal) : nil
    guard code == nil || signal == nil else {
      throw .invalid("an outcome has an exit code and a signal")
    }
    guard cause != .exit || code != nil else { throw .invalid("an exit has no code") }
    guard cause != .signal || signal != nil else { throw .invalid("a signal has no number") }
    guard cause == .start || !(wire.hasStartReason || wire.hasStartErrno) else {
      throw .invalid("an outcome of cause \(cause.word) has a start reason")
    }
    self.init(
      cause, exitCode: code, signal: signal,
      startReason: wire.hasStartReason ? try StartReason(wire: wire.startReason) : nil,
      startErrno: wire.hasStartErrno ? wire.startErrno : nil,
      text: Limit.cleaned(wire.text, to: Limit.sentence), usage: Usage(wire: wire.usage))
  }
}
