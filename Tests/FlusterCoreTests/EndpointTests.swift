import FlusterCore
import Testing

@Suite("Endpoints")
struct EndpointTests {
  /// A running attempt of a new job.
  private func running(
    _ world: inout World, as caller: Caller = World.alice,
    _ change: (inout JobRequest) -> Void = { _ in }
  ) throws -> OpenAttempt {
    let job = world.job(as: caller, change)
    let attempt = try #require(world.schedule().first { $0.task.job == job })
    world.observe(attempt, .started)
    return attempt
  }

  @discardableResult
  private func add(
    _ world: inout World, _ attempt: OpenAttempt, _ name: String,
    _ address: String = "localhost:1", _ metadata: [Endpoint.Property] = [],
    of job: JobID? = nil, as caller: Caller = World.alice
  ) -> Answer? {
    let reply = world.request()
    let endpoint = Endpoint(
      attempt: attempt.uid, name: name, address: address, metadata: metadata)
    return world.step(
      .registerEndpoint(endpoint, of: job ?? attempt.task.job, from: caller, reply)
    ).answer(to: reply)
  }

  private func remove(
    _ world: inout World, _ name: String, _ scope: EndpointScope, as caller: Caller = World.alice
  ) -> Controller.Step {
    world.step(.unregisterEndpoint(name, scope, from: caller, world.request()))
  }

  private func names(_ world: World, _ job: JobID, _ prefix: String = "") throws -> [String] {
    try world.controller.endpoints(inTreeOf: job, prefix: prefix, for: World.alice)
      .map(\.endpoint.name)
  }

  /// Scenario 64.
  @Test("a running task is found under its name until it has ended")
  func life() throws {
    var world = World()
    world.worker()
    let attempt = try running(&world)
    #expect(add(&world, attempt, "a") == .done(unknown: []))
    let found = try world.controller.endpoints(
      inTreeOf: attempt.task.job, prefix: "a", for: World.alice)
    #expect(found.map(\.endpoint.address) == ["localhost:1"])
    #expect(found.map(\.task) == [attempt.task])
    world.finish(attempt)
    #expect(try names(world, attempt.task.job).isEmpty)
    #expect(world.violations.isEmpty)
  }

  /// Scenario 65.
  @Test(
    "all endpoints of a job are gone with its attempt, however that ends",
    arguments: [
      Outcome(.exit, exitCode: 0), Outcome(.exit, exitCode: 1), Outcome(.killed, signal: 15),
      Outcome(.workerLost),
    ])
  func end(_ outcome: Outcome) throws {
    var world = World()
    world.worker()
    let attempt = try running(&world) { $0.retries = 1 }
    for number in 1...5 { add(&world, attempt, "e\(number)") }
    #expect(try names(world, attempt.task.job).count == 5)
    world.finish(attempt, outcome)
    #expect(try names(world, attempt.task.job).isEmpty)
    #expect(world.violations.isEmpty)
  }

  /// Scenario 65.
  @Test("they are gone when the worker's machine is lost for good")
  func loss() throws {
    var world = World()
    world.worker()
    let attempt = try running(&world)
    add(&world, attempt, "a")
    world.step(.disconnect(LinkID(1)))
    #expect(try names(world, attempt.task.job) == ["a"])
    world.step(.forget(WorkerID("w1"), from: World.root, world.request()))
    #expect(try names(world, attempt.task.job).isEmpty)
    #expect(world.violations.isEmpty)
  }

  /// Scenario 66.
  @Test("of several under one name the one of the first task comes first, whoever came first")
  func several() throws {
    var world = World()
    world.worker()
    let job = world.job {
      $0.array = TaskArray(
        first: 0, step: 1, count: 2, throttle: nil, isExplicit: true)
    }
    let attempts = world.schedule().sorted { $0.task < $1.task }
    try #require(attempts.count == 2)
    add(&world, attempts[1], "actor", "localhost:1")
    add(&world, attempts[0], "actor", "localhost:3")
    add(&world, attempts[0], "actor", "localhost:2")
    let addresses = {
      try world.controller.endpoints(inTreeOf: job, prefix: "actor", for: World.alice)
        .map(\.endpoint.address)
    }
    #expect(try addresses() == ["localhost:2", "localhost:3", "localhost:1"])
    world.restart()
    #expect(try addresses() == ["localhost:2", "localhost:3", "localhost:1"])
    #expect(world.violations.isEmpty)
  }

  /// Scenario 67.
  @Test("a prefix lists what begins with it, byte by byte, in order")
  func prefix() throws {
    var world = World()
    world.worker()
    let attempt = try running(&world)
    for name in ["training/x", "inference/b", "inference", "inference/a", "é", "inferencé"] {
      add(&world, attempt, name)
    }
    #expect(try names(world, attempt.task.job, "inference/") == ["inference/a", "inference/b"])
    #expect(try names(world, attempt.task.job, "e").isEmpty)
    #expect(try names(world, attempt.task.job).count == 6)
    var (read, last): ([String], (endpoint: Endpoint, task: TaskID)?) = ([], nil)
    while let next = try world.controller.endpoints(
      inTreeOf: attempt.task.job, prefix: "inf", behind: last, most: 1, for: World.alice
    ).first {
      read.append(next.endpoint.name)
      last = next
    }
    #expect(read == ["inference", "inference/a", "inference/b", "inferencé"])
  }

