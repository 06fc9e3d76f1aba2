import FlusterCore

/// A controller with a clock that stands still unless told, and shorthands to drive it.
///
/// Every step is followed by a check of all invariants and of replay: the events so far, applied to
/// an empty state, must give the state in memory.
struct World {
  var controller: Controller
  var replayed: State
  var violations: [String] = []
  private(set) var now = Moment(
    monotonic: Instant(nanoseconds: 0), wall: WallTime(milliseconds: 1_000_000))
  private var requests: UInt64 = 0
  private var links: UInt64 = 0

  static let alice = Caller(uid: UserID(1001), isAdministrator: false)
  static let bob = Caller(uid: UserID(1002), isAdministrator: false)
  static let root = Caller(uid: .root, isAdministrator: true)

  init(seed: UInt64 = 1) {
    controller = Controller(restored: .empty, random: Random(seed: seed))
    replayed = State(restored: .empty)
  }

  @discardableResult
  mutating func step(_ command: Command) -> Controller.Step {
    let step = controller.step(command, at: now)
    for event in step.events { replayed.replay(event) }
    if replayed != controller.state { violations.append("replay differs after \(command)") }
    violations += Invariants.violations(in: controller).map { "\($0), after \(command)" }
    return step
  }

  mutating func advance(seconds: Int64) {
    now = Moment(
      monotonic: Instant(nanoseconds: now.monotonic.nanoseconds + seconds * 1_000_000_000),
      wall: WallTime(milliseconds: now.wall.milliseconds + seconds * 1000))
  }

  mutating func request() -> RequestID {
    requests += 1
    return RequestID(requests)
  }

  /// Submits and returns the answer.
  @discardableResult
  mutating func submit(
    _ name: String = "job", as caller: Caller = World.alice, token: Token? = nil,
    once: Once = Once(), inside attempt: AttemptUID? = nil,
    _ change: (inout JobRequest) -> Void = { _ in }
  ) -> Answer? {
    var request = JobRequest(name: name, owner: caller.uid)
    change(&request)
    let reply = self.request()
    return step(
      .submit(
        request, Payload(launch: [1], environment: []), token, once: once, inside: attempt,
        from: caller, reply)
    ).answer(to: reply)
  }

  /// Submits what must be accepted.
  mutating func job(
    as caller: Caller = World.alice, inside attempt: OpenAttempt? = nil,
    _ change: (inout JobRequest) -> Void = { _ in }
  ) -> JobID {
    guard
      case .submitted(let id, existed: false, notice: nil) = submit(
        as: caller, inside: attempt?.uid, change)
    else {
      violations.append("a submit was not accepted")
      return JobID(0)
    }
    return id
  }

  /// A connection that nothing has come over yet.
  mutating func newLink() -> LinkID {
    links += 1
    return LinkID(links)
  }

  /// A worker's registration, over this connection.
  @discardableResult
  mutating func register(
    _ name: String, on link: LinkID, cpus: UInt64 = 4, memory: UInt64 = 16 << 30,
    named: [NamedAmount] = [], boot: String = "boot", incarnation: UInt64 = 1,
    attributes: [Attribute] = [], lease: Span? = nil, owner: UserID = .root,
    isPersonal: Bool = false
  ) -> Controller.Step {
    step(
      .register(
        WorkerRecord(
          id: WorkerID(name), owner: owner, incarnation: AttemptUID(high: 0, low: incarnation),
          boot: boot, capacity: Amounts(cpuMillis: cpus * 1000, memoryBytes: memory, named: named),
          lacks: [], software: "test", attributes: attributes, address: "host-of-\(name)",
          lease: lease, isPersonal: isPersonal), link))
  }

  /// Connects a worker and returns its connection.
  @discardableResult
  mutating func worker(
    _ name: String = "w1", cpus: UInt64 = 4, memory: UInt64 = 16 << 30,
    named: [NamedAmount] = [], boot: String = "boot", incarnation: UInt64 = 1,
    attributes: [Attribute] = [], lease: Span? = nil, owner: UserID = .root,
    isPersonal: Bool = false
  ) -> LinkID {
    let link = newLink()
    register(
      name, on: link, cpus: cpus, memory: memory, named: named, boot: boot,
      incarnation: incarnation, attributes: attributes, lease: lease, owner: owner,
      isPersonal: isPersonal)
    return link
  }

  /// The controller ends, and another goes on with what the store holds.
  mutating func restart() {
    let restored = controller.state.restored
    controller = Controller(restored: restored, random: Random(seed: 99))
    replayed = State(restored: restored)
  }

  /// One placement pass; the tasks placed, with their workers.
  @discardableResult
  mutating func schedule() -> [OpenAttempt] {
    step(.schedule).events.compactMap { event in
      if case .assigned(let attempt) = event { attempt } else { nil }
    }
  }

  /// The worker says how an attempt ended.
  @discardableResult
  mutating func finish(
    _ attempt: OpenAttempt, _ outcome: Outcome = Outcome(.exit, exitCode: 0)
  ) -> Controller.Step {
    observe(attempt, .finished(outcome))
  }

  @discardableResult
  mutating func observe(_ attempt: OpenAttempt, _ kind: Observation.Kind) -> Controller.Step {
    guard let link = controller.state.workers[attempt.worker]?.link else {
      violations.append("worker \(attempt.worker) is not connected")
      return Controller.Step()
    }
    return step(.observe(link, [Observation(uid: attempt.uid, kind: kind, at: now.wall)]))
  }

  /// The whole job, or some of its tasks, are ended on their owner's demand.
  @discardableResult
  mutating func kill(_ job: JobID, _ indices: ClosedRange<UInt32>? = nil) -> Controller.Step {
    step(
      .kill([Selection(job: job, indices: indices)], reason: "", from: World.alice, request()))
  }

  func state(_ job: JobID, _ position: UInt32 = 0) -> TaskState? {
    controller.state.jobs[job]?.state(of: position)
  }
}

extension Controller.Step {
  func answer(to request: RequestID) -> Answer? {
    for case .reply(request, let answer) in effects { return answer }
    return nil
  }

  /// The final state of the job that ended in this step.
  var ended: JobProgress? {
    for case .jobEnded(let progress) in events { return progress }
    return nil
  }

  var verdict: Verdict? {
    for case .attemptEnded(_, _, at: _, let verdict) in events { return verdict }
    return nil
  }
}

extension Answer {
  var refusal: Refusal? {
    if case .refused(let refusal) = self { refusal } else { nil }
  }
}

extension TaskArray {
  /// An array of tasks 0, 1, 2, ...
  static func of(_ count: UInt32) -> TaskArray {
    TaskArray(first: 0, step: 1, count: count, throttle: nil, isExplicit: true)
  }
}

extension [Attribute] {
  /// As people write them.
  static func named(_ pairs: KeyValuePairs<String, String>) -> [Attribute] {
    pairs.map { Attribute(name: $0.key, value: AttributeValue($0.value)) }
  }
}
