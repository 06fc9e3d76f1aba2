import FlusterCore
import Testing

@Suite("Gangs: all tasks together or none")
struct GangTests {
  private static let failed = Outcome(.exit, exitCode: 1)

  private func gang(
    of count: UInt32, cpus: UInt64 = 1, retries: UInt32 = 0, _ rules: Gang = Gang()
  ) -> (inout JobRequest) -> Void {
    { request in
      request.array = .of(count)
      request.needs = Requirement(cpuMillis: cpus * 1000)
      request.retries = retries
      request.backoff = Backoff(first: .seconds(1), most: .seconds(1))
      request.options.gang = rules
    }
  }

  /// A gang of three that runs.
  private func running(
    _ world: inout World, retries: UInt32 = 0
  ) -> (job: JobID, attempts: [OpenAttempt]) {
    world.worker(cpus: 3)
    let job = world.job(gang(of: 3, retries: retries))
    let attempts = world.schedule()
    for attempt in attempts { world.observe(attempt, .started) }
    return (job, attempts)
  }

  /// Scenario 16.
  @Test("a gang cannot be grouped by an attribute without a name")
  func unnamed() {
    var world = World()
    let answer = world.submit("gang", gang(of: 2, Gang(groupBy: "")))
    #expect(answer?.refusal?.code == .invalidArgument)
  }

