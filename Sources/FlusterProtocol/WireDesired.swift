package import FlusterCore

extension Cause {
  /// The cause that a stopped attempt's end is to be recorded with.
  ///
  /// Throws invalid-argument for a reason that there is not.
  package init(wire why: WireStop.Why) throws(Refusal) {
    switch why {
    case .cancelled, .jobTerminated, .superseded: self = .killed
    case .preempted, .workerDrain: self = .preempted
    case .taskTimeout: self = .timeLimit
    case .unspecified, .UNRECOGNIZED:
      throw .invalid("there is no stop reason number \(why.rawValue)")
    }
  }
}

extension Assignment {
  /// What the worker's state machine needs of a run, checked with all the rest of it.
  package init(wire: WireRun) throws(Refusal) {
    var run = wire
    try run.check()
    self.init(
      uid: try AttemptUID(wire: wire.uid.array), charge: try Amounts(wire: wire.charge),
      timeLimit: wire.hasTimeLimitMs ? Span(milliseconds: wire.timeLimitMs) : nil,
      grace: Span(milliseconds: wire.graceMs), isFrozen: wire.frozen,
      warning: try Warning(signal: wire.warnSignal, beforeMs: wire.warnBeforeMs),
      isAhead: wire.ahead)
  }
}

extension Assignment {
  /// What the worker's state machine needs to go on with an attempt, checked.
  package init(wire: WireKept) throws(Refusal) {
    self.init(
      uid: try AttemptUID(wire: wire.uid.array), charge: try Amounts(wire: wire.charge),
      timeLimit: wire.hasTimeLimitMs ? try Limit.span(wire.timeLimitMs, "a time limit") : nil,
      grace: try Limit.span(wire.graceMs, "a grace"), isStartable: false,
      isFrozen: wire.frozen,
      warning: try Warning(signal: wire.warnSignal, beforeMs: wire.warnBeforeMs))
  }
}

extension Desired {
  /// What the controller wants, checked; the launch descriptions stay with the wire's runs, which
  /// come first and are in the same order.
  package init(wire: WireDesired) throws(Refusal) {
    self.init()
    sequence = wire.sequence
    isFull = wire.full
    asks = wire.ask
    for run in wire.run { runs.append(try Assignment(wire: run)) }
    for kept in wire.kept { runs.append(try Assignment(wire: kept)) }
    for stop in wire.stop {
      stops.append(Stop(try AttemptUID(wire: stop.uid.array), try Cause(wire: stop.why)))
    }
    for uid in wire.recall { recalls.append(try AttemptUID(wire: uid.array)) }
    for uid in wire.keep { keeps.append(try AttemptUID(wire: uid.array)) }
    for uid in wire.acknowledged { acknowledged.append(try AttemptUID(wire: uid.array)) }
    for signal in wire.signals {
      signals.append(
        Signal(try AttemptUID(wire: signal.uid.array), try Limit.signal(signal.signal)))
    }
  }
}
