import FlusterCore
import Testing

@Suite("Ending, holding and releasing")
struct KillTests {
  /// Scenario 38.
  @Test("a pending job that is killed never starts")
  func pending() {
    var world = World()
    let job = world.job()
    let reply = world.request()
    let step = world.step(.kill([Selection(job: job)], reason: "", from: World.alice, reply))
    #expect(step.answer(to: reply) == .done(unknown: []))
    #expect(step.ended?.state == .killed)
    #expect(step.ended?.ended != nil)
    #expect(step.ended?.started == nil)
    world.worker()
    #expect(world.schedule().isEmpty)
    #expect(world.violations.isEmpty)
  }

  /// Scenarios 39, 40.
  @Test("a job that is not among the unfinished is named, not refused")
  func unknown() {
    var world = World()
    let reply = world.request()
    let step = world.step(
      .kill([Selection(job: JobID(9))], reason: "", from: World.alice, reply))
    #expect(step.answer(to: reply) == .done(unknown: [JobID(9)]))
    #expect(step.events.isEmpty)
  }

  /// Scenario 42.
  @Test("killed is shown only when the worker has confirmed the end")
  func confirmed() throws {
    var world = World()
    world.worker(cpus: 2)
    let job = world.job {
      $0.array = TaskArray(first: 0, step: 1, count: 3, throttle: nil, isExplicit: true)
    }
    let attempts = world.schedule()
    for attempt in attempts { world.observe(attempt, .started) }
    world.step(.kill([Selection(job: job)], reason: "x", from: World.alice, world.request()))
    #expect(world.state(job, 0) == .running)
    #expect(world.state(job, 2) == .killed)
    #expect(world.schedule().isEmpty)
    #expect(world.finish(attempts[0], Outcome(.killed, signal: 15)).ended == nil)
    let last = world.finish(attempts[1], Outcome(.killed, signal: 15))
    #expect(last.ended?.state == .killed)
    #expect(last.ended?.counts.killed == 3)
    #expect(world.controller.state.free(on: WorkerID("w1")).cpuMillis == 2000)
    #expect(world.violations.isEmpty)
  }

  @Test("a million waiting tasks are killed as one range, and one task leaves its siblings alone")
  func array() {
    var world = World()
    let job = world.job {
      $0.array = TaskArray(first: 1, step: 1, count: 1_000_000, throttle: nil, isExplicit: true)
    }
    world.step(
      .kill(
        [Selection(job: job, indices: 7...7)], reason: "", from: World.alice, world.request()))
    #expect(world.state(job, 6) == .killed)
    #expect(world.state(job, 7) == .pending)
    #expect(world.controller.state.jobs[job]?.progress.counts.pending == 999_999)
    let step = world.step(
      .kill([Selection(job: job)], reason: "", from: World.alice, world.request()))
    #expect(step.ended?.counts.killed == 1_000_000)
    #expect(step.ended?.killedTasks.ranges.count == 1)
    #expect(world.violations.isEmpty)
  }

  @Test("a killed task is not retried, whatever its budget")
  func noRetry() {
    var world = World()
    world.worker()
    let job = world.job { $0.retries = 5 }
    let attempt = world.schedule()[0]
    world.step(.kill([Selection(job: job)], reason: "", from: World.alice, world.request()))
    let step = world.finish(attempt, Outcome(.exit, exitCode: 1))
    #expect(step.ended?.state == .killed)
    #expect(world.violations.isEmpty)
  }

  @Test("a task that had succeeded before the kill reached it has succeeded")
  func tooLate() {
    var world = World()
    world.worker()
    let job = world.job()
    let attempt = world.schedule()[0]
    world.step(.kill([Selection(job: job)], reason: "", from: World.alice, world.request()))
    #expect(world.finish(attempt).ended?.state == .succeeded)
  }

  @Test("others may not kill, hold or release a job; root may")
  func permission() {
    var world = World()
    let job = world.job(as: World.alice)
    let selection = [Selection(job: job)]
    var replies: [Answer?] = []
    for caller in [World.bob, World.root] {
      let reply = world.request()
      replies.append(
        world.step(.kill(selection, reason: "", from: caller, reply)).answer(to: reply))
    }
    #expect(replies[0]?.refusal?.code == .permissionDenied)
    #expect(replies[1] == .done(unknown: []))
  }

