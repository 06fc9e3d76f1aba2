extension HeldAttempt {
  /// The truth about the end, from the shim's record and what we did ourselves.
  func outcome(of record: ExitRecord) -> Outcome {
    var outcome = Outcome(
      cause(of: record), exitCode: record.exitCode, signal: record.signal, usage: record.usage)
    if let started = record.started, outcome.usage.wallMilliseconds == nil {
      let nanoseconds = max(0, record.ended.monotonic.nanoseconds - started.monotonic.nanoseconds)
      outcome.usage.wallMilliseconds = UInt64(nanoseconds / 1_000_000)
    }
    if let ending, !ending.text.isEmpty {
      outcome.text = ending.text
    } else if record.isLapsed {
      outcome.text = Self.lapsed(nil)
    } else if outcome.cause == .workerLost {
      outcome.text = "the shim that held it died, so how it ended is not known"
    } else if outcome.cause != .memoryLimit, record.outOfMemory == true {
      outcome.text = "the kernel killed a process of it for want of memory"
    }
    return outcome
  }

  /// An attempt that did not reach its command.
  func outcome(of reason: StartReason, errno: Int32) -> Outcome {
    if let ending { return Outcome(ending.cause, text: ending.text) }
    return Outcome(.start, startReason: reason, startErrno: errno)
  }

  private func cause(of record: ExitRecord) -> Cause {
    if let ending { return ending.cause }
    if record.isLost { return .workerLost }
    // A leader that outlived the killing of a child and left with 0 has dealt with it.
    if record.outOfMemory == true, record.exitCode != 0 { return .memoryLimit }
    if isInherited, record.wasTerminated, let limit = assignment?.timeLimit,
      let started = record.started, case let end = record.ended.monotonic,
      end >= self.end(of: limit, since: started.monotonic, at: end)
    {
      return .timeLimit
    }
    if record.exitCode != nil { return .exit }
    return record.signal != nil ? .signal : .workerLost
  }
}

extension ExitRecord {
  /// It ended as what we end does: by TERM or KILL, or by a shell's word for them.
  var wasTerminated: Bool {
    signal == 15 || signal == 9 || exitCode == 143 || exitCode == 137
  }
}
