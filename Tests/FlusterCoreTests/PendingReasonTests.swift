import FlusterCore
import Testing

@Suite("A pending job explains itself")
struct PendingReasonTests {
  @Test("what is missing is named with what there is, and nothing else")
  func numbers() throws {
    var world = World()
    world.worker(cpus: 2, memory: 4 << 30, named: [.init(name: "gpu", count: 1)])
    _ = world.job {
      $0.needs = Requirement(
        cpuMillis: 1500, memoryBytes: 3 << 30, named: [.init(name: "gpu", count: 1)])
    }
    world.schedule()
    let texts = [
      Requirement(cpuMillis: 2000),
      Requirement(cpuMillis: 500, memoryBytes: 2 << 30),
      Requirement(cpuMillis: 2000, memoryBytes: 2 << 30),
      Requirement(cpuMillis: 100, memoryBytes: 1, named: [.init(name: "gpu", count: 1)]),
    ].map { needs in
      let job = world.job { $0.needs = needs }
      world.schedule()
      return world.controller.pendingReason(for: job, at: world.now)?.text
    }
    #expect(
      texts == [
        "needs 2 cpus; worker w1 has 0.5 cpus free",
        "needs 0.5 cpus, 2G; worker w1 has 1G free",
        "needs 2 cpus, 2G; worker w1 has 0.5 cpus, 1G free",
        "needs 0.1 cpus, 1B, 1 gpu; worker w1 has 0 gpu free",
      ])
  }

  @Test("what will be placed next has no obstacle to tell of")
  func queued() {
    var world = World()
    world.worker()
    let job = world.job()
    #expect(world.controller.pendingReason(for: job, at: world.now)?.code == .queued)
  }

  @Test("an array whose remaining tasks are held says that they are")
  func heldTasks() {
    var world = World()
    let job = world.job {
      $0.array = TaskArray(first: 0, step: 1, count: 2, throttle: nil, isExplicit: true)
    }
    world.step(
      .hold(
        [Selection(job: job, indices: 0...1)], from: World.alice, world.request()))
    #expect(world.controller.pendingReason(for: job, at: world.now)?.code == .held)
    let task = world.controller.pendingReason(for: TaskID(job, 1), at: world.now)
    #expect(task?.text == "held; fluster-set \(job).1 release")
  }
}
