import FlusterCore
import Testing

@Suite("Failures, losses and their budgets")
struct RetryTests {
  private static let failed = Outcome(.exit, exitCode: 1)

  /// Runs the job's task again and again with the endings given; the final row of the job.
  private func run(
    _ world: inout World, endings: [Outcome], _ change: (inout JobRequest) -> Void
  ) -> JobProgress? {
    world.worker()
    _ = world.job(change)
    for ending in endings {
      world.advance(seconds: 120)
      world.step(.tick)
      guard let attempt = world.schedule().first else { return nil }
      world.observe(attempt, .started)
      if let ended = world.finish(attempt, ending).ended { return ended }
    }
    return nil
  }

  /// Scenario 47.
  @Test("by default one failure ends the job")
  func noRetry() {
    var world = World()
    #expect(run(&world, endings: [Self.failed]) { _ in }?.state == .failed)
    #expect(world.violations.isEmpty)
  }

  /// Scenario 48.
  @Test("a failure budget of 3 means 4 attempts")
  func failureBudget() {
    var world = World()
    let three = Array(repeating: Self.failed, count: 3)
    #expect(run(&world, endings: three) { $0.retries = 3 } == nil)
    world = World()
    #expect(run(&world, endings: three + [Self.failed]) { $0.retries = 3 }?.state == .failed)
    #expect(world.violations.isEmpty)
  }

  /// Scenario 49.
  @Test("a preemption budget of 100 means 101 losses")
  func preemptionBudget() {
    var world = World()
    let losses = Array(repeating: Outcome(.workerLost), count: 101)
    #expect(run(&world, endings: losses) { _ in }?.state == .workerFailed)
    world = World()
    #expect(run(&world, endings: Array(losses.dropLast())) { _ in } == nil)
    #expect(world.violations.isEmpty)
  }

  /// Scenario 50.
  @Test("the two budgets are separate")
  func separate() {
    var world = World()
    let once: (inout JobRequest) -> Void = {
      $0.retries = 1
      $0.retriesLost = 1
    }
    let used = [Outcome(.workerLost), Self.failed]
    #expect(run(&world, endings: used, once) == nil)
    let record = world.controller.state.jobs[JobID(1)]?.records[0]
    #expect(record?.failures == 1 && record?.preemptions == 1)
    world = World()
    let endings = used + [Outcome(.exit, exitCode: 0)]
    #expect(run(&world, endings: endings, once)?.state == .succeeded)
    #expect(world.violations.isEmpty)
  }

  /// Scenario 55.
  @Test("a job that fails twice and then works succeeds with a budget of 2")
  func third() {
    var world = World()
    let endings = [Self.failed, Self.failed, Outcome(.exit, exitCode: 0)]
    #expect(run(&world, endings: endings) { $0.retries = 2 }?.state == .succeeded)
  }

  @Test("a time limit is never retried, running out of memory is a failure")
  func limits() {
    var world = World()
    #expect(run(&world, endings: [Outcome(.timeLimit)]) { $0.retries = 5 }?.state == .failed)
    world = World()
    #expect(run(&world, endings: [Outcome(.memoryLimit)]) { $0.retries = 1 } == nil)
  }

  @Test("a start that failed by the machine's fault is a loss, by the job's a failure")
  func starts() {
    var world = World()
    let machine = Outcome(.start, startReason: .cgroup)
    #expect(run(&world, endings: [machine]) { _ in } == nil)
    world = World()
    let own = Outcome(.start, startReason: .directory)
    #expect(run(&world, endings: [own]) { _ in }?.state == .failed)
  }

  @Test("a failed task waits, longer each time, before it is tried again")
  func backoff() throws {
    var world = World()
    world.worker()
    let job = world.job { $0.retries = 9 }
    var waits: [Int64] = []
    for _ in 0..<9 {
      let attempt = try #require(world.schedule().first)
      world.finish(attempt, Self.failed)
      let until = try #require(world.controller.nextWake?.wall)
      waits.append(until.milliseconds - world.now.wall.milliseconds)
      #expect(world.schedule().isEmpty)
      #expect(world.controller.pendingReason(for: job, at: world.now)?.code == .backOff)
      world.advance(seconds: 61)
      world.step(.tick)
    }
    for (number, wait) in waits.enumerated() {
      let full = min(1000 << number, 60_000)
      #expect((full / 2...full).contains(Int(wait)), "wait \(number) is \(wait) ms")
    }
    #expect(world.violations.isEmpty)
  }

  /// Scenario 43.
  @Test("a run that never reached its worker costs nothing")
  func refused() throws {
    var world = World()
    world.worker()
    let job = world.job { $0.retriesLost = 0 }
    let attempt = try #require(world.schedule().first)
    world.observe(attempt, .missing)
    #expect(world.state(job) == .pending)
    #expect(world.controller.state.jobs[job]?.records[0]?.preemptions == 0)
    #expect(world.schedule().first?.number == 1)
    #expect(world.violations.isEmpty)
  }

  /// Scenario 43.
  @Test("a run that never left costs nothing, and its worker gets no work before it is back")
  func neverLeft() throws {
    var world = World()
    let link = world.worker(cpus: 2)
    let job = world.job { $0.retriesLost = 0 }
    let attempt = try #require(world.schedule().first)
    world.step(.disconnect(link))
    let other = world.job()
    #expect(world.schedule().isEmpty)
    world.worker(cpus: 2, incarnation: 2)
    world.observe(attempt, .missing)
    #expect(world.state(job) == .pending)
    #expect(world.controller.state.jobs[job]?.progress.started == nil)
    let record = world.controller.state.jobs[job]?.records[0]
    #expect(record?.open == nil)
    #expect(record?.failures == 0 && record?.preemptions == 0)
    #expect(Set(world.schedule().map(\.task.job)) == [job, other])
    #expect(world.violations.isEmpty)
  }

  /// Scenarios 44, 45.
  @Test("late, repeated and foreign reports change nothing")
  func strangers() throws {
    var world = World()
    world.worker("a", cpus: 1)
    let job = world.job()
    let attempt = try #require(world.schedule().first)
    let other = world.worker("b", cpus: 1)
    let report = Observation(
      uid: attempt.uid, kind: .finished(Self.failed), at: world.now.wall)
    #expect(world.step(.observe(other, [report])).events.isEmpty)
    #expect(world.state(job) == .assigned)
    #expect(world.finish(attempt).ended?.state == .succeeded)
    let again = world.finish(attempt, Self.failed)
    #expect(again.events.isEmpty)
    #expect(again.effects == [.acknowledge(WorkerID("a"), attempt.uid)])
    #expect(world.violations.isEmpty)
  }

  @Test("a machine that booted again has lost what ran on it, and only that is charged")
  func reboot() throws {
    var world = World()
    world.worker(cpus: 2)
    let ran = world.job()
    let waited = world.job()
    let attempts = world.schedule()
    world.observe(attempts[0], .started)
    let link = try #require(world.controller.state.workers[WorkerID("w1")]?.link)
    world.step(.disconnect(link))
    #expect(world.state(ran) == .running)
    world.worker(cpus: 2, boot: "another", incarnation: 2)
    #expect(world.controller.state.jobs[ran]?.records[0]?.preemptions == 1)
    #expect(world.controller.state.jobs[waited]?.records[0]?.preemptions == 0)
    #expect(world.schedule().count == 2)
    #expect(world.violations.isEmpty)
  }
}
