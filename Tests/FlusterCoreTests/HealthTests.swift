import FlusterCore
import Testing

@Suite("a worker's health")
struct HealthTests {
  /// Ticks once a second for so long; what was asked of the worker, which answers none of it.
  @discardableResult
  private func pass(_ seconds: Int, in world: inout World) -> Int {
    var asked = 0
    for _ in 0..<seconds {
      world.advance(seconds: 1)
      for case .ask in world.step(.tick).effects { asked += 1 }
    }
    return asked
  }

  private func isSilent(_ worker: String, in world: World) -> Bool? {
    world.controller.state.workers[WorkerID(worker)]?.isSilent
  }

  /// Scenarios 28, 57.
  @Test("who misses three questions and the grace gets no new work, and keeps what it runs")
  func silence() throws {
    var world = World()
    world.worker("w1", cpus: 1)
    let job = world.job()
    let attempt = try #require(world.schedule().first)
    world.observe(attempt, .started)
    #expect(pass(9, in: &world) == 9)
    #expect(isSilent("w1", in: world) == false)
    pass(3, in: &world)
    #expect(isSilent("w1", in: world) == true)
    #expect(world.state(job) == .running)
    world.worker("w2", cpus: 1)
    let next = world.job()
    #expect(world.schedule().map(\.worker) == [WorkerID("w2")])
    #expect(world.state(next) == .assigned)
    pass(1000, in: &world)
    #expect(world.state(job) == .running)
    #expect(world.violations.isEmpty)
  }

  /// Scenario 56.
  @Test("one sign of life makes up for two misses")
  func recovery() throws {
    var world = World()
    let link = world.worker("w1")
    _ = world.job()
    let attempt = try #require(world.schedule().first)
    world.observe(attempt, .started)
    for _ in 0..<10 {
      pass(2, in: &world)
      world.step(.observe(link, []))
    }
    pass(2, in: &world)
    #expect(isSilent("w1", in: world) == false)
  }

  @Test("what an idle worker far away has missed is made good by every sign of life")
  func nowAndThen() {
    var world = World()
    let link = world.worker("w1", lease: .seconds(60))
    for _ in 0..<6 {
      pass(45, in: &world)
      #expect(isSilent("w1", in: world) == false)
      world.step(.observe(link, []))
    }
    #expect(world.violations.isEmpty)
  }

  /// Scenario 61.
  @Test("a silent worker that gives a sign of life is used again")
  func return_() throws {
    var world = World()
    let link = world.worker("w1", cpus: 2)
    _ = world.job()
    world.schedule()
    pass(12, in: &world)
    #expect(isSilent("w1", in: world) == true)
    let waiting = world.job()
    #expect(world.schedule().isEmpty)
    world.step(.observe(link, []))
    #expect(world.schedule().map(\.task.job) == [waiting])
  }

  @Test("a controller that was frozen for minutes finds one miss, and nobody silent")
  func frozenController() throws {
    var world = World()
    world.worker("w1")
    _ = world.job()
    world.schedule()
    pass(1, in: &world)
    world.advance(seconds: 600)
    world.step(.tick)
    #expect(isSilent("w1", in: world) == false)
    pass(1, in: &world)
    #expect(isSilent("w1", in: world) == false)
  }

  @Test("an idle worker on this machine is never asked, and nothing is to be done then")
  func rest() throws {
    var world = World()
    world.worker("w1")
    #expect(world.controller.nextWake == nil)
    #expect(pass(100, in: &world) == 0)
    _ = world.job()
    let attempt = try #require(world.schedule().first)
    #expect(world.controller.nextWake?.monotonic != nil)
    world.finish(attempt)
    pass(2, in: &world)
    #expect(world.controller.nextWake == nil)
  }

  /// Scenario 57, of a worker with a lease.
  @Test("what a worker ran that is away for longer than its lease and a margin is lost, once")
  func lease() throws {
    var world = World()
    let link = world.worker("far", cpus: 1, lease: .seconds(60))
    let job = world.job()
    let attempt = try #require(world.schedule().first)
    world.observe(attempt, .started)
    world.step(.disconnect(link))
    pass(69, in: &world)
    #expect(world.state(job) == .running)
    pass(2, in: &world)
    #expect(world.state(job) == .pending)
    #expect(world.controller.state.jobs[job]?.records[0]?.preemptions == 1)
    world.worker("far", cpus: 1, lease: .seconds(60))
    #expect(world.schedule().map(\.number) == [1])
    #expect(world.violations.isEmpty)
  }

  @Test("a lease begins anew with a controller that cannot know what was heard before")
  func leaseAfterRestart() throws {
    var world = World()
    world.worker("far", cpus: 1, lease: .seconds(60))
    let job = world.job()
    _ = world.schedule()
    world.restart()
    world.step(.tick)
    pass(69, in: &world)
    #expect(world.state(job) == .assigned)
    pass(2, in: &world)
    #expect(world.state(job) == .pending)
    #expect(world.controller.state.jobs[job]?.records[0]?.preemptions == 0)
  }

  /// Scenario 63.
  @Test("a worker that says that it is unwell gets no new work until it is well")
  func ailment() {
    var world = World()
    let link = world.worker("w1")
    let job = world.job()
    world.step(.report(link, ailment: "its log directory has 1% of its space left"))
    #expect(world.schedule().isEmpty)
    let reason = world.controller.pendingReason(for: job, at: world.now)
    #expect(reason?.text.contains("1% of its space") == true)
    world.step(.report(link, ailment: nil))
    #expect(world.schedule().map(\.task.job) == [job])
  }

