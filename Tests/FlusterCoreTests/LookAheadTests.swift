import Testing

@testable import FlusterCore

/// DESIGN, "Decisions the contract leaves open": a slot need not wait for the next assignment.
@Suite("look-ahead")
struct LookAheadTests {
  private static let pairOfSlots: UInt64 = 2

  /// An array on a worker with two slots, both of them taken.
  private func running(_ world: inout World, tasks: UInt32 = 20) -> (JobID, [OpenAttempt]) {
    world.worker("w1", cpus: Self.pairOfSlots)
    let job = world.job { $0.array = .of(tasks) }
    let first = world.schedule()
    for attempt in first { world.observe(attempt, .started) }
    return (job, first)
  }

  /// The first of them has taken so long, and has ended.
  private func given(
    _ world: inout World, after seconds: Int64 = 0, tasks: UInt32 = 20
  ) -> (job: JobID, running: [OpenAttempt], given: [OpenAttempt]) {
    let (job, first) = running(&world, tasks: tasks)
    world.advance(seconds: seconds)
    world.finish(first[0])
    let next = world.schedule()
    let inTurn = next.filter { !$0.isAhead }
    for attempt in inTurn { world.observe(attempt, .started) }
    return (job, [first[1]] + inTurn, next.filter(\.isAhead))
  }

  private func recalls(_ step: Controller.Step) -> [AttemptUID] {
    step.effects.compactMap { if case .recall(_, let uid) = $0 { uid } else { nil } }
  }

  @Test("begins when tasks have ended that were short, with two for each that runs, in order")
  func begins() {
    var world = World()
    let (job, running, given) = given(&world)
    #expect(running.map(\.task.position) == [1, 2])
    #expect(given.map(\.task.position) == [3, 4, 5, 6])
    #expect(given.allSatisfy { $0.worker == WorkerID("w1") && $0.task.job == job })
    #expect(world.controller.state.free(on: WorkerID("w1")).cpuMillis == 0)
    #expect(world.violations.isEmpty)
  }

  @Test("does not begin where tasks are long, and ends where they become so")
  func long() {
    var world = World()
    #expect(given(&world, after: 1).given.isEmpty)
    var other = World()
    let (_, running, given) = given(&other)
    other.advance(seconds: 30)
    other.finish(running[0])
    other.observe(given[0], .started)
    #expect(other.schedule().isEmpty)
    #expect(other.violations.isEmpty)
  }

  @Test("an attempt takes the place of one that ends, and another is given in its stead")
  func goesOn() {
    var world = World()
    let (_, running, given) = given(&world)
    world.finish(running[0])
    #expect(world.controller.state.free(on: WorkerID("w1")).cpuMillis == 0)
    #expect(world.schedule().map(\.task.position) == [7])
    // The worker may be faster than its reports.
    world.observe(given[0], .started)
    world.observe(given[1], .started)
    world.finish(running[1])
    #expect(world.schedule().map(\.task.position) == [8])
    #expect(world.controller.state.free(on: WorkerID("w1")).cpuMillis == 0)
    #expect(world.violations.isEmpty)
  }

  @Test("an array that has waited for long is given ahead, too: what is kept for it is its own")
  func reserved() {
    var world = World()
    _ = world.job { $0.array = .of(20) }
    world.advance(seconds: 20)
    world.worker("w1", cpus: Self.pairOfSlots)
    let first = world.schedule()
    for attempt in first { world.observe(attempt, .started) }
    world.finish(first[0])
    #expect(world.schedule().count { $0.isAhead } == 4)
    #expect(world.controller.reservation != nil)
    #expect(world.violations.isEmpty)
  }

  @Test("nobody is passed: what is first in order and may not be given ahead stops it")
  func order() {
    var world = World()
    let (_, first) = running(&world)
    let urgent = world.job {
      $0.options.priority = 5; $0.needs = Requirement(cpuMillis: 2000)
    }
    world.finish(first[0])
    #expect(world.schedule().allSatisfy { !$0.isAhead && $0.task.job != urgent })
    #expect(world.violations.isEmpty)
  }

