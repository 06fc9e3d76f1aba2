import FlusterCore
import Testing

@Suite("The feed tells every change of state, in order and stamped")
struct FeedTests {
  private func words(_ step: Controller.Step) -> [String] {
    step.entries.map { entry in
      let tasks = entry.tasks.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
      return "\(entry.kind.rawValue) \(entry.subject?.job.number ?? 0) \(tasks) "
        + (entry.state?.word ?? "-")
    }
  }

  /// Scenario 9.
  @Test("a submit is the action job_submitted, with the name")
  func submitted() throws {
    var world = World()
    let step = world.step(
      .submit(
        JobRequest(name: "sweep", owner: UserID(1001)), Payload(launch: [1], environment: []), nil,
        from: World.alice, RequestID(99)))
    let entry = try #require(step.entries.first)
    #expect(step.entries.count == 1)
    #expect(entry.kind.rawValue == "job_submitted")
    #expect(entry.subject?.name == "sweep")
    #expect(entry.subject?.owner == UserID(1001))
    #expect(entry.at == world.now.wall)
    #expect(entry.state == .pending)
    #expect(world.violations.isEmpty)
  }

  @Test("the life of a task is told from its assignment to the end of its job")
  func life() throws {
    var world = World()
    let link = world.worker()
    let job = world.job { $0.retries = 1 }
    let placed = world.step(.schedule)
    #expect(words(placed) == ["task_assigned 1  assigned"])
    let first = try #require(world.controller.state.attempts.values.first)
    #expect(placed.entries.first?.worker == first.worker)
    #expect(placed.entries.first?.attempt == FeedEntry.Attempt(uid: first.uid, number: 0))
    #expect(words(world.observe(first, .starting)) == ["task_building 1  building"])
    #expect(words(world.observe(first, .started)) == ["task_started 1  running"])
    #expect(words(world.observe(first, .stuck)) == ["task_stuck 1  -"])
    let failed = world.finish(first, Outcome(.exit, exitCode: 3, text: "it said so"))
    #expect(words(failed) == ["task_ended 1  pending"])
    #expect(failed.entries.first?.cause == .exit)
    #expect(failed.entries.first?.status == 3)
    #expect(failed.entries.first?.text == "it said so")
    world.advance(seconds: 60)
    world.step(.tick)
    let second = try #require(world.schedule().first)
    #expect(words(world.finish(second)) == ["task_ended 1  succeeded", "job_ended 1  succeeded"])
    #expect(world.state(job) == nil)
    #expect(words(world.step(.disconnect(link))) == ["worker_disconnected 0  -"])
    #expect(world.violations.isEmpty)
  }

  @Test("a kill of a million tasks that wait is one entry, and who asked is told")
  func killed() {
    var world = World()
    let job = world.job {
      $0.array = TaskArray(first: 1, step: 2, count: 1_000_000, throttle: nil, isExplicit: true)
    }
    let step = world.step(
      .kill([Selection(job: job)], reason: "wrong", from: World.alice, RequestID(9)))
    #expect(
      words(step) == [
        "job_kill_requested 1  -", "tasks_ended 1 1-1999999 killed", "job_ended 1  killed",
      ])
    #expect(step.entries.first?.by == UserID(1001))
    #expect(step.entries.first?.text == "wrong")
    #expect(step.entries.map(\.step) == [1, 2, 1])
  }

  @Test("what is about many ranges is told in entries of a hundred, and nothing is left out")
  func pieces() {
    var world = World()
    let job = world.job {
      $0.array = TaskArray(first: 0, step: 1, count: 1000, throttle: nil, isExplicit: true)
    }
    let odd = stride(from: UInt32(1), to: 1000, by: 2).map { Selection(job: job, indices: $0...$0) }
    let step = world.step(.hold(odd, from: World.alice, RequestID(9)))
    #expect(step.entries.map(\.tasks.count) == [100, 100, 100, 100, 100])
    #expect(step.entries.flatMap(\.tasks) == odd.compactMap(\.indices))
    #expect(
      words(world.step(.release([Selection(job: job)], from: World.alice, RequestID(8))))
        == ["tasks_released 1 0-999 -"])
    let hold = world.step(.hold([Selection(job: job)], from: World.alice, RequestID(7)))
    #expect(words(hold) == ["job_held 1  -"])
  }
}