  @Test("a drained worker gets no new work, over a restart too, and goes on with what it runs")
  func drain() throws {
    var world = World()
    world.worker("w1", cpus: 2)
    let running = world.job()
    let attempt = try #require(world.schedule().first)
    world.observe(attempt, .started)
    let reply = world.request()
    let step = world.step(.drain(WorkerID("w1"), true, from: World.root, reply))
    #expect(step.answer(to: reply) == .done(unknown: []))
    let waiting = world.job()
    #expect(world.schedule().isEmpty)
    world.restart()
    world.worker("w1", cpus: 2)
    #expect(world.schedule().isEmpty)
    #expect(world.state(running) == .running)
    world.step(.drain(WorkerID("w1"), false, from: World.root, world.request()))
    #expect(world.schedule().map(\.task.job) == [waiting])
  }

  /// Scenarios 58, 62.
  @Test("forgetting a worker loses what it ran; coming back it is a new one")
  func forget() throws {
    var world = World()
    let link = world.worker("w1", cpus: 1)
    let job = world.job()
    let attempt = try #require(world.schedule().first)
    world.observe(attempt, .started)
    world.step(.disconnect(link))
    world.worker("w2", cpus: 1)
    #expect(world.schedule().isEmpty)
    world.step(.forget(WorkerID("w1"), from: World.root, world.request()))
    #expect(world.controller.state.workers[WorkerID("w1")] == nil)
    #expect(world.schedule().map(\.worker) == [WorkerID("w2")])
    #expect(world.controller.state.jobs[job]?.records[0]?.preemptions == 1)
    let again = world.worker("w1", cpus: 1)
    let step = world.step(
      .observe(again, [Observation(uid: attempt.uid, kind: .started, at: world.now.wall)]))
    #expect(step.effects.contains(.stop(WorkerID("w1"), attempt.uid)))
    #expect(world.violations.isEmpty)
  }

  /// Scenario 5.
  @Test("a connected worker is not forgotten, and only an administrator forgets or drains")
  func refusals() {
    var world = World()
    world.worker("w1")
    func refusal(_ command: (RequestID) -> Command) -> Refusal? {
      let reply = world.request()
      return world.step(command(reply)).answer(to: reply)?.refusal
    }
    let w1 = WorkerID("w1")
    #expect(refusal { .forget(w1, from: World.root, $0) }?.code == .failedPrecondition)
    #expect(refusal { .forget(w1, from: World.alice, $0) }?.code == .permissionDenied)
    #expect(refusal { .drain(w1, true, from: World.alice, $0) }?.code == .permissionDenied)
    let unknown = refusal { .drain(WorkerID("w9"), true, from: World.root, $0) }
    #expect(unknown?.code == .notFound)
    #expect(unknown?.message.contains("w9") == true)
  }

  /// Scenario 60.
  @Test("the same worker again with more processors is one worker, and larger")
  func again() {
    var world = World()
    world.step(.disconnect(world.worker("w1", cpus: 2)))
    world.worker("w1", cpus: 8, incarnation: 2)
    #expect(world.controller.state.workers.count == 1)
    _ = world.job { $0.needs = Requirement(cpuMillis: 8000) }
    #expect(world.schedule().count == 1)
  }

  @Test("a registration that was overtaken by a newer one costs the worker nothing")
  func overtaken() throws {
    var world = World()
    let first = world.worker("w1", boot: "first", incarnation: 1)
    let late = world.newLink()
    world.step(.disconnect(first))
    let link = world.worker("w1", boot: "second", incarnation: 2)
    let job = world.job()
    let attempt = try #require(world.schedule().first)
    world.step(.disconnect(link))
    let answer = world.register("w1", on: late, boot: "first", incarnation: 1)
    #expect(answer.effects.contains { if case .reject(late, _) = $0 { true } else { false } })
    #expect(world.controller.state.attempts[attempt.uid] != nil)
    world.worker("w1", boot: "second", incarnation: 2)
    world.finish(attempt)
    #expect(world.controller.state.jobs[job] == nil)
    #expect(world.violations.isEmpty)
  }

  @Test("a new incarnation takes the place of a silent one, and not of a living one")
  func replacement() {
    var world = World()
    let old = world.worker("w1")
    _ = world.job()
    world.schedule()
    let refused = world.worker("w1", incarnation: 2)
    #expect(world.controller.state.workers[WorkerID("w1")]?.link == old)
    pass(12, in: &world)
    let new = world.worker("w1", incarnation: 2)
    #expect(world.controller.state.workers[WorkerID("w1")]?.link == new)
    #expect(refused != new)
    #expect(world.violations.isEmpty)
  }

  @Test("a user makes up so many workers and no more, and may when some are forgotten")
  func crowd() {
    var world = World()
    let alice = World.alice.uid
    for number in 1...WorkerRecord.mostPersonal {
      world.worker("w\(number)", owner: alice, isPersonal: true)
    }
    world.worker("one too many", owner: alice, isPersonal: true)
    #expect(world.controller.state.workers.count == WorkerRecord.mostPersonal)
    let known = world.controller.state.workers[WorkerID("w1")]?.link
    if let known { world.step(.disconnect(known)) }
    world.worker("w1", owner: alice, isPersonal: true)
    world.worker("another user's")
    #expect(world.controller.state.workers.count == WorkerRecord.mostPersonal + 1)
    if let link = world.controller.state.workers[WorkerID("w2")]?.link {
      world.step(.disconnect(link))
    }
    world.step(.forget(WorkerID("w2"), from: World.root, world.request()))
    world.worker("one too many", owner: alice, isPersonal: true)
    #expect(world.controller.state.workers[WorkerID("one too many")]?.link != nil)
    #expect(world.violations.isEmpty)
  }
}