  @Test("gangs, single tasks and throttled arrays are left out", arguments: 0..<3)
  func leftOut(kind: Int) {
    var world = World()
    world.worker("w1", cpus: Self.pairOfSlots)
    for _ in 0..<6 {
      _ = world.job {
        switch kind {
        case 0:
          $0.array = .of(2)
          $0.options.gang = Gang(spread: false)
        case 1: break
        default:
          $0.array = TaskArray(first: 0, step: 1, count: 6, throttle: 2, isExplicit: true)
        }
      }
    }
    for _ in 0..<4 {
      let placed = world.schedule()
      #expect(placed.allSatisfy { !$0.isAhead || kind == 2 })
      #expect(world.controller.state.jobs.allSatisfy { $0.progress.counts.active <= 2 })
      for attempt in placed { world.observe(attempt, .started) }
      for attempt in placed { world.finish(attempt) }
    }
    #expect(world.violations.isEmpty)
  }

  @Test("what is better placed has its turn first: the others are taken back")
  func better() {
    var world = World()
    let (_, running, given) = given(&world)
    let urgent = world.job { $0.options.priority = 5 }
    let step = world.step(.schedule)
    #expect(Set(recalls(step)) == Set(given.map(\.uid)))
    for attempt in given { world.observe(attempt, .missing) }
    #expect(recalls(world.step(.schedule)).isEmpty)
    world.finish(running[0])
    #expect(world.schedule().first?.task.job == urgent)
    #expect(world.violations.isEmpty)
  }

  @Test("what is taken back has lost nothing, and its end says so")
  func uncharged() throws {
    var world = World()
    let (job, _, given) = given(&world)
    world.step(.hold([Selection(job: job, indices: nil)], from: World.alice, world.request()))
    #expect(recalls(world.step(.schedule)).count == 4)
    let step = world.observe(given[0], .missing)
    guard case .attemptEnded(_, let outcome, at: _, let verdict) = step.events.first else {
      Issue.record("an attempt ends that is given back")
      return
    }
    #expect(outcome.cause == .preempted)
    #expect(outcome.text == "it was taken back from worker w1 before it began")
    #expect(verdict == .retry(charged: .none, notBefore: nil))
    #expect(world.state(job, 3) == .pending)
    // One that has begun when its worker hears of it goes on.
    world.observe(given[1], .started)
    #expect(world.state(job, 4) == .running)
    #expect(world.violations.isEmpty)
  }

  @Test("capacity elsewhere takes back as much as fits there, the last first, and once")
  func elsewhere() {
    var world = World()
    let (_, _, given) = given(&world, tasks: 7)
    world.worker("w2", cpus: 3)
    #expect(recalls(world.step(.schedule)) == given.reversed().prefix(3).map(\.uid))
    #expect(recalls(world.step(.schedule)).isEmpty)
    for attempt in given.reversed().prefix(3) { world.observe(attempt, .missing) }
    let placed = world.schedule()
    #expect(placed.map(\.task.position).sorted() == [4, 5, 6])
    #expect(placed.allSatisfy { $0.worker == WorkerID("w2") })
    #expect(world.violations.isEmpty)
  }

  @Test("a worker that is drained, or unwell, keeps only what runs")
  func closed() {
    var world = World()
    let (_, _, given) = given(&world)
    world.step(.drain(WorkerID("w1"), true, from: World.root, world.request()))
    #expect(Set(recalls(world.step(.schedule))) == Set(given.map(\.uid)))
    #expect(world.violations.isEmpty)
  }

  @Test("a worker that was drained before it had any is given tasks like another, and keeps them")
  func reopened() {
    var world = World()
    world.worker("w1", cpus: Self.pairOfSlots)
    for isDrained in [true, false] {
      world.step(.drain(WorkerID("w1"), isDrained, from: World.root, world.request()))
      world.step(.schedule)
    }
    _ = world.job { $0.array = .of(20) }
    let first = world.schedule()
    for attempt in first { world.observe(attempt, .started) }
    world.finish(first[0])
    #expect(world.schedule().count { $0.isAhead } == 4)
    world.finish(first[1])
    #expect(recalls(world.step(.schedule)).isEmpty)
    #expect(world.violations.isEmpty)
  }

  @Test("after a restart the marks are there, and a recall that may be lost is sent again")
  func restart() {
    var world = World()
    let (job, _, given) = given(&world)
    world.restart()
    world.worker("w1", cpus: Self.pairOfSlots)
    #expect(world.controller.state.free(on: WorkerID("w1")).cpuMillis == 0)
    world.step(.hold([Selection(job: job, indices: nil)], from: World.alice, world.request()))
    #expect(recalls(world.step(.schedule)).count == given.count)
    world.worker("w1", cpus: Self.pairOfSlots)
    #expect(recalls(world.step(.schedule)).count == given.count)
    #expect(world.violations.isEmpty)
  }
}
