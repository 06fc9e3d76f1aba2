import FlusterCore
import Testing

@Suite("Job trees")
struct TreeTests {
  private static let killed = Outcome(.killed, signal: 15)

  /// Starts everything that fits, and gives the attempts by job.
  private func run(_ world: inout World) -> [JobID: OpenAttempt] {
    let attempts = world.schedule()
    for attempt in attempts { world.observe(attempt, .started) }
    return Dictionary(attempts.map { ($0.task.job, $0) }) { first, _ in first }
  }

  /// A running job and its attempt.
  private func running(
    _ world: inout World, inside attempt: OpenAttempt? = nil,
    _ change: (inout JobRequest) -> Void = { _ in }
  ) throws -> (JobID, OpenAttempt) {
    let job = world.job(inside: attempt, change)
    return (job, try #require(run(&world)[job]))
  }

  private func kill(
    _ world: inout World, _ job: JobID, _ index: UInt32? = nil, reason: String = "",
    from caller: Caller = World.alice
  ) -> (step: Controller.Step, answer: Answer?) {
    let reply = world.request()
    let selection = Selection(job: job, indices: index.map { $0...$0 })
    let step = world.step(.kill([selection], reason: reason, from: caller, reply))
    return (step, step.answer(to: reply))
  }

  private func request(_ world: World, _ job: JobID) -> KillRequest? {
    world.controller.state.jobs[job]?.progress.killed
  }

  @Test("a job that is submitted from inside another is its child, and knows the whole way up")
  func child() throws {
    var world = World()
    world.worker()
    let (root, rootAttempt) = try running(&world) { $0.name = "build" }
    let (middle, middleAttempt) = try running(&world, inside: rootAttempt) {
      $0.name = "test"
      $0.array = TaskArray(first: 7, step: 1, count: 1, throttle: nil, isExplicit: true)
    }
    let leaf = world.job(inside: middleAttempt) { $0.name = "unit" }
    let job = try #require(world.controller.state.jobs[leaf])
    #expect(job.path == "build/test/unit")
    #expect(job.root == root)
    #expect(job.lineage?.parent == Ancestor(job: middle, index: 7, attempt: middleAttempt.uid))
    #expect(job.lineage?.parent.text == "\(middle).7")
    #expect(world.controller.state.jobs[root]?.root == root)
    #expect(world.controller.state.jobs[root]?.path == "build")
    #expect(world.violations.isEmpty)
  }

  /// Scenario 14.
  @Test("inside an ended attempt, or another user's, a submit makes a root and says so")
  func orphans() throws {
    var world = World()
    world.worker()
    let (parent, attempt) = try running(&world)
    guard
      case .submitted(let other, existed: false, let notice?) = world.submit(
        as: World.bob, inside: attempt.uid)
    else {
      Issue.record("the submit of another user was not accepted with a notice")
      return
    }
    #expect(world.controller.state.jobs[other]?.lineage == nil)
    #expect(notice.contains("job \(parent)") && notice.contains("uid 1001"))
    #expect(notice.hasSuffix("job \(other) is a root job"))
    world.finish(attempt)
    guard case .submitted(let late, existed: false, let words?) = world.submit(inside: attempt.uid)
    else {
      Issue.record("the late submit was not accepted with a notice")
      return
    }
    #expect(world.controller.state.jobs[late]?.lineage == nil)
    #expect(words.contains("\(attempt.uid)") && words.hasSuffix("job \(late) is a root job"))
    #expect(world.violations.isEmpty)
  }

  /// Scenario 41.
  @Test("ending a job ends the whole tree below it in one turn, running or not")
  func subtree() throws {
    var world = World()
    world.worker(cpus: 3)
    let (parent, parentAttempt) = try running(&world)
    let (child, childAttempt) = try running(&world, inside: parentAttempt)
    let (grandchild, grandchildAttempt) = try running(&world, inside: childAttempt)
    let second = world.job(inside: parentAttempt)
    let bystander = world.job()
    let (step, answer) = kill(&world, parent, reason: "wrong data")
    #expect(answer == .done(unknown: []))
    #expect(step.ended?.job == second)
    #expect(step.ended?.killed?.reason == "its parent \(parent) was ended: wrong data")
    #expect(step.ended?.killed?.by == World.alice.uid)
    let stopped = [parentAttempt, childAttempt, grandchildAttempt]
    #expect(
      Set(stopped.map { Effect.stop($0.worker, $0.uid) }).isSubset(of: step.effects))
    #expect(request(world, child)?.reason == "its parent \(parent) was ended: wrong data")
    #expect(request(world, grandchild)?.reason == "its ancestor \(parent) was ended: wrong data")
    #expect(request(world, bystander) == nil)
    for attempt in stopped {
      #expect(world.finish(attempt, Self.killed).ended?.state == .killed)
    }
    #expect(world.controller.state.jobs.keys == [bystander])
    #expect(world.violations.isEmpty)
  }