  @Test("a gang is placed in one pass on whatever workers have room, or waits as a whole")
  func together() {
    var world = World()
    world.worker("a", cpus: 1)
    world.worker("b", cpus: 2)
    _ = world.job()
    let blocker = world.schedule()
    let job = world.job(gang(of: 3))
    #expect(world.schedule().isEmpty)
    #expect(world.controller.state.jobs[job]?.progress.counts.pending == 3)
    let reason = world.controller.pendingReason(for: job, at: world.now)
    #expect(
      reason?.text == "needs room for 3 tasks of 1 cpu at once; there is room for 2 now")
    world.finish(blocker[0])
    #expect(world.schedule().map(\.worker.name) == ["a", "b", "b"])
    #expect(
      world.controller.state.jobs[job].map(world.controller.state.gangAddresses)
        == ["host-of-a", "host-of-b", "host-of-b"])
    #expect(world.violations.isEmpty)
  }

  @Test("a group is one value of the attribute, and the first that holds all takes them")
  func grouped() {
    var world = World()
    for (name, rack) in [("a", "1"), ("b", "2"), ("c", "1"), ("d", "2")] {
      world.worker(name, cpus: name == "a" ? 1 : 2, attributes: .named(["rack": rack]))
    }
    world.worker("e", cpus: 4)
    _ = world.job(gang(of: 4, Gang(groupBy: "rack")))
    #expect(world.schedule().map(\.worker.name) == ["b", "b", "d", "d"])
    _ = world.job(gang(of: 3, Gang(groupBy: "rack")))
    #expect(world.schedule().map(\.worker.name) == ["a", "c", "c"])
    #expect(world.violations.isEmpty)
  }

  @Test("of groups that would do, the one that grants most wishes is taken")
  func wished() {
    var world = World()
    world.worker("a", attributes: .named(["rack": "1"]))
    world.worker("b", attributes: .named(["rack": "2", "ssd": "yes"]))
    _ = world.job {
      gang(of: 2, Gang(groupBy: "rack"))(&$0)
      $0.needs = Requirement(
        cpuMillis: 1000, constraints: [Constraint(key: "ssd", .exists, [], isHard: false)])
    }
    #expect(world.schedule().map(\.worker.name) == ["b", "b"])
  }

  @Test("one per worker means so, whatever room a worker has")
  func spread() {
    var world = World()
    world.worker("a", cpus: 8)
    world.worker("b", cpus: 8)
    let answer = world.submit("gang", gang(of: 3, Gang(spread: true)))
    #expect(
      answer?.refusal?.message
        == "a gang of 3, each of which needs 1 cpu, never fits: all workers together could take 2"
        + " one a worker")
    world.worker("c", cpus: 1)
    _ = world.job(gang(of: 3, Gang(spread: true)))
    #expect(world.schedule().map(\.worker.name) == ["a", "b", "c"])
    #expect(world.violations.isEmpty)
  }

  @Test("a gang larger than every group is refused with what the largest could take")
  func tooLarge() {
    var world = World()
    world.worker("a", cpus: 2, attributes: .named(["rack": "1"]))
    world.worker("b", cpus: 3, attributes: .named(["rack": "2"]))
    let refusal = world.submit("gang", gang(of: 4, Gang(groupBy: "rack")))?.refusal
    #expect(refusal?.code == .invalidArgument)
    #expect(refusal?.message.contains("the largest group of one rack could take 3") == true)
    #expect(world.submit("gang", gang(of: 4)) == .submitted(JobID(1), existed: false))
    let nobody = world.submit("gang", gang(of: 2, Gang(groupBy: "zone")))?.refusal
    #expect(nobody?.message.contains("no worker has the attribute zone") == true)
  }

  @Test("a gang has at most 1000 tasks, and all of them at once")
  func limits() {
    var world = World()
    #expect(world.submit("gang", gang(of: 1001))?.refusal?.message.contains("1000") == true)
    #expect(world.submit("gang", gang(of: 1000))?.refusal == nil)
    let throttled = world.submit {
      gang(of: 4)(&$0)
      $0.array = TaskArray(first: 0, step: 1, count: 4, throttle: 3, isExplicit: true)
    }
    #expect(throttled?.refusal?.code == .invalidArgument)
  }

  @Test("a failure with a budget is charged to its task, and all start again together")
  func retried() throws {
    var world = World()
    let (job, attempts) = running(&world, retries: 1)
    let step = world.finish(attempts[1], Self.failed)
    for other in [attempts[0], attempts[2]] {
      #expect(step.effects.contains(.stop(WorkerID("w1"), other.uid)))
    }
    #expect(world.controller.pendingReason(for: job, at: world.now)?.code == .gang)
    world.advance(seconds: 2)
    world.step(.tick)
    world.finish(attempts[0], Outcome(.killed, signal: 15))
    // Stopped, and not confirmed yet: its room is held, and nobody starts.
    #expect(world.controller.state.free(on: WorkerID("w1")).cpuMillis == 2000)
    #expect(world.schedule().isEmpty)
    world.finish(attempts[2], Outcome(.killed, signal: 15))
    let again = world.schedule()
    #expect(again.map(\.task.position) == [0, 1, 2] && again.map(\.number) == [1, 1, 1])
    let records = world.controller.state.jobs[job]?.records
    #expect((0...2).map { records?[$0]?.failures } == [0, 1, 0])
    #expect((0...2).map { records?[$0]?.preemptions } == [0, 0, 0])
    #expect(world.violations.isEmpty)
  }

  @Test("the pause after a failure is everybody's")
  func backoff() {
    var world = World()
    let (job, attempts) = running(&world, retries: 1)
    world.finish(attempts[1], Self.failed)
    world.finish(attempts[0], Outcome(.killed))
    world.finish(attempts[2], Outcome(.killed))
    #expect(world.schedule().isEmpty)
    #expect(world.controller.pendingReason(for: job, at: world.now)?.code == .backOff)
    world.advance(seconds: 2)
    world.step(.tick)
    #expect(world.schedule().count == 3)
    #expect(world.violations.isEmpty)
  }

  @Test("a loss is charged to its task's other budget, and all start again")
  func lost() {
    var world = World()
    let (job, attempts) = running(&world)
    world.finish(attempts[0], Outcome(.workerLost))
    world.finish(attempts[1], Outcome(.killed))
    world.finish(attempts[2], Outcome(.killed))
    #expect(world.schedule().count == 3)
    let records = world.controller.state.jobs[job]?.records
    #expect((0...2).map { records?[$0]?.preemptions } == [1, 0, 0])
    #expect(world.violations.isEmpty)
  }

  @Test("two that fail in one message are charged once")
  func twoAtOnce() throws {
    var world = World()
    let (job, attempts) = running(&world, retries: 1)
    let link = try #require(world.controller.state.workers[WorkerID("w1")]?.link)
    world.step(
      .observe(
        link,
        attempts[0...1].map {
          Observation(uid: $0.uid, kind: .finished(Self.failed), at: world.now.wall)
        }))
    let records = world.controller.state.jobs[job]?.records
    #expect((0...1).map { records?[$0]?.failures } == [1, 0])
    #expect(world.controller.state.jobs[job]?.progress.failures.count == 1)
    #expect(world.violations.isEmpty)
  }

  @Test("a failure without a budget ends the others, once each, and the job has failed")
  func failed() {
    var world = World()
    let (_, attempts) = running(&world)
    world.finish(attempts[0], Self.failed)
    let step = world.finish(attempts[1], Outcome(.killed, signal: 15))
    #expect(
      step.effects.contains { effect in
        if case .taskEnded(_, .gangFailed, let outcome) = effect {
          outcome?.cause == .gang && outcome?.text == "a task of its gang did not succeed"
        } else {
          false
        }
      })
    let ended = world.finish(attempts[2], Outcome(.killed)).ended
    #expect(ended?.state == .failed)
    #expect(ended?.counts.failed == 1 && ended?.counts.gangFailed == 2)
    #expect(world.violations.isEmpty)
  }

  @Test("members that wait for another try end with the one that has none left")
  func pendingToo() {
    var world = World()
    let (job, attempts) = running(&world, retries: 1)
    world.finish(attempts[0], Self.failed)
    world.finish(attempts[1], Outcome(.killed))
    world.finish(attempts[2], Outcome(.killed))
    let step = world.kill(job, 1...1)
    #expect(
      step.effects.contains(
        .tasksEnded(
          job, RangeSet([0..<1, 2..<3]), .gangFailed,
          EndStory(reason: "a task of its gang did not succeed"))))
    #expect(step.ended?.state == .killed)
    #expect(world.violations.isEmpty)
  }

  @Test("time limits of several members at once end each once")
  func timeLimits() throws {
    var world = World()
    let (_, attempts) = running(&world, retries: 5)
    let link = try #require(world.controller.state.workers[WorkerID("w1")]?.link)
    let step = world.step(
      .observe(
        link,
        attempts.map {
          Observation(
            uid: $0.uid, kind: .finished(Outcome(.timeLimit, signal: 15)), at: world.now.wall)
        }))
    let ended = step.ended
    #expect(ended?.state == .failed)
    #expect(ended?.counts.failed == 1 && ended?.counts.gangFailed == 2)
    #expect(world.violations.isEmpty)
  }

  @Test("a success leaves the others alone")
  func succeeded() {
    var world = World()
    let (job, attempts) = running(&world)
    let step = world.finish(attempts[0])
    #expect(!step.effects.contains { if case .stop = $0 { true } else { false } })
    world.finish(attempts[1])
    #expect(world.finish(attempts[2]).ended?.state == .succeeded)
    #expect(world.state(job) == nil)
    #expect(world.violations.isEmpty)
  }

  @Test("after a success the others start again without it")
  func withoutTheDone() {
    var world = World()
    let (job, attempts) = running(&world, retries: 1)
    world.finish(attempts[0])
    world.finish(attempts[1], Self.failed)
    world.finish(attempts[2], Outcome(.killed))
    world.advance(seconds: 2)
    world.step(.tick)
    #expect(world.schedule().map(\.task.position) == [1, 2])
    #expect(
      world.controller.state.jobs[job].map(world.controller.state.gangAddresses)
        == ["-", "host-of-w1", "host-of-w1"])
    #expect(world.violations.isEmpty)
  }

  @Test("killing one member ends all, and the job was killed")
  func killed() {
    var world = World()
    let (job, attempts) = running(&world, retries: 5)
    world.kill(job, 1...1)
    #expect(world.finish(attempts[1], Outcome(.killed, signal: 15)).verdict?.charged == Budget.none)
    world.finish(attempts[0], Outcome(.killed))
    let ended = world.finish(attempts[2], Outcome(.killed)).ended
    #expect(ended?.state == .killed)
    #expect(ended?.counts.killed == 1 && ended?.counts.gangFailed == 2)
    #expect(world.violations.isEmpty)
  }

  @Test("a gang with a held member waits as a whole, and says so")
  func held() {
    var world = World()
    world.worker()
    let job = world.job(gang(of: 2))
    let one = [Selection(job: job, indices: 1...1)]
    world.step(.hold(one, from: World.alice, world.request()))
    #expect(world.schedule().isEmpty)
    #expect(world.controller.pendingReason(for: job, at: world.now)?.code == .held)
    world.step(.release(one, from: World.alice, world.request()))
    #expect(world.schedule().count == 2)
    #expect(world.violations.isEmpty)
  }

  @Test("a gang that finds no place in time is unschedulable as a whole")
  func unschedulable() {
    var world = World()
    world.worker(cpus: 2)
    _ = world.job()
    world.schedule()
    _ = world.job {
      gang(of: 2)(&$0)
      $0.options.scheduleTimeout = .seconds(1)
    }
    world.advance(seconds: 2)
    let ended = world.step(.schedule).ended
    #expect(ended?.state == .unschedulable && ended?.counts.unschedulable == 2)
    #expect(world.violations.isEmpty)
  }
}
