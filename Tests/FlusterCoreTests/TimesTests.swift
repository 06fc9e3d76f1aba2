import FlusterCore
import Testing

@Suite("Begins and deadlines")
struct TimesTests {
  /// So long after a world has begun.
  private static func at(_ seconds: UInt64) -> WallTime { World().now.wall + .seconds(seconds) }

  @Test("a job starts at its begin, and not before, in the next life of the controller either")
  func begin() {
    var world = World()
    world.worker()
    let begin = Self.at(60)
    let job = world.job { $0.options.begin = begin }
    #expect(world.schedule().isEmpty)
    let reason = world.controller.pendingReason(for: job, at: world.now)
    #expect(reason?.code == .begin && reason?.text == "begins in 1m")
    #expect(world.controller.nextWake?.wall == begin)
    world.restart()
    world.worker()
    #expect(world.controller.nextWake?.wall == begin)
    world.advance(seconds: 59)
    world.step(.tick)
    #expect(world.schedule().isEmpty)
    world.advance(seconds: 1)
    world.step(.tick)
    #expect(world.schedule().map(\.task.job) == [job])
    #expect(world.violations.isEmpty)
  }

  @Test("a clock that is set back makes a begin come again")
  func setClock() {
    var world = World()
    world.worker()
    let job = world.job {
      $0.options.begin = Self.at(60)
      $0.held = true
    }
    world.advance(seconds: 100)
    world.step(.tick)
    world.advance(seconds: -80)
    world.step(.release([Selection(job: job)], from: World.alice, world.request()))
    #expect(world.schedule().isEmpty)
    world.advance(seconds: 40)
    world.step(.tick)
    #expect(world.schedule().map(\.task.job) == [job])
    #expect(world.violations.isEmpty)
  }

  @Test("at its deadline what has not started ends, and what runs goes on but is not tried again")
  func deadline() throws {
    var world = World()
    world.worker(cpus: 1)
    let job = world.job {
      $0.array = .of(3)
      $0.retries = 5
      $0.options.deadline = Self.at(60)
    }
    let dependent = world.job {
      $0.options.dependencies = [Dependency(.afterOK, Selection(job: job))]
    }
    let attempt = try #require(world.schedule().first)
    world.advance(seconds: 60)
    let step = world.step(.tick)
    #expect(
      step.effects.contains(
        .tasksEnded(
          job, RangeSet(1..<3), .unschedulable, EndStory(outcome: Outcome(.deadline)))))
    #expect(world.controller.state.jobs[dependent] == nil)
    #expect(world.state(job) == .assigned)
    let end = world.finish(attempt, Outcome(.exit, exitCode: 1))
    #expect(end.verdict == .final(.failed, charged: .failure))
    #expect(end.ended?.state == .failed)
    #expect(world.violations.isEmpty)
  }

  @Test("a pass that comes before the tick starts nothing that is too late")
  func late() {
    var world = World()
    let job = world.job {
      $0.held = true
      $0.options.deadline = Self.at(60)
    }
    world.restart()
    world.worker()
    world.advance(seconds: 60)
    #expect(world.schedule().isEmpty)
    #expect(world.controller.state.jobs[job] == nil)
    #expect(world.violations.isEmpty)
  }

  @Test("an attempt that never started is not given to another worker after the deadline")
  func givenBack() throws {
    var world = World()
    world.worker()
    let job = world.job { $0.options.deadline = Self.at(60) }
    let attempt = try #require(world.schedule().first)
    world.advance(seconds: 61)
    world.observe(attempt, .missing)
    #expect(world.controller.state.jobs[job] == nil)
    #expect(world.violations.isEmpty)
  }

  @Test("a deadline that has passed, or comes before the begin, is refused")
  func refused() {
    var world = World()
    let past = world.submit { $0.options.deadline = Self.at(0) }
    #expect(past?.refusal?.message == "the deadline has passed already")
    let early = world.submit {
      $0.options.deadline = Self.at(60)
      $0.options.begin = Self.at(60)
    }
    #expect(early?.refusal?.code == .invalidArgument)
    #expect(world.controller.state.jobs.isEmpty)
  }

  @Test("the time to find a place counts from the begin")
  func scheduleTimeout() {
    var world = World()
    let job = world.job {
      $0.options.begin = Self.at(60)
      $0.options.scheduleTimeout = .seconds(10)
    }
    world.advance(seconds: 69)
    world.step(.tick)
    world.schedule()
    #expect(world.controller.state.jobs[job] != nil)
    world.advance(seconds: 2)
    world.step(.tick)
    world.schedule()
    #expect(world.controller.state.jobs[job] == nil)
    #expect(world.violations.isEmpty)
  }
}
