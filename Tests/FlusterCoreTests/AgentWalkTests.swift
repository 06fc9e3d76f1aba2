import FlusterCore
import Testing

@Suite("an agent on a random walk")
struct AgentWalkTests {
  @Test(
    "never starts twice, never overfills, ends what is stopped, and everything is acknowledged",
    arguments: 1...200 as ClosedRange<UInt64>)
  func walk(seed: UInt64) {
    var world = AgentWorld(seed: seed)
    for _ in 0..<400 where world.trouble.isEmpty { world.stumble() }
    world.settle()
    #expect(world.trouble.isEmpty, "seed \(seed)")
    #expect(world.orders.isEmpty, "seed \(seed)")
    #expect(world.processes.isEmpty, "seed \(seed)")
    #expect(world.agent.holdsNothing, "seed \(seed)")
    #expect(world.wake == nil, "seed \(seed)")
  }

  @Test("the same seed gives the same walk")
  func determinism() {
    func trace() -> [UInt64] {
      var world = AgentWorld(seed: 77)
      for _ in 0..<1000 { world.stumble() }
      return [world.nextUID, UInt64(world.closed.count), world.random.next()]
    }
    #expect(trace() == trace())
  }
}

extension AgentWorld {
  /// One random thing happens.
  mutating func stumble() {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<2: crashWorker()
    case 2..<4: crashShim()
    case 4..<7: unlinkShim()
    case 7..<10: unlinkController()
    case 10..<22: linkShim()
    case 22..<34: linkController()
    case 34..<48: order()
    case 48..<54: stopSomething()
    case 54..<64: execSomething()
    case 64..<74: endSomething()
    case 74..<76: resize()
    case 76..<92: deliver()
    default: pass(milliseconds: Int64.random(in: 0..<8000, using: &random))
    }
    tellEnds()
  }

  private mutating func order() {
    let uid = AgentBench.uid(nextUID)
    nextUID += 1
    let charge = Amounts(
      cpuMillis: UInt64.random(in: 1...4, using: &random) * 500,
      memoryBytes: UInt64.random(in: 1...200, using: &random))
    let limit = Bool.random(using: &random) ? UInt64.random(in: 1...20, using: &random) : nil
    let run = Assignment(
      uid: uid, charge: charge, timeLimit: limit.map(Span.seconds),
      grace: .seconds(UInt64.random(in: 0...5, using: &random)))
    orders[uid] = Order(run: run)
    var desired = Desired()
    desired.runs = [run]
    if controllerLinked { mail.append(desired) }
  }

  private mutating func stopSomething() {
    guard let uid = orders.keys.sorted().randomElement(using: &random) else { return }
    orders[uid]?.isStopped = true
    if controllerLinked { mail.append(Self.stop(uid)) }
  }

  private mutating func execSomething() {
    let starting = processes.keys.sorted().filter { processes[$0] == .starting }
    guard shimLinked, let uid = starting.randomElement(using: &random) else { return }
    if Int.random(in: 0..<8, using: &random) == 0 {
      processes[uid] = .over(ExitRecord(ended: now))
      feed(.shim(.notStarted(uid, .exec, errno: 2)))
    } else {
      processes[uid] = .running(since: now)
      feed(.shim(.started(uid, at: now)))
    }
  }

  private mutating func endSomething() {
    guard let uid = processes.keys.sorted().randomElement(using: &random) else { return }
    if case .running = processes[uid] { finish(uid) { $0.exitCode = 0 } }
  }

  private mutating func resize() {
    let slots = UInt64.random(in: 2...6, using: &random)
    capacity = Amounts(cpuMillis: 1000 * slots, memoryBytes: 100 * slots)
    feed(.resized(capacity))
  }

  private mutating func deliver() {
    guard controllerLinked, !mail.isEmpty else { return }
    feed(.desired(mail.removeFirst()))
  }

  private mutating func pass(milliseconds: Int64) {
    let until = nanoseconds + milliseconds * 1_000_000
    while let wake, wake.nanoseconds <= until {
      nanoseconds = max(nanoseconds, wake.nanoseconds)
      feed(.tick)
      tellEnds()
    }
    nanoseconds = until
  }

  /// The faults stop, everything is asked to end, and time passes.
  mutating func settle() {
    linkShim()
    linkController()
    for uid in orders.keys.sorted() { mail.append(Self.stop(uid)) }
    for _ in 0..<10_000 where !(orders.isEmpty && processes.isEmpty && mail.isEmpty) {
      deliver()
      execSomething()
      tellEnds()
      pass(milliseconds: 1000)
    }
  }
}
