import FlusterCore

/// The table `attempt`: an insertion when it is assigned, a closing when it has ended.
enum AttemptColumns {
  private static let opening = """
    job, position, number, uid, worker, cpu_millis, memory_bytes, resources, sequence, assigned,
    state, started, stop, stop_by, stop_reason, stuck, frozen, ahead
    """
  private static let ending = [
    "ended", "final_state", "charged", "cause", "exit_code", "signal", "start_reason",
    "start_errno", "text", "wall_ms", "user_us", "system_us", "peak_memory_bytes", "read_bytes",
    "written_bytes", "cpu_stall_us", "memory_stall_us", "io_stall_us", "throttled_us",
    "peak_processes",
  ]

  static let open = opening
  static let all = "\(opening), \(ending.joined(separator: ", "))"
  /// What `outcome` reads.
  static let outcome = ending[3...].joined(separator: ", ")
  static let insertion: String = {
    let count = opening.split(separator: ",").count
    let places = Array(repeating: "?", count: count).joined(separator: ", ")
    return "INSERT INTO attempt (\(opening)) VALUES (\(places))"
  }()
  static let closing = """
    UPDATE attempt SET \(ending.map { "\($0) = ?" }.joined(separator: ", "))
    WHERE job = ? AND position = ? AND number = ?
    """

  static func put(_ attempt: OpenAttempt, sequence: Int64, into parameters: inout Parameters) {
    parameters.put(attempt.task.job.number)
    parameters.put(attempt.task.position)
    parameters.put(attempt.number)
    parameters.put(attempt.uid)
    parameters.put(attempt.worker.name)
    parameters.put(attempt.charge.cpuMillis)
    parameters.put(attempt.charge.memoryBytes)
    parameters.put(Packed.amounts(attempt.charge.named))
    parameters.put(sequence)
    parameters.put(attempt.assigned.milliseconds)
    parameters.put(UInt32(attempt.state.rawValue))
    parameters.put(attempt.started?.milliseconds)
    put(attempt.stop, into: &parameters)
    parameters.put(attempt.stuck)
    parameters.put(UInt32(attempt.freeze.rawValue))
    parameters.put(attempt.isAhead)
  }

  /// Three columns: which reason, by whom, and in which words.
  static func put(_ reason: StopReason?, into parameters: inout Parameters) {
    switch reason {
    case nil:
      parameters.putNothing()
      parameters.putNothing()
      parameters.putNothing()
    case .killed(let request):
      parameters.put(UInt32(1))
      parameters.put(request.by.number)
      parameters.put(request.reason)
    case .failureLimit: putKind(2, into: &parameters)
    case .gangFailed: putKind(3, into: &parameters)
    case .gangRetry: putKind(4, into: &parameters)
    }
  }

  private static func putKind(_ kind: UInt32, into parameters: inout Parameters) {
    parameters.put(kind)
    parameters.putNothing()
    parameters.putNothing()
  }

  static func put(
    ended: WallTime, _ outcome: Outcome, _ verdict: Verdict, into parameters: inout Parameters
  ) {
    parameters.put(ended.milliseconds)
    switch verdict {
    case .final(let state, let budget):
      parameters.put(UInt32(state.rawValue))
      parameters.put(UInt32(budget.rawValue))
    case .retry(let budget, notBefore: _):
      parameters.putNothing()
      parameters.put(UInt32(budget.rawValue))
    }
    parameters.put(UInt32(outcome.cause.rawValue))
    parameters.put(outcome.exitCode.map { UInt32($0) })
    parameters.put(outcome.signal.map { UInt32($0) })
    parameters.put(outcome.startReason.map { UInt32($0.rawValue) })
    parameters.put(outcome.startErrno.map { Int64($0) })
    parameters.put(outcome.text)
    parameters.put(outcome.usage.wallMilliseconds)
    parameters.put(outcome.usage.userMicroseconds)
    parameters.put(outcome.usage.systemMicroseconds)
    parameters.put(outcome.usage.peakMemoryBytes)
    parameters.put(outcome.usage.readBytes)
    parameters.put(outcome.usage.writtenBytes)
    parameters.put(outcome.usage.cpuStallMicroseconds)
    parameters.put(outcome.usage.memoryStallMicroseconds)
    parameters.put(outcome.usage.ioStallMicroseconds)
    parameters.put(outcome.usage.throttledMicroseconds)
    parameters.put(outcome.usage.peakProcesses)
  }

