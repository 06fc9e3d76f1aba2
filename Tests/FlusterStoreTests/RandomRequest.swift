import FlusterCore

/// Random things that users and workers say.
enum RandomRequest {
  static func make(using random: inout Random) -> JobRequest {
    var request = JobRequest(
      name: "job" + text(using: &random), owner: UserID(.random(in: 1...4, using: &random)))
    if Bool.random(using: &random) {
      request.array = TaskArray(
        first: .random(in: 0...9, using: &random), step: .random(in: 1...3, using: &random),
        count: .random(in: 1...40, using: &random),
        throttle: Bool.random(using: &random) ? .random(in: 1...5, using: &random) : nil,
        isExplicit: true)
    }
    request.needs = Requirement(
      cpuMillis: .random(in: 1...4000, using: &random),
      memoryBytes: Bool.random(using: &random) ? .random(in: 0...(1 << 33), using: &random) : nil,
      named: Bool.random(using: &random)
        ? [NamedAmount(name: "gpu", count: 2), NamedAmount(name: "é", count: 1)] : [],
      constraints: constraints(using: &random))
    request.retries = .random(in: 0...3, using: &random)
    request.retriesLost = .random(in: 0...3, using: &random)
    request.backoff = Backoff(
      first: Span(milliseconds: .random(in: 0...5000, using: &random)),
      most: Span(milliseconds: .random(in: 0...50_000, using: &random)))
    request.timeLimit = Bool.random(using: &random) ? Span(milliseconds: random.next()) : nil
    request.grace = Span(milliseconds: random.next())
    request.held = Int.random(in: 0..<5, using: &random) == 0
    request.endChildren = Bool.random(using: &random)
    if Bool.random(using: &random) { request.options = options(using: &random) }
    return request
  }

  static func constraints(using random: inout Random) -> [Constraint] {
    guard Int.random(in: 0..<3, using: &random) == 0 else { return [] }
    return Constraint.Comparison.allCases.shuffled(using: &random).prefix(2).map { comparison in
      Constraint(
        key: text(using: &random), comparison, [.number(-1.5), AttributeValue("é")],
        isHard: Bool.random(using: &random))
    }
  }

  private static func options(using random: inout Random) -> JobOptions {
    var options = JobOptions()
    options.band = Band.allCases.randomElement(using: &random) ?? .batch
    options.priority = .random(in: Int32.min...Int32.max, using: &random)
    if Bool.random(using: &random) { options.maxFailures = .random(in: 0...4, using: &random) }
    if Bool.random(using: &random) { options.okStatuses = [1, 255] }
    if Bool.random(using: &random) { options.finalStatuses = [0, 7] }
    if Bool.random(using: &random) {
      options.scheduleTimeout = Span(milliseconds: .random(in: 1...(1 << 40), using: &random))
    }
    if Int.random(in: 0..<3, using: &random) == 0 {
      options.gang = Gang(
        groupBy: Bool.random(using: &random) ? text(using: &random) : nil,
        spread: Bool.random(using: &random))
    }
    if Int.random(in: 0..<3, using: &random) == 0 {
      options.key = JobKey(
        name: text(using: &random),
        digest: RequestDigest(AttemptUID(high: random.next(), low: random.next())))
    }
    // None of the past: it would be refused.
    if Int.random(in: 0..<3, using: &random) == 0 {
      options.begin = WallTime(milliseconds: .random(in: 0...1_700_000_050_000, using: &random))
      options.deadline = WallTime(
        milliseconds: .random(in: 1_800_000_000_000...(1 << 50), using: &random))
    }
    options.isTied = Bool.random(using: &random)
    if Int.random(in: 0..<3, using: &random) == 0 {
      options.dependencies = Dependency.Kind.allCases.map { kind in
        let first = UInt32.random(in: 0...9, using: &random)
        return Dependency(
          kind,
          Selection(
            job: JobID(.random(in: 1...20, using: &random)),
            indices: Bool.random(using: &random) ? first...(first + 3) : nil))
      }
    }
    return options
  }

  /// Empty, long, with quotes, zeros and letters beyond ASCII.
  static func text(using random: inout Random) -> String {
    [
      "", "x", "it's; DROP TABLE job", "naïve \u{1F9A6}", "a\0b",
      String(repeating: "long ", count: 50),
    ]
    .randomElement(using: &random) ?? ""
  }

  static func payload(using random: inout Random) -> Payload {
    func bytes(_ most: Int, _ kinds: UInt8) -> [UInt8] {
      let byte = UInt8.random(in: 0..<kinds, using: &random)
      return [UInt8](repeating: byte, count: Int.random(in: 0...most, using: &random))
    }
    // Often none, and sometimes the same bytes as an environment.
    let script = Bool.random(using: &random) ? [] : bytes(3, 4)
    return Payload(launch: bytes(9000, 255), environment: bytes(3, 3), script: script)
  }

  static func token(using random: inout Random) -> Token? {
    guard Bool.random(using: &random) else { return nil }
    return Token(bytes: AttemptUID(high: random.next(), low: random.next()).bytes)
  }

  static func outcome(text: String, using random: inout Random) -> Outcome {
    let cause = Cause.allCases.randomElement(using: &random) ?? .exit
    func some<Number: FixedWidthInteger>() -> Number? {
      Bool.random(using: &random)
        ? Number.random(in: Number.min...Number.max, using: &random) : nil
    }
    var outcome = Outcome(cause, text: text)
    if Int.random(in: 0..<3, using: &random) == 0 {
      outcome = Outcome(.exit, exitCode: 0, text: text)
    } else {
      outcome.exitCode = some()
      outcome.signal = some()
      outcome.startErrno = some()
      outcome.startReason =
        Bool.random(using: &random)
        ? StartReason.allCases.randomElement(using: &random) : nil
    }
    outcome.usage.wallMilliseconds = some()
    outcome.usage.userMicroseconds = some()
    outcome.usage.systemMicroseconds = some()
    outcome.usage.peakMemoryBytes = some()
    outcome.usage.readBytes = some()
    outcome.usage.writtenBytes = some()
    outcome.usage.cpuStallMicroseconds = some()
    outcome.usage.memoryStallMicroseconds = some()
    outcome.usage.ioStallMicroseconds = some()
    outcome.usage.throttledMicroseconds = some()
    outcome.usage.peakProcesses = some()
    return outcome
  }
}
