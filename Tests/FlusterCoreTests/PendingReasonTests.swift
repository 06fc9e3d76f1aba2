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
      Requirement(cpuMillis: 100, memoryBytes: (1 << 30) + 1),
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
        "needs 0.1 cpus, 1G; worker w1 has 1073741824B free",
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

  @Test("a personal worker is given its owner's jobs only, and is nothing to the others")
  func personal() {
    var world = World()
    world.worker("mine", owner: World.alice.uid, isPersonal: true)
    let bobs = world.job(as: World.bob)
    let alices = world.job(as: World.alice)
    #expect(world.schedule().map(\.task.job) == [alices])
    #expect(world.controller.pendingReason(for: bobs, at: world.now)?.code == .noWorker)
    world.worker("all")
    #expect(world.schedule().map(\.worker.name) == ["all"])
    #expect(world.violations.isEmpty)
  }
}

@Suite("What there is to say about a job that waits")
struct ExplanationTests {
  @Test("needs, what is free, who holds the rest and until when, and whose turn it is")
  func holders() throws {
    var world = World()
    world.worker("w1", cpus: 4, memory: 64 << 30)
    let limited = world.job(as: World.bob) {
      $0.needs = Requirement(cpuMillis: 2000, memoryBytes: 8 << 30)
      $0.timeLimit = .seconds(60)
      $0.grace = .seconds(5)
    }
    let endless = world.job {
      $0.needs = Requirement(cpuMillis: 500, memoryBytes: 1 << 30)
      $0.array = TaskArray(first: 0, step: 1, count: 2, throttle: nil, isExplicit: true)
    }
    world.schedule()
    let big = world.job { $0.needs = Requirement(cpuMillis: 4000, memoryBytes: 32 << 30) }
    let urgent = world.job {
      $0.needs = Requirement(cpuMillis: 4000, memoryBytes: 1 << 30)
      $0.options.priority = 1
    }
    world.schedule()
    let told = try #require(world.controller.explanation(for: big, at: world.now))
    #expect(told.reason.code == .resources)
    #expect(told.turn?.place == 2 && told.turn?.count == 2)
    let room = try #require(told.rooms.first)
    #expect(room.free == Amounts(cpuMillis: 1000, memoryBytes: 54 << 30))
    #expect(room.holders.map(\.job) == [limited, endless])
    #expect(room.holders.map(\.tasks) == [1, 2])
    #expect(room.holders[0].ends == world.now.wall + .seconds(65))
    #expect(room.holders[0].owner == World.bob.uid)
    #expect(room.holders[1].ends == nil)
    #expect(room.holders[1].charge == Amounts(cpuMillis: 1000, memoryBytes: 2 << 30))
    #expect(world.controller.explanation(for: urgent, at: world.now)?.turn?.place == 1)
    #expect(world.controller.explanation(for: limited, at: world.now) == nil)
  }

  @Test("what is kept for the oldest work is said to those who could use it")
  func reserved() throws {
    var world = World()
    world.worker(cpus: 2)
    let running = world.job()
    world.schedule()
    let big = world.job { $0.needs = Requirement(cpuMillis: 2000) }
    world.schedule()
    world.advance(seconds: 11)
    world.step(
      .kill([Selection(job: running, indices: nil)], reason: "", from: World.alice, world.request())
    )
    _ = world.job { $0.needs = Requirement(cpuMillis: 1500) }
    world.schedule()
    let small = world.job { $0.needs = Requirement(cpuMillis: 1000) }
    #expect(world.schedule().isEmpty)
    let reason = world.controller.pendingReason(for: small, at: world.now)
    #expect(reason?.code == .reserved)
    #expect(reason?.text.contains("job \(big)") == true)
  }

  @Test("a gang says how many of it there is room for")
  func gang() {
    var world = World()
    world.worker("w1", cpus: 2, attributes: [Attribute(name: "rack", value: AttributeValue("a"))])
    world.worker("w2", cpus: 2, attributes: [Attribute(name: "rack", value: AttributeValue("b"))])
    _ = world.job()
    world.schedule()
    let gang = world.job {
      $0.array = TaskArray(first: 0, step: 1, count: 2, throttle: nil, isExplicit: true)
      $0.needs = Requirement(cpuMillis: 1000)
      $0.options.gang = Gang(groupBy: "rack")
    }
    let second = world.job {
      $0.array = TaskArray(first: 0, step: 1, count: 2, throttle: nil, isExplicit: true)
      $0.needs = Requirement(cpuMillis: 1000)
      $0.options.gang = Gang(groupBy: "rack")
    }
    world.schedule()
    #expect(world.state(gang) == .assigned)
    #expect(
      world.controller.pendingReason(for: second, at: world.now)?.text
        == "needs room for 2 tasks of 1 cpu at once; "
        + "the largest group of one rack has room for 1 now"
    )
  }
}
