import FlusterCore
import Testing

@Suite("What is kept for the oldest work that does not fit")
struct ReservationTests {
  /// A worker full of small tasks, and a large job that waits for all of it.
  private func crowded(
    _ world: inout World, limit: Span? = nil, cpus: UInt64 = 4
  ) -> (large: JobID, running: [OpenAttempt]) {
    world.worker(cpus: cpus)
    for _ in 0..<cpus { _ = small(&world, limit: limit) }
    let running = world.schedule()
    let large = world.job { $0.needs = Requirement(cpuMillis: cpus * 1000) }
    return (large, running)
  }

  private func small(_ world: inout World, limit: Span? = nil) -> JobID {
    world.job {
      $0.timeLimit = limit
      $0.grace = Span(milliseconds: 0)
    }
  }

  @Test("a large task starts in bounded time under an endless stream of small ones")
  func bounded() {
    var world = World()
    var (large, running) = crowded(&world)
    var rounds = 0
    while world.state(large) == .pending, rounds < 100 {
      rounds += 1
      world.advance(seconds: 1)
      _ = small(&world)
      world.finish(running.removeFirst())
      running += world.schedule()
      while world.controller.wantsSchedule { running += world.schedule() }
    }
    // Ten seconds of patience, then each of the four that run has to end.
    #expect(rounds <= 16, "it started after \(rounds) ends of others")
    #expect(world.violations.isEmpty)
  }

  @Test("nothing is kept before ten seconds have passed")
  func patience() {
    var world = World()
    let (_, running) = crowded(&world)
    world.advance(seconds: 9)
    let next = small(&world)
    world.finish(running[0])
    #expect(world.schedule().map(\.task.job) == [next])
    world.advance(seconds: 2)
    let late = small(&world)
    world.finish(running[1])
    #expect(world.schedule().isEmpty)
    #expect(world.controller.pendingReason(for: late, at: world.now)?.code == .reserved)
    #expect(world.violations.isEmpty)
  }

  @Test("what is over in time may use what is kept")
  func backfill() {
    var world = World()
    let (large, running) = crowded(&world, limit: .seconds(100))
    world.advance(seconds: 20)
    world.finish(running[0])
    #expect(world.schedule().isEmpty)
    let long = small(&world, limit: .seconds(81))
    #expect(world.schedule().isEmpty)
    let short = small(&world, limit: .seconds(79))
    #expect(world.schedule().map(\.task.job) == [short])
    #expect(world.state(large) == .pending && world.state(long) == .pending)
    #expect(world.violations.isEmpty)
  }

  @Test("the worker that will be free first is kept, and one with a known time before all others")
  func soonest() {
    var world = World()
    for name in ["w1", "w2"] { world.worker(name, cpus: 1) }
    _ = small(&world)
    let halves = [100, 200].map { (limit: UInt64) in
      world.job {
        $0.needs = Requirement(cpuMillis: 500)
        $0.timeLimit = .seconds(limit)
      }
    }
    let running = world.schedule()
    let large = small(&world)
    world.advance(seconds: 20)
    world.schedule()
    for attempt in running where attempt.task.job == halves[0] { world.finish(attempt) }
    let late = world.job { $0.needs = Requirement(cpuMillis: 500) }
    #expect(world.schedule().isEmpty)
    #expect(world.controller.pendingReason(for: late, at: world.now)?.code == .reserved)
    for attempt in running where attempt.task.job == halves[1] { world.finish(attempt) }
    #expect(world.schedule().map(\.task.job) == [large])
    #expect(world.violations.isEmpty)
  }

  @Test("what is beside the room that is kept stays free for all")
  func beside() {
    var world = World()
    world.worker("a", cpus: 2)
    world.worker("b", cpus: 1)
    for _ in 0..<3 { _ = small(&world) }
    let running = world.schedule()
    _ = world.job { $0.needs = Requirement(cpuMillis: 2000) }
    world.advance(seconds: 20)
    let next = small(&world)
    world.finish(running[2])
    #expect(world.schedule().map(\.task.job) == [next])
    #expect(world.violations.isEmpty)
  }

  @Test(
    "what was kept is let go when its job is killed or held",
    arguments: [true, false])
  func letGo(byKill: Bool) {
    var world = World()
    let (large, running) = crowded(&world)
    world.advance(seconds: 20)
    let next = small(&world)
    world.finish(running[0])
    #expect(world.schedule().isEmpty)
    while world.controller.wantsSchedule { #expect(world.schedule().isEmpty) }
    if byKill {
      world.kill(large)
    } else {
      world.step(.hold([Selection(job: large)], from: World.alice, world.request()))
    }
    var placed: [JobID] = []
    while world.controller.wantsSchedule { placed += world.schedule().map(\.task.job) }
    #expect(placed == [next])
    #expect(world.violations.isEmpty)
  }

  @Test("room is kept for a gang on all the workers it will take")
  func gang() {
    var world = World()
    world.worker("a", cpus: 1)
    world.worker("b", cpus: 1)
    for _ in 0..<2 { _ = small(&world) }
    let running = world.schedule()
    let gang = world.job {
      $0.array = .of(2)
      $0.options.gang = Gang()
    }
    world.advance(seconds: 20)
    _ = small(&world)
    world.finish(running[0])
    #expect(world.schedule().isEmpty)
    world.finish(running[1])
    #expect(world.schedule().map(\.task.job) == [gang, gang])
    #expect(world.violations.isEmpty)
  }

  @Test("the more urgent takes over what is kept")
  func urgent() {
    var world = World()
    let (large, running) = crowded(&world)
    world.advance(seconds: 20)
    world.finish(running[0])
    world.schedule()
    let urgent = world.job {
      $0.options.band = .production
      $0.needs = Requirement(cpuMillis: 2000)
    }
    world.finish(running[1])
    var placed: [JobID] = []
    while world.controller.wantsSchedule { placed += world.schedule().map(\.task.job) }
    #expect(placed == [urgent])
    #expect(world.state(large) == .pending)
    #expect(world.violations.isEmpty)
  }
}
