import FlusterCore
import Testing

@Suite("The failure limit of a job, and what counts as a failure")
struct FailureLimitTests {
  private static let failed = Outcome(.exit, exitCode: 1)

  private func limited(_ most: UInt32?, retries: UInt32 = 0) -> (inout JobRequest) -> Void {
    { request in
      request.array = .of(3)
      request.retries = retries
      request.backoff = Backoff(first: Span(milliseconds: 0), most: Span(milliseconds: 0))
      request.options.maxFailures = most
    }
  }

  /// Scenario 52.
  @Test("without any failure forgiven the first one ends the job, the pending tasks too")
  func none() {
    var world = World()
    world.worker(cpus: 2)
    let job = world.job(limited(0))
    let running = world.schedule()
    let step = world.finish(running[0], Self.failed)
    #expect(
      step.effects.contains(
        .tasksEnded(
          job, RangeSet(2..<3), .killed, EndStory(reason: "its job reached its failure limit"))))
    #expect(step.effects.contains(.stop(WorkerID("w1"), running[1].uid)))
    #expect(world.state(job, 1) == .assigned)
    let ended = world.finish(running[1], Outcome(.killed)).ended
    #expect(ended?.state == .failed)
    #expect(ended?.counts.failed == 1 && ended?.counts.killed == 2)
    #expect(world.violations.isEmpty)
  }

  /// Scenario 52.
  @Test("without the limit the others go on, and the job has failed at the end")
  func unlimited() {
    var world = World()
    world.worker(cpus: 3)
    let job = world.job(limited(nil))
    let running = world.schedule()
    world.finish(running[0], Self.failed)
    #expect(world.controller.state.jobs[job]?.progress.state == .running)
    world.finish(running[1])
    #expect(world.finish(running[2]).ended?.state == .failed)
    #expect(world.violations.isEmpty)
  }

  /// Scenario 53.
  @Test("one forgiven failure lets a job run on, the second fails it")
  func one() {
    var world = World()
    world.worker(cpus: 3)
    let job = world.job(limited(1))
    let running = world.schedule()
    world.finish(running[0], Self.failed)
    #expect(world.controller.state.jobs[job]?.progress.state == .running)
    world.finish(running[1])
    #expect(world.controller.state.jobs[job]?.progress.state == .running)
    #expect(world.finish(running[2], Self.failed).ended?.state == .failed)
    #expect(world.violations.isEmpty)
  }

  /// Scenario 54.
  @Test("losses never count as failures")
  func losses() {
    var world = World()
    world.worker(cpus: 3)
    let job = world.job(limited(0))
    for attempt in world.schedule() {
      world.observe(attempt, .started)
      world.finish(attempt, Outcome(.workerLost))
    }
    #expect(world.controller.state.jobs[job]?.progress.failures.count == 0)
    var ended: JobProgress?
    for attempt in world.schedule() { ended = world.finish(attempt).ended ?? ended }
    #expect(ended?.state == .succeeded)
    #expect(world.violations.isEmpty)
  }

  @Test("the error names the limit, its value and the attempts that used it up")
  func error() throws {
    var world = World()
    world.worker(cpus: 3)
    let job = world.job(limited(2, retries: 2))
    var request = JobRequest(name: "job", owner: World.alice.uid)
    limited(2, retries: 2)(&request)
    var ended: JobProgress?
    for position: UInt32 in [1, 2, 2] {
      world.step(.tick)
      world.schedule()
      let attempt = try #require(
        world.controller.state.attempts.values.first { $0.task.position == position })
      ended = world.finish(attempt, Self.failed).ended ?? ended
    }
    for attempt in world.controller.state.attempts.values {
      ended = world.finish(attempt, Outcome(.killed)).ended ?? ended
    }
    #expect(ended?.state == .failed)
    #expect(
      ended?.error(of: request, outcome: nil)
        == "3 attempts failed, more than --max-failures 2: "
        + "\(job).1 (attempt 0), \(job).2 (attempts 0 and 1)")
    #expect(world.violations.isEmpty)
  }

  /// Scenario 48.
  @Test("the error of a task that was tried too often names the task and the budget")
  func retries() throws {
    var world = World()
    world.worker()
    var request = JobRequest(name: "job", owner: World.alice.uid)
    request.retries = 3
    let job = world.job { $0.retries = 3 }
    var ended: JobProgress?
    for _ in 0..<4 {
      world.advance(seconds: 60)
      world.step(.tick)
      ended = world.finish(try #require(world.schedule().first), Self.failed).ended
    }
    #expect(
      ended?.error(of: request, outcome: Self.failed)
        == "task \(job) failed 4 times; --retries 3 allows 3")
  }

  @Test("a status that counts as success ends a task well, and stays what it is")
  func okStatus() throws {
    var world = World()
    world.worker()
    _ = world.job { $0.options.okStatuses = [3] }
    let attempt = try #require(world.schedule().first)
    let step = world.finish(attempt, Outcome(.exit, exitCode: 3))
    #expect(step.ended?.state == .succeeded)
    #expect(
      step.effects.contains(
        .taskEnded(attempt.task, .succeeded, Outcome(.exit, exitCode: 3))))
  }

  @Test("a good status that came before the kill is a success, like 0")
  func okBeforeKill() throws {
    for status: UInt8 in [0, 3] {
      var world = World()
      world.worker()
      let job = world.job { $0.options.okStatuses = [3] }
      let attempt = try #require(world.schedule().first)
      world.kill(job)
      #expect(world.finish(attempt, Outcome(.exit, exitCode: status)).ended?.state == .succeeded)
      #expect(world.violations.isEmpty)
    }
  }

  @Test("a status that is never retried ends a task whatever its budget")
  func finalStatus() throws {
    var world = World()
    world.worker()
    var request = JobRequest(name: "job", owner: World.alice.uid)
    request.retries = 9
    request.options.finalStatuses = [2]
    _ = world.job {
      $0.retries = 9
      $0.options.finalStatuses = [2]
    }
    let attempt = try #require(world.schedule().first)
    let outcome = Outcome(.exit, exitCode: 2)
    let ended = try #require(world.finish(attempt, outcome).ended)
    #expect(ended.state == .failed)
    #expect(ended.error(of: request, outcome: outcome) == "exit status 2 is not tried again")
  }

  /// Scenario 51.
  @Test("a retry leaves the ended attempt as it was, and the task without one")
  func kept() throws {
    var world = World()
    world.worker()
    let job = world.job { $0.retries = 1 }
    let attempt = try #require(world.schedule().first)
    let step = world.finish(attempt, Self.failed)
    #expect(
      step.events.contains { event in
        if case .attemptEnded(attempt.uid, Self.failed, at: _, _) = event { true } else { false }
      })
    let record = world.controller.state.jobs[job]?.records[0]
    #expect(record?.open == nil && record?.failures == 1 && record?.attempts == 1)
  }

  @Test("more retries than failures can never all be used")
  func contradiction() {
    var world = World()
    let answer = world.submit {
      $0.retries = 3
      $0.options.maxFailures = 2
    }
    #expect(answer?.refusal?.code == .invalidArgument)
    #expect(answer?.refusal?.wayOut.contains("--max-failures") == true)
  }
}
