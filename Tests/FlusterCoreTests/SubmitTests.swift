import FlusterCore
import Testing

@Suite("Submitting")
struct SubmitTests {
  /// Scenario 9.
  @Test("a valid request gets an id, is pending and asks for a pass")
  func valid() {
    var world = World()
    world.schedule()
    #expect(world.submit() == .submitted(JobID(1), existed: false))
    #expect(world.state(JobID(1)) == .pending)
    #expect(world.controller.wantsSchedule)
    #expect(world.submit() == .submitted(JobID(2), existed: false))
  }

  /// Scenario 15.
  @Test(
    "a malformed request is refused and makes no job",
    arguments: [0, TaskArray.maximumCount + 1])
  func count(count: UInt32) {
    var world = World()
    let answer = world.submit {
      $0.array = TaskArray(first: 0, step: 1, count: count, throttle: nil, isExplicit: true)
    }
    #expect(answer?.refusal?.code == .invalidArgument)
    #expect(answer?.refusal?.message.contains("10000000") == true)
    #expect(world.controller.state.jobs.isEmpty)
  }

  /// Scenario 10.
  @Test("an empty name, no cpu, a throttle of 0 and indices past 32 bits are refused")
  func malformed() {
    var world = World()
    let answers = [
      world.submit(""),
      world.submit { $0.needs = Requirement(cpuMillis: 0) },
      world.submit {
        $0.array = TaskArray(first: 0, step: 1, count: 2, throttle: 0, isExplicit: true)
      },
      world.submit {
        $0.array = TaskArray(
          first: 4_294_967_295, step: 1, count: 2, throttle: nil, isExplicit: true)
      },
      world.submit {
        $0.array = TaskArray(first: 0, step: 0, count: 2, throttle: nil, isExplicit: true)
      },
    ]
    #expect(answers.allSatisfy { $0?.refusal?.code == .invalidArgument })
    #expect(world.controller.state == World().controller.state)
  }

  @Test("nobody submits a job for another uid, not even an administrator")
  func otherOwner() {
    var world = World()
    for caller in [World.alice, World.root] {
      let answer = world.submit(as: caller) { $0.owner = World.bob.uid }
      #expect(answer?.refusal?.code == .permissionDenied)
    }
    #expect(world.controller.state.jobs.isEmpty)
  }

  @Test("the same token of the same uid makes one job")
  func token() throws {
    var world = World()
    let token = try #require(Token(bytes: Array(0..<16)))
    #expect(world.submit(token: token) == .submitted(JobID(1), existed: false))
    #expect(world.submit(token: token) == .submitted(JobID(1), existed: true))
    #expect(world.submit(as: World.bob, token: token) == .submitted(JobID(2), existed: false))
    #expect(world.violations.isEmpty)
  }

  @Test("what no known worker could ever run is refused, with the numbers")
  func impossible() {
    var world = World()
    let needs = Requirement(cpuMillis: 64_000)
    guard case .submitted = world.submit("job", { $0.needs = needs }) else {
      Issue.record("without a worker everything is accepted")
      return
    }
    world.worker(cpus: 4)
    let refusal = world.submit("job", { $0.needs = needs })?.refusal
    #expect(refusal?.code == .invalidArgument)
    #expect(
      refusal?.message
        == "no worker could ever run a task that needs 64 cpus: worker w1 has only 4 cpus")
    let reason = world.controller.pendingReason(for: JobID(1), at: world.now)
    #expect(reason?.code == .resources)
  }

  @Test("an expected worker counts by its declared size, until it comes and by its own after")
  func expected() {
    var world = World()
    world.worker("w1", cpus: 4)
    let size = Amounts(cpuMillis: 64_000, memoryBytes: 64 << 30)
    world.controller.expected = [
      ExpectedWorker(id: WorkerID("big"), capacity: size), ExpectedWorker(id: WorkerID("other")),
    ]
    func submit(cpus: UInt64) -> Refusal? {
      world.submit("job", { $0.needs = Requirement(cpuMillis: cpus * 1000) })?.refusal
    }
    #expect(submit(cpus: 64) == nil)
    #expect(
      submit(cpus: 65)?.message
        == "no worker could ever run a task that needs 65 cpus: worker w1 has only 4 cpus, "
        + "worker big, which is expected, has only 64 cpus")
    #expect(world.controller.missing.map(\.id.name) == ["big", "other"])
    let link = world.worker("big", cpus: 32)
    #expect(world.controller.missing.map(\.id.name) == ["other"])
    #expect(submit(cpus: 64) != nil)
    world.step(.disconnect(link))
    world.controller.expected = []
    #expect(submit(cpus: 32) == nil, "who is away may come again")
    #expect(submit(cpus: 33) != nil)
    world.step(.forget(WorkerID("big"), from: World.root, world.request()))
    #expect(submit(cpus: 32) != nil, "who has been forgotten may not")
    #expect(world.violations.isEmpty)
  }

  @Test("with nobody connected an expected worker's declared size is what a job is judged by")
  func expectedAlone() {
    var world = World()
    let size = Amounts(cpuMillis: 8000, memoryBytes: 64 << 30)
    world.controller.expected = [ExpectedWorker(id: WorkerID("big"), capacity: size)]
    let large = Requirement(cpuMillis: 9000)
    #expect(world.submit("job", { $0.needs = large })?.refusal?.code == .invalidArgument)
    let small = Requirement(cpuMillis: 8000)
    #expect(world.submit("job", { $0.needs = small })?.refusal == nil)
  }
}
