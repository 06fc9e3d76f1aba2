import FlusterCore
import Testing

@Suite("Keys")
struct KeyTests {
  /// Scenario 12.
  @Test("the same request under the same key gives the job that it made before")
  func same() {
    var world = World()
    #expect(world.submit(key: "backup") == .submitted(JobID(1), existed: false))
    let again = world.submit(key: "backup")
    let notice = "job 1 has the key \"backup\" already; no other is submitted"
    #expect(again == .submitted(JobID(1), existed: true, notice: notice))
    #expect(world.controller.state.jobs.count == 1)
    #expect(world.submit(key: "other") == .submitted(JobID(2), existed: false))
    #expect(world.submit(as: World.bob, key: "backup") == .submitted(JobID(3), existed: false))
    #expect(world.submit() == .submitted(JobID(4), existed: false))
    #expect(world.violations.isEmpty)
  }

  /// Scenario 11.
  @Test("under the key of an unfinished job a submit may fail, and names key and job")
  func fail() throws {
    var world = World()
    world.worker()
    world.submit(key: "backup")
    let before = world.controller.state
    let once = Once(scope: .live, ifExists: .fail)
    let refusal = world.submit(key: "backup", once)?.refusal
    #expect(refusal?.code == .alreadyExists)
    #expect(refusal?.message == "job 1 has the key \"backup\" and is pending")
    #expect(world.controller.state == before)
    let attempt = try #require(world.schedule().first)
    world.observe(attempt, .started)
    #expect(
      world.submit(key: "backup", once)?.refusal?.message
        == "job 1 has the key \"backup\" and is running")
    world.finish(attempt)
    #expect(world.submit(key: "backup", once) == .submitted(JobID(2), existed: false))
    #expect(world.violations.isEmpty)
  }

  /// Scenario 13.
  @Test("the key of a job that has ended holds as long as its record is kept")
  func ended() throws {
    var world = World()
    world.worker()
    world.submit(key: "backup")
    let holder = KeyHolder(job: JobID(1), digest: RequestDigest(AttemptUID(high: 0, low: 0)))
    world.finish(try #require(world.schedule().first))
    // Its end may not be durable yet, and the store not know it.
    #expect(world.submit(key: "backup", Once(ifExists: .fail))?.refusal?.code == .alreadyExists)
    world.restart()
    let stored = StoredKey(holder: holder, next: JobID(2))
    #expect(
      world.submit(key: "backup", Once(ifExists: .fail, stored: stored))?.refusal?.message
        == "job 1 had the key \"backup\", and has ended")
    let given = world.submit(key: "backup", Once(stored: stored))
    guard case .submitted(JobID(1), existed: true, notice: _) = given else {
      Issue.record("\(String(describing: given)) is not the job that has ended")
      return
    }
    #expect(world.submit(key: "backup") == .submitted(JobID(2), existed: false))
    #expect(world.violations.isEmpty)
  }

  @Test("the key is free again when the record of its job has been forgotten")
  func forgotten() throws {
    var world = World()
    world.worker()
    world.submit(key: "backup")
    let forgotten = Once(ifExists: .fail, stored: StoredKey(holder: nil, next: JobID(2)))
    #expect(world.submit(key: "backup", forgotten)?.refusal != nil, "it has not ended")
    world.finish(try #require(world.schedule().first))
    let unwritten = Once(ifExists: .fail, stored: StoredKey(holder: nil, next: JobID(1)))
    #expect(world.submit(key: "backup", unwritten)?.refusal != nil, "the store has not got it yet")
    #expect(world.submit(key: "backup", forgotten) == .submitted(JobID(2), existed: false))
    #expect(world.violations.isEmpty)
  }

  @Test("a different request under the same key is refused")
  func different() {
    var world = World()
    world.submit(key: "backup", digest: 1)
    for scope in Once.Scope.allCases {
      let refusal = world.submit(key: "backup", digest: 2, Once(scope: scope))?.refusal
      #expect(refusal?.code == .alreadyExists)
      #expect(
        refusal?.message == "job 1 has the key \"backup\", and this is a different request")
    }
    #expect(world.controller.state.jobs.count == 1)
  }

  @Test("what replaces a running job starts when that is gone, and says so until then")
  func replace() throws {
    var world = World()
    world.worker()
    world.submit(key: "backup")
    let old = try #require(world.schedule().first)
    world.observe(old, .started)
    let replace = Once(ifExists: .replace)
    #expect(
      world.submit(key: "backup", digest: 2, replace) == .submitted(JobID(2), existed: false))
    #expect(world.controller.state.attempts[old.uid]?.stop != nil)
    #expect(
      world.controller.state.jobs[JobID(1)]?.progress.killed?.reason == "job 2 replaces it")
    #expect(world.schedule().isEmpty)
    let reason = world.controller.pendingReason(for: JobID(2), at: world.now)
    #expect(
      reason == PendingReason(.replaces, "waits for job 1 to end, which it replaces"))
    world.restart()
    world.worker(incarnation: 2)
    #expect(world.schedule().isEmpty, "a restart changes nothing")
    world.finish(old, Outcome(.killed))
    #expect(world.state(JobID(1)) == nil)
    #expect(world.schedule().map(\.task.job) == [JobID(2)])
    #expect(world.violations.isEmpty)
  }

  @Test("what replaces a waiting or an ended job starts at once")
  func replaceWaiting() throws {
    var world = World()
    world.submit(key: "backup")
    let replace = Once(ifExists: .replace)
    world.submit(key: "backup", replace)
    #expect(world.state(JobID(1)) == nil)
    #expect(world.controller.state.jobs[JobID(2)]?.request.options.key?.replaces == JobID(1))
    world.worker()
    let second = try #require(world.schedule().first)
    #expect(second.task.job == JobID(2))
    world.finish(second)
    world.submit(key: "backup", replace)
    #expect(world.schedule().map(\.task.job) == [JobID(3)])
    #expect(world.violations.isEmpty)
  }

  @Test("what replaces a job that still waits for another's end waits for that")
  func chain() throws {
    var world = World()
    world.worker()
    world.submit(key: "backup")
    let first = try #require(world.schedule().first)
    world.observe(first, .started)
    let replace = Once(scope: .live, ifExists: .replace)
    world.submit(key: "backup", digest: 2, replace)
    world.submit(key: "backup", digest: 3, replace)
    #expect(world.state(JobID(2)) == nil)
    #expect(
      world.controller.pendingReason(for: JobID(3), at: world.now)?.text
        == "waits for job 1 to end, which it replaces")
    world.kill(JobID(3))
    // The key's newest job has ended; the one before it has not, and is in the way of both scopes.
    for (id, scope) in [(UInt64(4), Once.Scope.live), (5, .ever)] {
      world.submit(key: "backup", digest: id, Once(scope: scope, ifExists: .replace))
      #expect(world.schedule().isEmpty)
      #expect(
        world.controller.pendingReason(for: JobID(id), at: world.now)?.code == .replaces)
    }
    world.finish(first, Outcome(.killed))
    #expect(world.schedule().map(\.task.job) == [JobID(5)])
    #expect(world.violations.isEmpty)
  }

  @Test("the children of a job that is replaced end with it; inside it nothing replaces it")
  func tree() throws {
    var world = World()
    world.worker()
    world.submit(key: "backup")
    let old = try #require(world.schedule().first)
    world.observe(old, .started)
    let child = world.job(inside: old)
    let replace = Once(ifExists: .replace)
    let refusal = world.submit(key: "backup", replace, inside: old.uid)?.refusal
    #expect(refusal?.code == .failedPrecondition)
    #expect(
      refusal?.message
        == "job 1 has the key \"backup\", and what is submitted inside it ends with it")
    #expect(world.state(child) == .pending)
    world.submit(key: "backup", replace)
    #expect(world.state(child) == nil)
    #expect(world.violations.isEmpty)
  }

  @Test("the time in which a job is to find a place does not run while it waits for another's end")
  func scheduleTimeout() throws {
    var world = World()
    world.worker()
    world.submit(key: "backup")
    let old = try #require(world.schedule().first)
    world.observe(old, .started)
    world.submit(key: "backup", Once(ifExists: .replace)) {
      $0.options.scheduleTimeout = .seconds(5)
    }
    world.advance(seconds: 60)
    world.step(.tick)
    world.schedule()
    #expect(world.state(JobID(2)) == .pending)
    world.finish(old, Outcome(.killed))
    #expect(world.schedule().map(\.task.job) == [JobID(2)])
    #expect(world.violations.isEmpty)
  }

  @Test("who may not have another job is told before anything is ended")
  func refused() throws {
    var world = World()
    world.worker(cpus: 4)
    world.submit(key: "backup")
    let before = world.controller.state
    let answer = world.submit(key: "backup", Once(ifExists: .replace)) {
      $0.needs = Requirement(cpuMillis: 64_000)
    }
    #expect(answer?.refusal?.code == .invalidArgument)
    #expect(world.controller.state == before)
  }
}

extension World {
  /// Submits under a key; the digest stands for what is asked for.
  @discardableResult
  fileprivate mutating func submit(
    as caller: Caller = World.alice, key: String, digest: UInt64 = 0, _ once: Once = Once(),
    inside attempt: AttemptUID? = nil, _ change: (inout JobRequest) -> Void = { _ in }
  ) -> Answer? {
    submit(as: caller, once: once, inside: attempt) { request in
      change(&request)
      let digest = RequestDigest(AttemptUID(high: 0, low: digest))
      request.options.key = JobKey(name: key, digest: digest)
    }
  }
}
