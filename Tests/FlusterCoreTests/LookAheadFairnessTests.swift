import Testing

@testable import FlusterCore

/// A controller and its workers without any delay between them, and tasks that take their time.
private struct Farm {
  private struct End: Comparable {
    let at: Int64
    let uid: AttemptUID
    let worker: WorkerID

    static func < (a: End, b: End) -> Bool { (a.at, a.uid) < (b.at, b.uid) }
  }

  var controller: Controller
  private(set) var violations: [String] = []
  private(set) var startedAhead = 0
  private(set) var takenBack = 0
  private var agents: [WorkerID: Agent] = [:]
  private var random: Random
  private var lengths: [JobID: ClosedRange<Int64>] = [:]
  private var ends: [End] = []
  private var begun: [AttemptUID: Moment] = [:]
  private var time: Int64 = 0
  private var request: UInt64 = 0
  private var commands: [Command] = []

  init(seed: UInt64, workers: [UInt64]) {
    random = Random(seed: seed)
    controller = Controller(restored: .empty, random: Random(seed: seed))
    for (number, slots) in workers.enumerated() {
      let id = WorkerID("w\(number)")
      let capacity = Amounts(cpuMillis: slots * 1000, memoryBytes: 1 << 30)
      agents[id] = Agent(capacity: capacity)
      let record = WorkerRecord(
        id: id, owner: .root, incarnation: AttemptUID(high: 0, low: UInt64(number)), boot: "boot",
        capacity: capacity, lacks: [], software: "test")
      feed(id, .shimLinked)
      feed(id, .shim(.listEnd))
      feed(id, .linked(AgentBench.store(1)))
      var full = Desired()
      full.isFull = true
      feed(id, .desired(full))
      commands.append(.register(record, LinkID(UInt64(number + 1))))
    }
  }

  var now: Moment { AgentBench.moment(time * 1_000_000) }

  /// An array whose tasks take between so many milliseconds each.
  mutating func submit(_ tasks: UInt32, each length: ClosedRange<Int64>, priority: Int32) {
    request += 1
    var wanted = JobRequest(name: "job", owner: UserID(1001))
    wanted.array = .of(tasks)
    wanted.options.priority = priority
    let caller = Caller(uid: UserID(1001), isAdministrator: false)
    lengths[controller.state.nextJob] = length
    commands.append(
      .submit(
        wanted, Payload(launch: [1], environment: []), nil, once: Once(), inside: nil,
        from: caller, RequestID(request)))
    settle()
  }

  /// On to the next end; false if nothing runs.
  mutating func next() -> Bool {
    guard let end = ends.min() else { return false }
    ends.removeAll { $0.uid == end.uid }
    time = max(time, end.at)
    var record = ExitRecord(ended: now)
    record.exitCode = 0
    record.started = begun[end.uid]
    feed(end.worker, .shim(.ended(end.uid, record)))
    settle()
    return true
  }

  /// Until everybody has said what there is to say.
  private mutating func settle() {
    repeat {
      while !commands.isEmpty { carryOut(controller.step(commands.removeFirst(), at: now)) }
      if controller.wantsSchedule { carryOut(controller.step(.schedule, at: now)) }
    } while !commands.isEmpty || controller.wantsSchedule
    violations += Invariants.violations(in: controller)
    let waits = controller.state.jobs.contains { !$0.progress.pending.isEmpty }
    for (id, agent) in agents where agent.free.cpuMillis >= 1000 {
      if waits || agents.values.contains(where: { !$0.queue.isEmpty }) {
        violations.append("worker \(id) has room at \(time) ms, and something waits")
      }
    }
  }

  private mutating func carryOut(_ step: Controller.Step) {
    for effect in step.effects {
      switch effect {
      case .run(let uid):
        guard let attempt = controller.state.attempts[uid] else { continue }
        var desired = Desired()
        desired.runs = [
          Assignment(
            uid: uid, charge: attempt.charge, timeLimit: nil, grace: .seconds(5),
            isAhead: attempt.isAhead)
        ]
        feed(attempt.worker, .desired(desired))
      case .recall(let worker, let uid):
        var desired = Desired()
        desired.recalls = [uid]
        takenBack += 1
        feed(worker, .desired(desired))
      case .acknowledge(let worker, let uid):
        var desired = Desired()
        desired.acknowledged = [uid]
        feed(worker, .desired(desired))
      case .reply, .stop, .signal, .welcome, .reject, .drop, .taskEnded, .tasksEnded, .jobEnded,
        .ask, .wake:
        break
      }
    }
  }

  private mutating func feed(_ worker: WorkerID, _ input: AgentInput) {
    let now = now
    for effect in agents[worker]?.step(input, at: now) ?? [] {
      switch effect {
      case .spawn(let uid): begin(uid, on: worker)
      case .report(let observations, sequence: _, full: false):
        if let link = controller.state.workers[worker]?.link {
          commands.append(.observe(link, observations))
        }
      case .report, .signal, .freeze, .kill, .acknowledge, .lease, .forget, .wake, .odd: break
      }
    }
  }

  private mutating func begin(_ uid: AttemptUID, on worker: WorkerID) {
    guard let attempt = controller.state.attempts[uid],
      let job = controller.state.jobs[attempt.task.job], let length = lengths[job.id]
    else { return violations.append("attempt \(uid) begins and is not open") }
    if attempt.isAhead { startedAhead += 1 }
    for other in controller.state.jobs
    where other.rank < job.rank && !other.progress.pending.isEmpty {
      violations.append("job \(job.id) goes before job \(other.id), which waits, at \(time) ms")
    }
    begun[uid] = now
    let span = Int64.random(in: length, using: &random)
    ends.append(End(at: time + span, uid: uid, worker: worker))
    feed(worker, .shim(.started(uid, at: now)))
  }
}

@Suite("look-ahead is fair")
struct LookAheadFairnessTests {
  /// Short, long and mixed arrays, more and less urgent, come while others run.
  @Test("with mixed lengths nobody is passed, and no worker rests while work waits at another")
  func mixed() {
    var (ahead, back) = (0, 0)
    for seed in 1...15 as ClosedRange<UInt64> {
      var random = Random(seed: seed)
      var farm = Farm(
        seed: seed,
        workers: (0..<Int.random(in: 1...4, using: &random)).map { _ in
          UInt64.random(in: 1...4, using: &random)
        })
      let kinds: [ClosedRange<Int64>] = [1...50, 1...50, 20...2500, 2000...20_000]
      for _ in 0..<12 {
        farm.submit(
          UInt32.random(in: 1...60, using: &random),
          each: kinds.randomElement(using: &random) ?? 1...1,
          priority: Int32.random(in: -1...1, using: &random))
        for _ in 0..<Int.random(in: 0...30, using: &random) { _ = farm.next() }
      }
      while farm.next() {}
      #expect(farm.violations.isEmpty, "seed \(seed): \(farm.violations.prefix(3))")
      #expect(farm.controller.state.jobs.isEmpty, "seed \(seed)")
      ahead += farm.startedAhead
      back += farm.takenBack
    }
    #expect(ahead > 200 && back > 20, "the walks are not what they are meant to be")
  }
}