  @Test("a refused command changes nothing, even where part of it was allowed")
  func allOrNothing() {
    var world = World()
    let mine = world.job(as: World.alice)
    let other = world.job(as: World.bob)
    let reply = world.request()
    let step = world.step(
      .kill(
        [Selection(job: mine), Selection(job: other)], reason: "", from: World.alice, reply))
    #expect(step.answer(to: reply)?.refusal != nil)
    #expect(step.events.isEmpty)
  }

  @Test("a held job does not start until it is released")
  func hold() {
    var world = World()
    world.worker()
    let job = world.job { $0.held = true }
    #expect(world.schedule().isEmpty)
    #expect(world.controller.pendingReason(for: job, at: world.now)?.code == .held)
    world.step(.release([Selection(job: job)], from: World.alice, world.request()))
    #expect(world.schedule().count == 1)
    #expect(world.violations.isEmpty)
  }

  @Test("some tasks of an array can be held and released by themselves")
  func holdTasks() {
    var world = World()
    let job = world.job {
      $0.array = TaskArray(first: 10, step: 10, count: 5, throttle: nil, isExplicit: true)
    }
    let middle = [Selection(job: job, indices: 20...40)]
    world.step(.hold(middle, from: World.alice, world.request()))
    world.worker(cpus: 8)
    #expect(world.schedule().map(\.task.position) == [0, 4])
    world.step(.release(middle, from: World.alice, world.request()))
    #expect(world.schedule().map(\.task.position) == [1, 2, 3])
    #expect(world.violations.isEmpty)
  }

  @Test("what runs cannot be held")
  func holdRunning() {
    var world = World()
    world.worker()
    let job = world.job()
    world.schedule()
    let reply = world.request()
    let step = world.step(.hold([Selection(job: job)], from: World.alice, reply))
    #expect(step.answer(to: reply)?.refusal?.code == .failedPrecondition)
  }

  @Test("signals go to what runs, and to nothing else")
  func signal() {
    var world = World()
    world.worker(cpus: 1)
    let job = world.job {
      $0.array = TaskArray(first: 0, step: 1, count: 2, throttle: nil, isExplicit: true)
    }
    let attempt = world.schedule()[0]
    let step = world.step(
      .signal([Selection(job: job)], 10, from: World.alice, world.request()))
    #expect(step.effects.contains(.signal(attempt.worker, attempt.uid, 10)))
    #expect(step.events.isEmpty)
  }

  @Test("tasks that are named again and again are held once, and cost as if named once")
  func namedAgain() {
    var world = World()
    let job = world.job {
      $0.array = TaskArray(
        first: 0, step: 1, count: TaskArray.maximumCount, throttle: nil, isExplicit: true)
    }
    let again = Selection(job: job, indices: 0...(TaskArray.maximumCount - 1))
    let tail = Selection(job: job, indices: 5...7)
    // Ten billion tasks, if each were looked at.
    let step = world.step(
      .hold(
        Array(repeating: again, count: 1000) + [tail], from: World.alice, world.request()))
    #expect(step.events.count == 1)
    #expect(world.controller.state.jobs[job]?.progress.pending.isEmpty == true)
    world.step(.release([tail, again, tail], from: World.alice, world.request()))
    #expect(world.controller.state.jobs[job]?.progress.heldTasks.isEmpty == true)
    let reply = world.request()
    let unknown = Selection(job: JobID(99))
    let last = world.step(
      .kill([unknown, again, tail, unknown], reason: "", from: World.alice, reply))
    #expect(last.answer(to: reply) == .done(unknown: [JobID(99)]))
    #expect(last.ended?.state == .killed)
    #expect(world.violations.isEmpty)
  }

  @Test("a job named whole and by some of its tasks is held in both ways")
  func wholeAndSome() {
    var world = World()
    let job = world.job {
      $0.array = TaskArray(first: 1, step: 1, count: 4, throttle: nil, isExplicit: true)
    }
    let both = [Selection(job: job, indices: 2...3), Selection(job: job)]
    world.step(.hold(both, from: World.alice, world.request()))
    #expect(world.controller.state.jobs[job]?.progress.held == true)
    #expect(world.controller.state.jobs[job]?.progress.heldTasks.elementCount == 2)
    let reply = world.request()
    let missing = world.step(
      .release(both + [Selection(job: job, indices: 9...9)], from: World.alice, reply))
    #expect(missing.answer(to: reply)?.refusal?.code == .notFound)
    #expect(missing.events.isEmpty)
    #expect(world.violations.isEmpty)
  }
}
