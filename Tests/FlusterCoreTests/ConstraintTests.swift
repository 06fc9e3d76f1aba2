import FlusterCore
import Testing

@Suite("What a task wants a worker to be")
struct ConstraintTests {
  private func needs(_ constraints: Constraint...) -> Requirement {
    Requirement(cpuMillis: 1000, constraints: constraints)
  }

  /// The workers that take a task with a constraint, of four that differ.
  private func takers(_ constraint: Constraint) -> [String] {
    var world = World()
    _ = world.job {
      $0.needs = needs(constraint)
      $0.array = .of(4)
    }
    world.worker("a", cpus: 1, attributes: .named(["zone": "north", "ghz": "3.5"]))
    world.worker("b", cpus: 1, attributes: .named(["zone": "south", "ghz": "10"]))
    world.worker("c", cpus: 1, attributes: .named(["zone": " NORTH ", "ghz": "fast"]))
    world.worker("d", cpus: 1)
    let placed = world.schedule().map(\.worker.name).sorted()
    #expect(world.violations.isEmpty)
    return placed
  }

  /// Scenario 30.
  @Test(
    "a constraint admits the workers it holds for, and no worker without the attribute",
    arguments: [
      (Constraint(key: "zone", .equal, [.text("north")]), ["a", "c"]),
      (Constraint(key: "ZONE", .notEqual, [AttributeValue("North")]), ["b"]),
      (Constraint(key: "zone", .exists, []), ["a", "b", "c"]),
      (Constraint(key: "zone", .notExists, []), ["d"]),
      (Constraint(key: "zone", .among, [.text("south"), .text("west")]), ["b"]),
      (Constraint(key: "ghz", .greater, [.number(3.5)]), ["b"]),
      (Constraint(key: "ghz", .greaterOrEqual, [.number(3.5)]), ["a", "b"]),
      (Constraint(key: "ghz", .less, [.number(10)]), ["a"]),
      (Constraint(key: "ghz", .lessOrEqual, [.number(10)]), ["a", "b"]),
      (Constraint(key: "ghz", .equal, [AttributeValue("10.0")]), ["b"]),
      (Constraint(key: "worker", .equal, [.text("d")]), ["d"]),
    ] as [(Constraint, [String])])
  func hard(constraint: Constraint, workers: [String]) {
    #expect(takers(constraint) == workers)
  }

  @Test("several constraints must all hold")
  func several() {
    var world = World()
    let job = world.job {
      $0.needs = needs(
        Constraint(key: "zone", .equal, [.text("north")]), Constraint(key: "ssd", .exists, []))
    }
    world.worker("a", attributes: .named(["zone": "north"]))
    world.worker("b", attributes: .named(["ssd": "yes"]))
    #expect(world.schedule().isEmpty)
    let reason = world.controller.pendingReason(for: job, at: world.now)
    #expect(reason?.code == .resources)
    #expect(
      reason?.text == "no worker meets all of its constraints: zone = north, ssd exists")
    world.worker("c", attributes: .named(["ssd": "yes", "zone": "north"]))
    #expect(world.schedule().map(\.worker.name) == ["c"])
  }

  @Test("a wish decides between workers that would do, and forbids none")
  func soft() {
    var world = World()
    world.worker("a", cpus: 1)
    world.worker("b", cpus: 1, attributes: .named(["zone": "north"]))
    world.worker("c", cpus: 1, attributes: .named(["zone": "north", "ssd": "1"]))
    _ = world.job {
      $0.array = .of(3)
      $0.needs = needs(
        Constraint(key: "zone", .equal, [.text("north")], isHard: false),
        Constraint(key: "ssd", .exists, [], isHard: false))
    }
    #expect(world.schedule().map(\.worker.name) == ["c", "b", "a"])
    #expect(world.violations.isEmpty)
  }

  @Test("what no worker known can be is refused, and the sentence names the worker that comes near")
  func refused() {
    var world = World()
    world.worker("a", attributes: .named(["zone": "south"]))
    let answer = world.submit {
      $0.needs = needs(Constraint(key: "zone", .equal, [.text("north")]))
    }
    #expect(answer?.refusal?.code == .invalidArgument)
    #expect(
      answer?.refusal?.message
        == "no worker meets its constraint zone = north: worker a has zone south")
  }

  @Test("the reason tells of the room on workers that meet the constraint only")
  func room() throws {
    var world = World()
    world.worker("a", cpus: 4)
    world.worker("b", cpus: 1, attributes: .named(["ssd": "1"]))
    let first = world.job { $0.needs = needs(Constraint(key: "ssd", .exists, [])) }
    #expect(world.schedule().map(\.task.job) == [first])
    let second = world.job { $0.needs = needs(Constraint(key: "ssd", .exists, [])) }
    #expect(world.schedule().isEmpty)
    let reason = world.controller.pendingReason(for: second, at: world.now)
    #expect(reason?.text.contains("worker b has 0 cpus free") == true)
    #expect(reason?.text.contains("worker a") == false)
  }
}
