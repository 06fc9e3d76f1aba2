import FlusterCore
import Testing

@Suite("Changing what a job asked for")
struct ChangeTests {
  @Test("a job that waits goes where its new priority and band put it, in every order of both")
  func ranks() {
    var world = World()
    let jobs = (0..<5).map { _ in world.job() }
    world.change([jobs[3]], .priority(5))
    world.change([jobs[4]], .band(.production))
    world.change([jobs[0]], .band(.batch))
    world.change([jobs[1]], .priority(-1))
    world.change([jobs[3]], .priority(4))
    var restarted = world
    restarted.restart()
    let order = [jobs[4], jobs[3], jobs[2], jobs[1], jobs[0]]
    for var world in [world, restarted] {
      world.worker(cpus: 5)
      #expect(world.schedule().map(\.task.job) == order)
      #expect(world.violations.isEmpty)
    }
  }

  @Test("tasks that are tried again keep their place in a job whose rank has changed")
  func retries() {
    var world = World()
    world.worker(cpus: 1)
    let array = world.job {
      $0.array = .of(2)
      $0.retries = 1
      $0.backoff = Backoff(first: Span(milliseconds: 0), most: Span(milliseconds: 0))
    }
    world.finish(world.schedule()[0], Outcome(.exit, exitCode: 1))
    world.step(.tick)
    let other = world.job()
    world.change([array], .priority(-1))
    var served: [TaskID] = []
    for _ in 0..<3 {
      let attempts = world.schedule()
      served += attempts.map(\.task)
      for attempt in attempts { world.finish(attempt) }
    }
    #expect(served == [TaskID(other, 0), TaskID(array, 0), TaskID(array, 1)])
    #expect(world.violations.isEmpty)
  }

  @Test("what needs less than before finds the room that it did not fit into")
  func memory() {
    var world = World()
    world.worker(cpus: 4, memory: 8 << 30)
    _ = world.job { $0.needs = Requirement(cpuMillis: 1000, memoryBytes: 6 << 30) }
    let job = world.job { $0.needs = Requirement(cpuMillis: 1000, memoryBytes: 3 << 30) }
    #expect(world.schedule().count == 1)
    world.change([job], .memory(2 << 30))
    #expect(world.schedule().map(\.charge.memoryBytes) == [2 << 30])
    #expect(world.violations.isEmpty)
  }

  @Test("more memory than any worker has, or for a job that runs, is refused")
  func refusedMemory() {
    var world = World()
    world.worker(memory: 8 << 30)
    let job = world.job()
    let never = world.change([job], .memory(9 << 30))?.refusal
    #expect(never?.code == .invalidArgument)
    #expect(never?.message.contains("worker w1 has only 8G") == true)
    world.schedule()
    let runs = world.change([job], .memory(1 << 30))?.refusal
    #expect(runs?.code == .failedPrecondition)
    #expect(runs?.message.hasPrefix("job \(job) runs:") == true)
    #expect(world.controller.state.jobs[job]?.request.needs.memoryBytes == nil)
    #expect(world.violations.isEmpty)
  }

  @Test("a new time limit is told to the workers of what runs")
  func timeLimit() {
    var world = World()
    world.worker()
    let job = world.job { $0.timeLimit = .seconds(10) }
    let attempt = world.schedule()[0]
    world.observe(attempt, .started)
    let step = world.step(
      .change([Selection(job: job)], .timeLimit(.seconds(60)), from: World.alice, RequestID(77)))
    #expect(step.effects.contains(.run(attempt.uid)))
    let same = world.step(
      .change([Selection(job: job)], .timeLimit(.seconds(60)), from: World.alice, RequestID(78)))
    #expect(same.events.isEmpty)
    world.change([job], .timeLimit(nil))
    #expect(world.controller.state.jobs[job]?.request.timeLimit == nil)
    #expect(world.violations.isEmpty)
  }

  @Test("a warning needs a time limit that is longer, also when that is changed")
  func warning() {
    var world = World()
    func warn(_ limit: Span?) -> Answer? {
      world.submit {
        $0.options.warning = Warning(signal: 10, before: .seconds(60))
        $0.timeLimit = limit
      }
    }
    #expect(warn(nil)?.refusal?.code == .invalidArgument)
    #expect(warn(.seconds(60))?.refusal?.code == .invalidArgument)
    guard case .submitted(let job, existed: false, notice: nil) = warn(.seconds(61)) else {
      Issue.record("it was not accepted")
      return
    }
    #expect(world.change([job], .timeLimit(nil))?.refusal?.code == .failedPrecondition)
    #expect(world.change([job], .timeLimit(.seconds(60)))?.refusal?.code == .failedPrecondition)
    #expect(world.change([job], .timeLimit(.seconds(100)))?.refusal == nil)
    #expect(world.violations.isEmpty)
  }

  @Test("what is run again has neither key nor hold nor tie, and all the rest")
  func again() {
    var request = JobRequest(name: "job", owner: UserID(1))
    request.held = true
    request.options.isTied = true
    request.options.priority = 7
    request.timeLimit = .seconds(9)
    request.options.key = JobKey(
      name: "k", digest: RequestDigest(AttemptUID(high: 1, low: 1)), replaces: JobID(3))
    var plain = JobRequest(name: "job", owner: UserID(1))
    plain.options.priority = 7
    plain.timeLimit = .seconds(9)
    #expect(request.again == plain)
  }

  @Test("one task has nothing of its own that could be changed, and another's job is not mine")
  func refused() {
    var world = World()
    let job = world.job { $0.array = .of(9) }
    let reply = world.request()
    let task = world.step(
      .change([Selection(job: job, indices: 7...7)], .priority(1), from: World.alice, reply)
    ).answer(to: reply)?.refusal
    #expect(task?.code == .failedPrecondition)
    #expect(task?.message.hasPrefix("task \(job).7 has no priority of its own") == true)
    #expect(world.change([job], .priority(1), as: World.bob)?.refusal?.code == .permissionDenied)
    #expect(world.change([job], .priority(1), as: World.root)?.refusal == nil)
    #expect(world.change([JobID(99)], .priority(1)) == .done(unknown: [JobID(99)]))
    #expect(world.violations.isEmpty)
  }

  @Test("what is kept for a job is kept for what it needs now")
  func reservation() {
    var world = World()
    world.worker(cpus: 4, memory: 8 << 30)
    _ = world.job { $0.needs = Requirement(cpuMillis: 3000, memoryBytes: 1 << 30) }
    let first = world.schedule()
    let large = world.job { $0.needs = Requirement(cpuMillis: 2000, memoryBytes: 7 << 30) }
    world.advance(seconds: 11)
    // It would take the memory that is kept.
    let small = world.job { $0.needs = Requirement(cpuMillis: 1000, memoryBytes: 2 << 30) }
    #expect(world.schedule().isEmpty)
    world.change([large], .memory(1 << 30))
    var placed: [OpenAttempt] = []
    while world.controller.wantsSchedule { placed += world.schedule() }
    #expect(placed.map(\.task.job) == [small])
    world.finish(first[0])
    #expect(world.schedule().map(\.task.job) == [large])
    #expect(world.violations.isEmpty)
  }
}

extension World {
  @discardableResult
  mutating func change(
    _ jobs: [JobID], _ change: JobChange, as caller: Caller = World.alice
  ) -> Answer? {
    let reply = request()
    return step(.change(jobs.map { Selection(job: $0) }, change, from: caller, reply))
      .answer(to: reply)
  }
}
