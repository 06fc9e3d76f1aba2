import FlusterCore
import Testing

@Suite("limits that nobody can enforce")
struct UnenforcedTests {
  private func join(_ name: String, lacks: [String], to world: inout World) {
    world.step(
      .register(
        WorkerRecord(
          id: WorkerID(name), owner: .root, incarnation: AttemptUID(high: 0, low: 1), boot: "b",
          capacity: Amounts(cpuMillis: 1000, memoryBytes: 1 << 30), lacks: lacks,
          software: "test"), world.newLink()))
  }

  @Test("are told, or refused, unless some worker enforces a limit that is asked for")
  func told() {
    var world = World()
    var limited = JobRequest(name: "job", owner: World.alice.uid)
    let plain = limited
    var crowded = limited
    limited.needs = Requirement(cpuMillis: 1000, memoryBytes: 1)
    crowded.options.processLimit = 5
    #expect(world.controller.unenforced(of: limited) == nil)
    join("w1", lacks: ["memory"], to: &world)
    #expect(
      world.controller.unenforced(of: limited)
        == "no worker can enforce --mem: worker w1 has no control group for memory")
    #expect(world.controller.unenforced(of: plain) == nil)
    #expect(world.controller.unenforced(of: crowded) == nil)
    #expect(world.controller.refusal(of: limited, from: World.alice) == nil)
    world.controller.refusesUnenforced = true
    #expect(world.controller.refusal(of: limited, from: World.alice)?.code == .invalidArgument)
    #expect(world.controller.refusal(of: crowded, from: World.alice) == nil)
    join("w0", lacks: ["cgroup"], to: &world)
    #expect(
      world.controller.unenforced(of: limited)
        == "no worker can enforce --mem: worker w0 has no control group for memory")
    join("w2", lacks: [], to: &world)
    #expect(world.controller.refusal(of: limited, from: World.alice) == nil)
  }
}