  /// Scenario 68.
  @Test("two trees that use one name see only their own, from wherever in the tree")
  func trees() throws {
    var world = World()
    world.worker()
    let (one, other) = (try running(&world), try running(&world))
    let child = world.job(inside: one)
    let inner = try #require(world.schedule().first { $0.task.job == child })
    add(&world, inner, "actor", "localhost:1")
    add(&world, other, "actor", "localhost:2")
    for (job, address) in [
      (one.task.job, "localhost:1"), (child, "localhost:1"), (other.task.job, "localhost:2"),
    ] {
      let found = try world.controller.endpoints(
        inTreeOf: job, prefix: "actor", for: World.alice)
      #expect(found.map(\.endpoint.address) == [address])
    }
    // The root may be gone before its tree is.
    world.finish(one)
    #expect(try names(world, one.task.job) == ["actor"])
    world.restart()
    #expect(try names(world, one.task.job) == ["actor"])
    #expect(world.violations.isEmpty)
  }

  /// Scenario 69.
  @Test("what is removed twice, or was never there, is not spoken of")
  func removal() throws {
    var world = World()
    world.worker()
    let attempt = try running(&world)
    let own = EndpointScope.attempt(attempt.uid)
    add(&world, attempt, "a", "localhost:1")
    add(&world, attempt, "a", "localhost:2")
    add(&world, attempt, "ab")
    #expect(remove(&world, "a", own).events.count == 2)
    #expect(try names(world, attempt.task.job) == ["ab"])
    #expect(remove(&world, "a", own).events.isEmpty)
    #expect(remove(&world, "ab", .tree(attempt.task.job)).events.count == 1)
    world.finish(attempt)
    let late = remove(&world, "ab", own)
    #expect(late.events.isEmpty)
    #expect(late.effects.allSatisfy { $0.isDone })
    #expect(world.violations.isEmpty)
  }

  /// Scenario 70.
  @Test("an endpoint needs a job that there is, and an attempt of it that is open")
  func unknown() throws {
    var world = World()
    world.worker()
    let attempt = try running(&world) { $0.retries = 1 }
    let job = attempt.task.job
    let missing = add(&world, attempt, "a", of: JobID(42))?.refusal
    #expect(missing?.code == .notFound)
    #expect(missing?.message.contains("job 42") == true)
    world.finish(attempt, Outcome(.exit, exitCode: 1))
    let stale = add(&world, attempt, "a")?.refusal
    #expect(stale?.code == .failedPrecondition)
    #expect(stale?.message == "attempt \(attempt.uid) of job \(job) is not open")
    world.advance(seconds: 60)
    world.step(.tick)
    let next = try #require(world.schedule().first)
    #expect(add(&world, next, "a") == .done(unknown: []))
    world.step(.kill([Selection(job: job)], reason: "", from: World.alice, world.request()))
    #expect(add(&world, next, "b")?.refusal?.code == .failedPrecondition)
    #expect(world.violations.isEmpty)
  }

  @Test("the same again changes nothing, and with other metadata only that")
  func again() throws {
    var world = World()
    world.worker()
    let attempt = try running(&world)
    add(&world, attempt, "a")
    let reply = world.request()
    let endpoint = Endpoint(attempt: attempt.uid, name: "a", address: "localhost:1")
    let step = world.step(
      .registerEndpoint(endpoint, of: attempt.task.job, from: World.alice, reply))
    #expect(step.events.isEmpty && step.answer(to: reply) == .done(unknown: []))
    add(&world, attempt, "a", "localhost:1", [Endpoint.Property(key: "k", value: "v")])
    let found = try world.controller.endpoints(
      inTreeOf: attempt.task.job, prefix: "", for: World.alice)
    #expect(found.map(\.endpoint.metadata) == [[Endpoint.Property(key: "k", value: "v")]])
    #expect(world.violations.isEmpty)
  }

  @Test("other people's endpoints are neither shown nor changed, but to an administrator")
  func owners() throws {
    var world = World()
    world.worker()
    let attempt = try running(&world)
    let job = attempt.task.job
    #expect(add(&world, attempt, "a", as: World.bob)?.refusal?.code == .permissionDenied)
    #expect(add(&world, attempt, "a", as: World.root) == .done(unknown: []))
    #expect(throws: Refusal.self) {
      try world.controller.endpoints(inTreeOf: job, prefix: "", for: World.bob)
    }
    for scope in [EndpointScope.tree(job), .attempt(attempt.uid)] {
      #expect(remove(&world, "a", scope, as: World.bob).events.isEmpty)
    }
    #expect(try names(world, job) == ["a"])
  }

  @Test("names, addresses and metadata that cannot be told are refused")
  func limits() throws {
    var world = World()
    world.worker()
    let attempt = try running(&world)
    let long = String(repeating: "x", count: 5000)
    for (name, address, metadata) in [
      ("", "a:1", []), ("a\0b", "a:1", []), ("a\nb", "a:1", []), ("/system/log", "a:1", []),
      (long, "a:1", []), ("a", "", []), ("a", "\u{7f}", []), ("a", long, []),
      ("a", "a:1", [("k", long)]), ("a", "a:1", [("", "v")]), ("a", "a:1", [("a=b", "v")]),
      ("a", "a:1", [("k", "v"), ("k", "w")]), ("a", "a:1", [("k", "\n")]),
    ] as [(String, String, [(String, String)])] {
      let properties = metadata.map { Endpoint.Property(key: $0.0, value: $0.1) }
      #expect(
        add(&world, attempt, name, address, properties)?.refusal?.code == .invalidArgument)
    }
    for number in 1...Endpoint.maximumPerAttempt { add(&world, attempt, "e\(number)") }
    #expect(add(&world, attempt, "one more")?.refusal?.code == .resourceExhausted)
    #expect(add(&world, attempt, "e1") == .done(unknown: []))
    #expect(world.violations.isEmpty)
  }
}

extension Effect {
  fileprivate var isDone: Bool {
    if case .reply(_, .done(unknown: [])) = self { true } else { false }
  }
}
