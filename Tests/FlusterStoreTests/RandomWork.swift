import FlusterCore
import FlusterStore

/// A controller that is given random commands from a seed, turn by turn, as a daemon would: users
/// submit, kill, hold and release; workers come, go, and report all there is to report.
struct RandomWork {
  private(set) var controller: Controller
  private(set) var now = Moment(
    monotonic: Instant(nanoseconds: 0), wall: WallTime(milliseconds: 1_700_000_000_000))
  var random: Random
  private var turns: UInt64 = 0
  private var requests: UInt64 = 0
  private var links: [WorkerID: LinkID] = [:]
  /// What was submitted, by job.
  private(set) var submitted: [JobID: (payload: Payload, token: Token?, owner: UserID)] = [:]
  /// What attempts came to, by task, oldest first.
  private(set) var outcomes: [TaskID: [Outcome]] = [:]
  /// Final rows of jobs that ended.
  private(set) var ended: [JobID: JobProgress] = [:]
  /// Whom jobs descended from.
  private(set) var descents: [JobID: Descent] = [:]

  init(seed: UInt64) {
    random = Random(seed: seed)
    controller = Controller(restored: .empty, random: Random(seed: seed ^ 0xffff))
  }

  /// A few commands and their events.
  mutating func turn() -> Turn {
    turns += 1
    var events: [Event] = []
    var entries: [FeedEntry] = []
    func take(_ step: Controller.Step) {
      events += step.events
      entries += step.entries
    }
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let pause = Int64.random(in: 0...4000, using: &random)
      now = Moment(
        monotonic: Instant(nanoseconds: now.monotonic.nanoseconds + pause * 1_000_000),
        wall: WallTime(milliseconds: now.wall.milliseconds + pause))
      take(controller.step(command(), at: now))
      take(controller.step(.tick, at: now))
      if Bool.random(using: &random) { take(controller.step(.schedule, at: now)) }
    }
    for event in events { note(event) }
    return Turn(
      number: turns, events: events, progress: controller.takeProgress(), entries: entries)
  }

  /// What a controller that starts from the store must find.
  var expected: State { controller.state.durable(at: now.wall) }

  private mutating func note(_ event: Event) {
    switch event {
    case .submitted(let job, let payload, let token):
      submitted[job.id] = (payload, token, job.request.owner)
      descents[job.id] = job.descent
    case .attemptEnded(let uid, let outcome, at: _, _):
      // Attempts are gone from the state by now; the outcome carries its task in its text.
      if let task = Self.task(named: outcome.text) { outcomes[task, default: []].append(outcome) }
      _ = uid
    case .jobEnded(let progress): ended[progress.job] = progress
    default: break
    }
  }

  private mutating func command() -> Command {
    requests += 1
    let request = RequestID(requests)
    let root = Caller(uid: .root, isAdministrator: true)
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<4:
      var job = RandomRequest.make(using: &random)
      let inside = parent()
      if let inside { job.owner = inside.owner }
      let past = settle(&job)
      return .submit(
        job, RandomRequest.payload(using: &random), RandomRequest.token(using: &random),
        past: past, inside: inside?.attempt, from: Caller(uid: job.owner, isAdministrator: false),
        request)
    case 4:
      return .kill(
        [selection()], reason: RandomRequest.text(using: &random), from: root, request)
    case 5:
      return .hold([retrying() ?? selection()], from: root, request)
    case 6: return .release([selection()], from: root, request)
    case 7: return register()
    case 9, 10: return endpoint() ?? observe()
    case 8:
      guard Int.random(in: 0..<4, using: &random) == 0, let link = links.values.min() else {
        return register()
      }
      return .disconnect(link)
    case 11: return .change([Selection(job: selection().job)], change(), from: root, request)
    case 12:
      return .freeze([selection()], Bool.random(using: &random), from: root, request)
    default: return observe()
    }
  }

  private mutating func change() -> JobChange {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: .priority(.random(in: -2...2, using: &random))
    case 1: .band(Band.allCases.randomElement(using: &random) ?? .batch)
    case 2: .timeLimit(Bool.random(using: &random) ? nil : .seconds(5))
    default: .memory(.random(in: 1...1000, using: &random))
    }
  }

  /// Leaves of what a request depends on that which there is, and says how that ended which has.
  private func settle(_ request: inout JobRequest) -> [Selection: TaskState] {
    var past: [Selection: TaskState] = [:]
    request.options.dependencies.removeAll { dependency in
      let target = dependency.target
      if let job = controller.state.jobs[target.job] {
        return target.indices.map { job.request.array.positions(within: $0) == nil } ?? false
      }
      past[target] = ended[target.job]?.state
      return past[target] == nil
    }
    return past
  }

  /// An open attempt to be submitted from, and the owner of its job.
  private mutating func parent() -> (attempt: AttemptUID, owner: UserID)? {
    guard Bool.random(using: &random),
      let uid = controller.state.attempts.keys.sorted().randomElement(using: &random),
      let attempt = controller.state.attempts[uid],
      let job = controller.state.jobs[attempt.task.job]
    else { return nil }
    return (uid, job.request.owner)
  }

  private mutating func selection() -> Selection {
    let jobs = controller.state.jobs.keys
    guard let job = jobs.randomElement(using: &random) else { return Selection(job: JobID(1)) }
    if Bool.random(using: &random) { return Selection(job: job) }
    guard let array = controller.state.jobs[job]?.request.array else { return Selection(job: job) }
    let ends = [0, 1].map { _ in
      array.index(of: UInt32.random(in: 0..<array.count, using: &random))
    }
    return Selection(job: job, indices: min(ends[0], ends[1])...max(ends[0], ends[1]))
  }

  /// A task that waits for another try, now and then.
  private mutating func retrying() -> Selection? {
    let jobs = Array(controller.state.jobs)
    let tasks = jobs.flatMap { job in
      job.records.filter { $0.value.state == .pending }.keys.sorted().map { TaskID(job.id, $0) }
    }
    guard let task = tasks.randomElement(using: &random), Bool.random(using: &random),
      let index = controller.state.jobs[task.job]?.request.array.index(of: task.position)
    else { return nil }
    return Selection(job: task.job, indices: index...index)
  }

  /// A task says where it can be reached, or no longer does.
  private mutating func endpoint() -> Command? {
    let open = controller.state.attempts.keys.sorted()
    guard let uid = open.randomElement(using: &random),
      let job = controller.state.attempts[uid]?.task.job
    else { return nil }
    let root = Caller(uid: .root, isAdministrator: true)
    let name = ["a", "a/é", "a/e\u{301}"].randomElement(using: &random) ?? "a"
    guard Int.random(in: 0..<4, using: &random) > 0 else {
      return .unregisterEndpoint(name, .attempt(uid), from: root, RequestID(requests))
    }
    let value = "é \(Int.random(in: 0..<3, using: &random))"
    return .registerEndpoint(
      Endpoint(
        attempt: uid, name: name, address: "/run/\(Int.random(in: 0..<2, using: &random))",
        metadata: Bool.random(using: &random)
          ? []
          : [
            Endpoint.Property(key: "é", value: value)
          ]), of: job, from: root, RequestID(requests))
  }

  private mutating func register() -> Command {
    let name = "w\(Int.random(in: 0..<3, using: &random))"
    requests += 1
    let link = LinkID(requests)
    let known = controller.state.workers[WorkerID(name)]
    if known?.link != nil { return .tick }
    links[WorkerID(name)] = link
    // Now and then the machine has booted again.
    let boot = known?.record.boot ?? "boot"
    let record = WorkerRecord(
      id: WorkerID(name), owner: known?.record.owner ?? UserID(7),
      incarnation: AttemptUID(high: random.next(), low: random.next()),
      boot: Int.random(in: 0..<8, using: &random) == 0 ? boot + "'" : boot,
      capacity: Amounts(
        cpuMillis: 8000, memoryBytes: 1 << 36,
        named: [NamedAmount(name: "gpu", count: 8), NamedAmount(name: "é", count: 3)]),
      lacks: ["memory", "", "pids"].prefix(Int.random(in: 0...3, using: &random)).map { $0 },
      software: "0.1.\(requests)")
    return .register(record, link)
  }

  private mutating func observe() -> Command {
    let open = controller.state.attempts.keys.sorted().compactMap { controller.state.attempts[$0] }
      .filter { controller.state.workers[$0.worker]?.link != nil }
    guard let attempt = open.randomElement(using: &random),
      let link = controller.state.workers[attempt.worker]?.link
    else { return .tick }
    let kind: Observation.Kind
    switch Int.random(in: 0..<10, using: &random) {
    case 0: kind = .starting
    case 1, 2: kind = .started
    case 3: kind = .stuck
    case 4: kind = .missing
    default:
      kind = .finished(
        RandomRequest.outcome(text: Self.name(of: attempt.task), using: &random))
    }
    return .observe(link, [Observation(uid: attempt.uid, kind: kind, at: now.wall)])
  }

  private static func name(of task: TaskID) -> String { "\(task.job).\(task.position)" }

  private static func task(named text: String) -> TaskID? {
    let parts = text.split(separator: ".")
    guard parts.count == 2, let job = UInt64(parts[0]), let position = UInt32(parts[1]) else {
      return nil
    }
    return TaskID(JobID(job), position)
  }
}

extension State {
  /// Without what only one life of a controller knows: connections, tokens, waits that are over.
  func durable(at now: WallTime) -> State {
    var jobs = Array(jobs)
    for index in jobs.indices {
      for (position, record) in jobs[index].records {
        if let until = record.notBefore, until <= now {
          jobs[index].records[position]?.notBefore = nil
        }
      }
    }
    let order = workers.values.sorted { $0.record.id < $1.record.id }.flatMap(\.open)
    return State(
      restored: Restored(
        nextJob: nextJob, jobs: jobs, attempts: order.compactMap { attempts[$0] },
        workers: workers.values.map(\.record).sorted { $0.id < $1.id },
        endpoints: restored.endpoints))
  }
}
