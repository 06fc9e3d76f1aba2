import FlusterCore
import Testing

@Suite("Freezing what runs")
struct FreezeTests {
  private func freeze(
    _ world: inout World, _ job: JobID, _ isFrozen: Bool = true,
    _ indices: ClosedRange<UInt32>? = nil, as caller: Caller = World.alice
  ) -> Controller.Step {
    world.step(
      .freeze([Selection(job: job, indices: indices)], isFrozen, from: caller, RequestID(77)))
  }

  private func answer(_ step: Controller.Step) -> Refusal? {
    step.answer(to: RequestID(77))?.refusal
  }

  @Test("what is frozen keeps its resources, is told to its worker, and survives a restart")
  func freezes() {
    var world = World()
    world.worker(cpus: 2)
    let job = world.job { $0.array = .of(3) }
    let attempts = world.schedule()
    for attempt in attempts { world.observe(attempt, .started) }
    let step = freeze(&world, job, true, 1...1)
    #expect(step.effects.contains(.run(attempts[1].uid)))
    #expect(step.entries.map(\.kind) == [.taskFrozen])
    #expect(freeze(&world, job, true, 1...1).events.isEmpty)
    #expect(world.schedule().isEmpty)
    world.restart()
    #expect(world.controller.state.attempts[attempts[1].uid]?.isFrozen == true)
    #expect(world.controller.state.attempts[attempts[0].uid]?.isFrozen == false)
    #expect(freeze(&world, job, false).events.count == 1)
    #expect(world.controller.state.attempts[attempts[1].uid]?.isFrozen == false)
    #expect(world.violations.isEmpty)
  }

  @Test("what has stood still is over nobody knows when, and another attempt starts thawed")
  func limit() {
    var world = World()
    world.worker()
    let job = world.job {
      $0.timeLimit = .seconds(10)
      $0.retries = 1
    }
    let attempt = world.schedule()[0]
    world.observe(attempt, .started)
    _ = freeze(&world, job)
    _ = freeze(&world, job, false)
    _ = freeze(&world, job)
    world.kill(job)
    #expect(world.controller.state.attempts[attempt.uid]?.isFrozen == false)
    let other = world.job { $0.retries = 1 }
    let first = world.schedule()[0]
    world.observe(first, .started)
    _ = freeze(&world, other)
    world.finish(first, Outcome(.signal, signal: 9))
    world.advance(seconds: 2)
    world.step(.tick)
    #expect(world.schedule().first?.freeze == .never)
    #expect(world.violations.isEmpty)
  }

  @Test("what does not run, is another's, or has no cgroup to be frozen by is refused")
  func refused() {
    var world = World()
    let job = world.job()
    #expect(answer(freeze(&world, job))?.code == .failedPrecondition)
    #expect(answer(freeze(&world, job, false)) == nil)
    world.step(
      .register(
        WorkerRecord(
          id: WorkerID("bare"), owner: .root, incarnation: AttemptUID(high: 0, low: 1), boot: "b",
          capacity: Amounts(cpuMillis: 1000, memoryBytes: 1 << 30), lacks: ["cgroup"],
          software: "test"), world.newLink()))
    world.schedule()
    #expect(answer(freeze(&world, job, as: World.bob))?.code == .permissionDenied)
    let refusal = answer(freeze(&world, job))
    #expect(refusal?.code == .failedPrecondition)
    #expect(refusal?.message.hasPrefix("worker bare has no cgroups") == true)
    #expect(world.violations.isEmpty)
  }
}