  /// Reads `open`; the sequence is for the query's ORDER BY.
  static func attempt(_ row: inout Row) -> OpenAttempt {
    let task = TaskID(JobID(row.word()), row.number())
    let number: UInt32 = row.number()
    let uid = row.attemptUID()
    let worker = WorkerID(row.text())
    let charge = Amounts(
      cpuMillis: row.word(), memoryBytes: row.word(), named: row.amounts())
    _ = row.integer()
    let assigned = WallTime(milliseconds: row.integer())
    let state = row.taskState()
    let started = row.optionalTime()
    let stop = stopReason(&row)
    let isStuck = row.flag()
    let freeze: UInt8 = row.number()
    var attempt = OpenAttempt(
      uid: uid, task: task, number: number, worker: worker, charge: charge, assigned: assigned,
      isAhead: row.flag())
    attempt.state = state
    attempt.started = started
    attempt.stop = stop
    attempt.stuck = isStuck
    attempt.freeze = row.checked(Freeze(rawValue: freeze), otherwise: .never)
    return attempt
  }

  private static func stopReason(_ row: inout Row) -> StopReason? {
    let kind: UInt8? = row.optionalNumber()
    let by: UInt32? = row.optionalNumber()
    let words = row.text()
    guard let kind else { return nil }
    let reason: StopReason? =
      switch kind {
      case 1: by.map { .killed(KillRequest(by: UserID($0), reason: words)) }
      case 2: .failureLimit
      case 3: .gangFailed
      case 4: .gangRetry
      default: nil
      }
    return row.checked(reason.map(Optional.some), otherwise: nil)
  }

  /// Reads what comes after `open` in `all`.
  static func ending(_ row: inout Row) -> StoredAttempt.Ending? {
    let ended = row.optionalTime()
    let final: UInt8? = row.optionalNumber()
    let charged: UInt8? = row.optionalNumber()
    let outcome = outcome(&row)
    guard let ended, let outcome else { return nil }
    return StoredAttempt.Ending(
      at: ended, outcome: outcome,
      final: final.flatMap {
        row.checked(TaskState(rawValue: $0).map(Optional.some), otherwise: nil)
      },
      charged: row.checked(charged.flatMap { Budget(rawValue: $0) }, otherwise: .none))
  }

  /// Reads the columns of an outcome; nil for an attempt that has not ended.
  static func outcome(_ row: inout Row) -> Outcome? {
    let cause: UInt8? = row.optionalNumber()
    let exitCode: UInt8? = row.optionalNumber()
    let signal: UInt8? = row.optionalNumber()
    let startReason: UInt8? = row.optionalNumber()
    let startErrno: Int32? = row.optionalNumber()
    let text = row.text()
    var usage = Usage()
    usage.wallMilliseconds = row.optionalWord()
    usage.userMicroseconds = row.optionalWord()
    usage.systemMicroseconds = row.optionalWord()
    usage.peakMemoryBytes = row.optionalWord()
    usage.readBytes = row.optionalWord()
    usage.writtenBytes = row.optionalWord()
    usage.cpuStallMicroseconds = row.optionalWord()
    usage.memoryStallMicroseconds = row.optionalWord()
    usage.ioStallMicroseconds = row.optionalWord()
    usage.throttledMicroseconds = row.optionalWord()
    usage.peakProcesses = row.optionalWord()
    guard let cause else { return nil }
    var outcome = Outcome(
      row.checked(Cause(rawValue: cause), otherwise: .exit), exitCode: exitCode, signal: signal,
      startErrno: startErrno, text: text, usage: usage)
    if let startReason {
      outcome.startReason = row.checked(StartReason(rawValue: startReason), otherwise: .exec)
    }
    return outcome
  }
}

extension Row {
  mutating func attemptUID() -> AttemptUID {
    let uid = withBytes { bytes -> AttemptUID? in
      guard bytes.count == 16 else { return nil }
      let raw = UnsafeRawBufferPointer(bytes)
      return AttemptUID(
        high: UInt64(bigEndian: raw.loadUnaligned(as: UInt64.self)),
        low: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
    return checked(uid, otherwise: AttemptUID(high: 0, low: 0))
  }
}
