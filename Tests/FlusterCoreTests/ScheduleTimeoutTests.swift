import FlusterCore
import Testing

@Suite("The time within which a job wants its place")
struct ScheduleTimeoutTests {
  private static let gpu = Requirement(cpuMillis: 1, named: [.init(name: "gpu", count: 1)])

  /// Scenario 34.
  @Test("what never fits is unschedulable once its time has passed, and says how long it was")
  func passed() {
    var world = World()
    let job = world.job {
      $0.needs = Self.gpu
      $0.options.scheduleTimeout = .seconds(1)
    }
    world.worker()
    world.advance(seconds: 2)
    let step = world.step(.schedule)
    #expect(step.ended?.state == .unschedulable)
    #expect(
      step.effects.contains(
        .tasksEnded(
          job, RangeSet(0..<1), .unschedulable, EndStory(reason: "no place was found within 1s"))))
    #expect(world.state(job) == nil)
    var request = JobRequest(name: "job", owner: World.alice.uid)
    request.options.scheduleTimeout = .seconds(1)
    #expect(step.ended?.error(of: request, outcome: nil) == "no place was found within 1s")
    #expect(world.violations.isEmpty)
  }

  /// Scenario 35.
  @Test("without a time it waits for ever")
  func unlimited() {
    var world = World()
    let job = world.job { $0.needs = Self.gpu }
    world.worker()
    world.advance(seconds: 10)
    world.schedule()
    #expect(world.state(job) == .pending)
  }

  @Test("the pass after its time still finds it a place")
  func lastChance() {
    var world = World()
    let job = world.job { $0.options.scheduleTimeout = .seconds(1) }
    world.advance(seconds: 5)
    world.worker()
    #expect(world.schedule().map(\.task.job) == [job])
    #expect(world.violations.isEmpty)
  }

  @Test("of an array what runs goes on, and only the rest is given up")
  func array() {
    var world = World()
    world.worker(cpus: 1)
    let job = world.job {
      $0.array = .of(3)
      $0.options.scheduleTimeout = .seconds(1)
    }
    let running = world.schedule()
    world.advance(seconds: 2)
    world.step(.tick)
    #expect(world.controller.wantsSchedule)
    world.schedule()
    #expect(world.state(job, 0) == .assigned && world.state(job, 2) == .unschedulable)
    let ended = world.finish(running[0]).ended
    #expect(ended?.state == .unschedulable && ended?.counts.unschedulable == 2)
    #expect(world.violations.isEmpty)
  }

  @Test("what is held, or waits for its own array, is given up only when it could have started")
  func postponed() {
    var world = World()
    let held = world.job {
      $0.held = true
      $0.options.scheduleTimeout = .seconds(1)
    }
    world.advance(seconds: 2)
    world.schedule()
    #expect(world.state(held) == .pending)
    world.step(.release([Selection(job: held)], from: World.alice, world.request()))
    #expect(world.step(.schedule).ended?.state == .unschedulable)

    world.worker(cpus: 1)
    let throttled = world.job {
      $0.array = TaskArray(first: 0, step: 1, count: 3, throttle: 1, isExplicit: true)
      $0.options.scheduleTimeout = .seconds(1)
    }
    let first = world.schedule()
    world.advance(seconds: 2)
    world.schedule()
    #expect(world.state(throttled, 1) == .pending)
    _ = world.job {
      $0.options.band = .production
    }
    world.finish(first[0])
    world.schedule()
    #expect(world.state(throttled, 1) == nil)
    #expect(world.violations.isEmpty)
  }
}