  @Test("ending a job that has finished ends what lives below it, through finished levels too")
  func finishedParent() throws {
    var world = World()
    world.worker()
    let (parent, parentAttempt) = try running(&world)
    let (child, childAttempt) = try running(&world, inside: parentAttempt)
    let leaf = world.job(inside: childAttempt)
    world.finish(childAttempt)
    world.finish(parentAttempt)
    #expect(request(world, leaf) == nil)
    #expect(kill(&world, parent, from: World.bob).answer?.refusal?.code == .permissionDenied)
    let reply = world.request()
    let spared = world.step(
      .kill(
        [Selection(job: parent)], reason: "", belowFinished: false, from: World.alice, reply))
    #expect(spared.events.isEmpty)
    let (step, answer) = kill(&world, parent)
    #expect(answer == .done(unknown: [parent]))
    #expect(step.ended?.job == leaf)
    #expect(step.ended?.killed?.reason == "its ancestor \(parent) was ended")
    #expect(kill(&world, child).step.events.isEmpty)
    #expect(world.violations.isEmpty)
  }

  @Test("children outlive the success of their parent, unless it was submitted to end them")
  func success() throws {
    for endChildren in [false, true] {
      var world = World()
      world.worker()
      let (parent, attempt) = try running(&world) { $0.endChildren = endChildren }
      let child = world.job(inside: attempt)
      world.finish(attempt)
      #expect(world.controller.state.jobs[parent] == nil)
      #expect((world.controller.state.jobs[child] == nil) == endChildren)
      #expect(world.violations.isEmpty)
    }
  }

  @Test(
    "children end when the attempt that submitted them fails, is lost or is tried again",
    arguments: [
      (Outcome(.exit, exitCode: 1), UInt32(0), "has ended (failed)"),
      (Outcome(.exit, exitCode: 1), 1, "is tried again"),
      (Outcome(.timeLimit, signal: 15), 1, "has ended (failed)"),
      (Outcome(.workerLost), 0, "is tried again"),
    ])
  func failure(outcome: Outcome, retries: UInt32, words: String) throws {
    var world = World()
    world.worker()
    let (parent, attempt) = try running(&world) { $0.retries = retries }
    let (child, childAttempt) = try running(&world, inside: attempt)
    let waiting = world.job(inside: childAttempt)
    let step = world.finish(attempt, outcome)
    #expect(step.effects.contains(.stop(childAttempt.worker, childAttempt.uid)))
    #expect(request(world, child)?.reason == "its parent \(parent) \(words)")
    #expect(request(world, child)?.by == World.alice.uid)
    #expect(world.controller.state.jobs[waiting] == nil)
    world.finish(childAttempt, Self.killed)
    #expect(world.violations.isEmpty)
  }

