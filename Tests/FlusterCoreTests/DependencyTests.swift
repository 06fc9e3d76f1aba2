import FlusterCore
import Testing

@Suite("Dependencies")
struct DependencyTests {
  private static func on(
    _ kind: Dependency.Kind, _ job: JobID, _ indices: ClosedRange<UInt32>? = nil
  ) -> Dependency {
    Dependency(kind, Selection(job: job, indices: indices))
  }

  @Test("a job starts when the job that it comes after has ended, however that was")
  func after() throws {
    for code in [UInt8(0), 3] {
      var world = World()
      world.worker()
      let first = world.job()
      let second = world.job { $0.options.dependencies = [Self.on(.after, first)] }
      let attempts = world.schedule()
      #expect(attempts.map(\.task.job) == [first])
      #expect(
        world.controller.pendingReason(for: second, at: world.now)?.text
          == "waits for job 1 to end")
      world.finish(attempts[0], Outcome(.exit, exitCode: code))
      #expect(world.schedule().map(\.task.job) == [second])
      #expect(world.violations.isEmpty)
    }
  }

  @Test("what waits for a success starts after it, and ends at once where there can be none")
  func afterOK() throws {
    var world = World()
    world.worker()
    let first = world.job { $0.array = .of(3) }
    let second = world.job { $0.options.dependencies = [Self.on(.afterOK, first)] }
    let third = world.job { $0.options.dependencies = [Self.on(.afterOK, first, 0...1)] }
    let attempts = world.schedule()
    #expect(attempts.count == 3)
    world.finish(attempts[0])
    world.finish(attempts[1])
    #expect(world.schedule().map(\.task.job) == [third])
    // The array still runs, and cannot succeed any more.
    let before = world.controller.state.jobs[second]
    #expect(before?.progress.state == .pending)
    let step = world.finish(attempts[2], Outcome(.exit, exitCode: 1))
    let why = "--after-ok 1: task 1.2 has ended (failed)"
    #expect(world.controller.state.jobs[second] == nil)
    #expect(
      step.effects.contains(
        .tasksEnded(
          second, RangeSet(0..<1), .killed,
          EndStory(outcome: Outcome(.dependency, text: why)))))
    let entry = try #require(step.entries.first { $0.kind == .tasksEnded })
    #expect(entry.cause == .dependency && entry.text == why)
    #expect(world.violations.isEmpty)
  }

  @Test("what waits for a failure starts after all has ended and something failed")
  func afterFail() throws {
    var world = World()
    world.worker()
    let (first, second) = (world.job(), world.job())
    let cleaner = world.job {
      $0.options.dependencies = [Self.on(.afterFail, first), Self.on(.afterFail, second)]
    }
    let attempts = world.schedule()
    _ = world.controller.takeProgress()
    world.finish(attempts[0], Outcome(.signal, signal: 9))
    #expect(world.schedule().isEmpty)
    // What has been seen survives the end of the controller, and the record of the job.
    let stored = world.controller.takeProgress().first { $0.job == cleaner }
    #expect(stored?.hasSeenFailure == true)
    world.restart()
    world.worker()
    #expect(world.controller.state.jobs[cleaner]?.progress.hasSeenFailure == true)
    world.finish(attempts[1])
    #expect(world.schedule().map(\.task.job) == [cleaner])
    #expect(world.violations.isEmpty)
  }

  @Test("what waits for a failure ends when all has succeeded")
  func noFailure() throws {
    var world = World()
    world.worker()
    let (first, second) = (world.job(), world.job())
    let one = world.job { $0.options.dependencies = [Self.on(.afterFail, first)] }
    let both = world.job {
      $0.options.dependencies = [Self.on(.afterFail, first), Self.on(.afterFail, second)]
    }
    let attempts = world.schedule()
    let step = world.finish(attempts[0])
    #expect(step.ended?.job == first)
    #expect(world.controller.state.jobs[one] == nil)
    #expect(world.controller.state.jobs[both] != nil)
    world.finish(attempts[1])
    #expect(world.controller.state.jobs.isEmpty)
    #expect(world.violations.isEmpty)
  }

  @Test("a job cannot depend on the one that it replaces, which is ended for it")
  func replaced() {
    var world = World()
    let key = JobKey(name: "k", digest: RequestDigest(AttemptUID(high: 0, low: 0)))
    let old = world.job { $0.options.key = key }
    let before = world.controller.state
    let answer = world.submit(once: Once(scope: .live, ifExists: .replace)) {
      $0.options.key = key
      $0.options.dependencies = [Self.on(.afterFail, old)]
    }
    #expect(answer?.refusal?.code == .failedPrecondition)
    #expect(world.controller.state == before)
  }

  @Test("what ends below the job that is replaced has ended without success for what replaces it")
  func replacedTree() throws {
    for kind in [Dependency.Kind.afterFail, .afterOK] {
      var world = World()
      world.worker()
      let key = JobKey(name: "k", digest: RequestDigest(AttemptUID(high: 0, low: 0)))
      let old = world.job { $0.options.key = key }
      let attempt = try #require(world.schedule().first)
      world.observe(attempt, .started)
      let child = world.job(inside: attempt) { $0.held = true }
      let answer = world.submit(once: Once(scope: .live, ifExists: .replace)) {
        $0.options.key = key
        $0.options.dependencies = [Self.on(kind, child)]
      }
      guard case .submitted(let id, existed: false, notice: _) = answer else {
        Issue.record("\(String(describing: answer))")
        return
      }
      #expect(world.controller.state.jobs[child] == nil)
      world.observe(attempt, .finished(Outcome(.killed, signal: 15)))
      #expect(world.controller.state.jobs[old] == nil)
      #expect(world.schedule().map(\.task.job) == (kind == .afterFail ? [id] : []))
      #expect((world.controller.state.jobs[id] == nil) == (kind == .afterOK))
      #expect(world.violations.isEmpty)
    }
  }

  @Test("a task that has succeeded cannot fail any more, whatever becomes of the others")
  func succeededTask() throws {
    var world = World()
    world.worker()
    let array = world.job { $0.array = .of(2) }
    world.finish(try #require(world.schedule().first))
    let answer = world.submit { $0.options.dependencies = [Self.on(.afterFail, array, 0...0)] }
    let why = "--after-fail 1.0: task 1.0 has succeeded"
    #expect(
      answer
        == .submitted(
          JobID(2), existed: false, notice: "job 2 ends without being started: \(why)"))
    #expect(world.controller.state.jobs.count == 1)
    #expect(world.violations.isEmpty)
  }

  @Test("a chain of a hundred thousand ends with its first job, in one step")
  func chain() throws {
    var controller = Controller(restored: .empty, random: Random(seed: 1))
    let now = Moment(monotonic: Instant(nanoseconds: 0), wall: WallTime(milliseconds: 1))
    let count: UInt64 = 100_000
    for number in 1...count {
      var request = JobRequest(name: "link", owner: World.alice.uid)
      if number > 1 { request.options.dependencies = [Self.on(.afterOK, JobID(number - 1))] }
      _ = controller.step(
        .submit(
          request, Payload(launch: [], environment: []), nil, from: World.alice,
          RequestID(number)), at: now)
    }
    #expect(controller.state.jobs.count == Int(count))
    let step = controller.step(
      .kill([Selection(job: JobID(1))], reason: "", from: World.alice, RequestID(0)), at: now)
    #expect(controller.state.jobs.isEmpty)
    #expect(step.entries.last?.subject?.job == JobID(count))
    #expect(step.entries.count { $0.cause == .dependency } == Int(count) - 1)
  }

  @Test("what has ended already counts as the store tells it")
  func past() throws {
    var world = World()
    world.worker()
    let (good, bad) = (Selection(job: JobID(1)), Selection(job: JobID(2), indices: 4...5))
    for _ in 0..<2 {
      _ = world.job()
      world.finish(try #require(world.schedule().first))
    }
    let past: [Selection: TaskState] = [good: .succeeded, bad: .killed]
    func submit(_ kind: Dependency.Kind, _ target: Selection) -> Answer? {
      var request = JobRequest(name: "job", owner: World.alice.uid)
      request.options.dependencies = [Dependency(kind, target)]
      let id = world.request()
      return world.step(
        .submit(
          request, Payload(launch: [], environment: []), nil, past: past, from: World.alice, id)
      ).answer(to: id)
    }
    #expect(submit(.afterOK, good) == .submitted(JobID(3), existed: false))
    #expect(submit(.after, bad) == .submitted(JobID(4), existed: false))
    #expect(submit(.afterFail, bad) == .submitted(JobID(5), existed: false))
    #expect(world.schedule().map(\.task.job) == [JobID(3), JobID(4), JobID(5)])
    let why = "--after-ok 2.4-5: one of the tasks 2.4-5 has ended (killed)"
    #expect(
      submit(.afterOK, bad)
        == .submitted(
          JobID(6), existed: false, notice: "job 6 ends without being started: \(why)"))
    #expect(world.controller.state.jobs[JobID(6)] == nil)
    let none = "--after-fail 1: job 1 has succeeded"
    #expect(
      submit(.afterFail, good)
        == .submitted(
          JobID(7), existed: false, notice: "job 7 ends without being started: \(none)"))
    #expect(submit(.after, Selection(job: JobID(99)))?.refusal?.code == .notFound)
    #expect(world.violations.isEmpty)
  }

  @Test("a dependency on what there is not, or on too much, is refused with nothing stored")
  func refused() {
    var world = World()
    let array = world.job { $0.array = .of(2000) }
    let before = world.controller.state
    let missing = world.submit { $0.options.dependencies = [Self.on(.after, array, 2000...2001)] }
    #expect(missing?.refusal?.message == "job 1 has no task 2000-2001")
    let much = world.submit { $0.options.dependencies = [Self.on(.after, array, 0...1000)] }
    #expect(much?.refusal?.message == "a job can wait for at most 1000 jobs and tasks")
    #expect(world.controller.state == before)
    #expect(
      world.submit { $0.options.dependencies = [Self.on(.after, array, 0...999)] }?.refusal == nil)
    #expect(world.violations.isEmpty)
  }

  @Test("what is killed while it waits is forgotten by those it waited for")
  func killed() {
    var world = World()
    world.worker()
    let first = world.job { $0.held = true }
    let second = world.job {
      $0.options.dependencies = [Self.on(.after, first), Self.on(.afterOK, first, 0...0)]
    }
    world.kill(second)
    #expect(!world.controller.state.dependents.isWaiting(second))
    world.kill(first)
    #expect(world.controller.state.jobs.isEmpty)
    #expect(world.violations.isEmpty)
  }

  @Test("a job that takes another's place may wait for others, too")
  func replacing() throws {
    var world = World()
    world.worker()
    let first = world.job()
    let key = JobKey(name: "k", digest: RequestDigest(AttemptUID(high: 0, low: 0)))
    _ = world.job { $0.options.key = key }
    let attempts = world.schedule()
    #expect(attempts.count == 2)
    world.submit(once: Once(scope: .live, ifExists: .replace)) {
      $0.options.key = key
      $0.options.dependencies = [Self.on(.after, first)]
    }
    world.finish(attempts[1], Outcome(.killed, signal: 15))
    #expect(world.schedule().isEmpty)
    world.finish(attempts[0])
    #expect(world.schedule().map(\.task.job) == [JobID(3)])
    #expect(world.violations.isEmpty)
  }
}