  @Test("the next attempt of a parent has children of its own, and nothing to do with the old ones")
  func retried() throws {
    var world = World()
    world.worker()
    let (parent, first) = try running(&world)
    let (old, oldAttempt) = try running(&world, inside: first)
    world.finish(first, Outcome(.workerLost))
    let second = try #require(run(&world)[parent])
    let new = world.job(inside: second)
    world.finish(oldAttempt, Self.killed)
    #expect(world.controller.state.jobs[old] == nil)
    #expect(request(world, new) == nil)
    #expect(
      world.submit(inside: first.uid)?.notice?.contains("is not open here") == true)
    #expect(world.violations.isEmpty)
  }

  @Test("ending one task of an array ends the children of that task alone, even after its success")
  func oneTask() throws {
    var world = World()
    world.worker(cpus: 3)
    let parent = world.job {
      $0.array = TaskArray(first: 10, step: 10, count: 3, throttle: nil, isExplicit: true)
    }
    let attempts = world.schedule()
    let children = attempts.map { world.job(inside: $0) }
    world.finish(attempts[2])
    _ = kill(&world, parent, 20)
    #expect(world.controller.state.jobs[children[0]] != nil)
    #expect(world.controller.state.jobs[children[1]] == nil)
    #expect(world.controller.state.jobs[children[2]] != nil)
    let (step, _) = kill(&world, parent, 30)
    #expect(step.ended?.job == children[2])
    #expect(step.ended?.killed?.reason == "its parent \(parent).30 was ended")
    world.finish(attempts[1], Self.killed)
    world.finish(attempts[0])
    #expect(world.controller.state.jobs.keys == [children[0]])
    #expect(world.violations.isEmpty)
  }

  @Test("what a job submits while it is being ended ends with it, whatever its last status")
  func duringTheKill() throws {
    var world = World()
    world.worker()
    let (parent, attempt) = try running(&world)
    _ = kill(&world, parent, from: World.root)
    let late = world.job(inside: attempt)
    #expect(request(world, late) == nil)
    let step = world.finish(attempt)
    let ended = step.events.compactMap { event in
      if case .jobEnded(let progress) = event { progress } else { nil }
    }
    #expect(ended.map(\.job) == [parent, late])
    #expect(ended.map(\.state) == [.succeeded, .killed])
    #expect(ended.last?.killed?.by == .root)
    #expect(world.violations.isEmpty)
  }

  @Test("a job that is named with its child keeps the reason it was given itself")
  func bothNamed() throws {
    var world = World()
    world.worker(cpus: 1)
    let (parent, attempt) = try running(&world)
    let child = world.job(inside: attempt)
    let step = world.step(
      .kill(
        [Selection(job: parent), Selection(job: child)], reason: "mine", from: World.alice,
        world.request()))
    #expect(step.ended?.killed?.reason == "mine")
  }

  @Test("a tree has 64 levels and no more")
  func depth() throws {
    var world = World()
    world.worker(cpus: 100, memory: 1 << 40)
    var (deepest, attempt) = try running(&world)
    let root = deepest
    for _ in 1..<Lineage.maximumDepth {
      (deepest, attempt) = try running(&world, inside: attempt)
    }
    let refusal = try #require(world.submit(inside: attempt.uid)?.refusal)
    #expect(refusal.code == .failedPrecondition)
    #expect(refusal.message.contains("job \(deepest) is at level 64"))
    #expect(refusal.wayOut.contains("--detach"))
    let (step, _) = kill(&world, root)
    #expect(step.effects.count { if case .stop = $0 { true } else { false } } == 64)
    #expect(world.violations.isEmpty)
  }

  @Test("a long path keeps its root and its last names")
  func longPath() throws {
    var world = World()
    world.worker(cpus: 100, memory: 1 << 40)
    let name = String(repeating: "n", count: 255)
    var (job, attempt) = try running(&world) { $0.name = "root" }
    for _ in 0..<10 { (job, attempt) = try running(&world, inside: attempt) { $0.name = name } }
    let path = try #require(world.controller.state.jobs[job]?.path)
    #expect(path == "root/.../" + Array(repeating: name, count: 4).joined(separator: "/"))
  }

  @Test("a thousand children cost no more than themselves, and end in the order of their ids")
  func many() throws {
    var world = World()
    world.worker(cpus: 1)
    let (parent, attempt) = try running(&world)
    let children = (0..<1000).map { _ in
      _ = world.controller.step(
        .submit(
          JobRequest(name: "c", owner: World.alice.uid), Payload(launch: [], environment: []), nil,
          inside: attempt.uid, from: World.alice, world.request()), at: world.now)
      return JobID(world.controller.state.nextJob.number - 1)
    }
    let step = world.controller.step(
      .kill([Selection(job: parent)], reason: "", from: World.alice, world.request()),
      at: world.now)
    let ended = step.events.compactMap { event in
      if case .jobEnded(let progress) = event { progress.job } else { nil }
    }
    #expect(ended == children)
    #expect(Invariants.violations(in: world.controller).isEmpty)
  }

  @Test("a restart finds the tree as it was")
  func restart() throws {
    var world = World()
    world.worker()
    let (parent, parentAttempt) = try running(&world)
    let (_, childAttempt) = try running(&world, inside: parentAttempt)
    let leaf = world.job(inside: childAttempt)
    world.finish(childAttempt)
    world.controller = Controller(
      restored: world.controller.state.restored, random: Random(seed: 2))
    #expect(Invariants.violations(in: world.controller).isEmpty)
    let step = world.controller.step(
      .kill([Selection(job: parent)], reason: "", from: World.alice, world.request()),
      at: world.now)
    #expect(step.ended?.job == leaf)
  }
}

extension Answer {
  fileprivate var notice: String? {
    if case .submitted(_, existed: _, let notice) = self { notice } else { nil }
  }
}
