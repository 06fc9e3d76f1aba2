import FlusterCore
import Testing

@Suite("The order of pending work")
struct QueueTests {
  /// Scenario 1.
  @Test("two jobs are served in the order in which they came")
  func order() {
    var world = World()
    let first = world.job()
    let second = world.job()
    world.worker(cpus: 2)
    #expect(world.schedule().map(\.task.job) == [first, second])
    #expect(world.schedule().isEmpty)
    #expect(world.violations.isEmpty)
  }

  /// Scenario 2.
  @Test("a running job is not served again")
  func running() {
    var world = World()
    world.worker(cpus: 1)
    let first = world.job()
    let attempt = world.schedule()[0]
    let second = world.job()
    #expect(world.schedule().isEmpty)
    world.finish(attempt)
    #expect(world.state(first) == nil)
    #expect(world.schedule().map(\.task.job) == [second])
    #expect(world.violations.isEmpty)
  }

  /// Scenario 4.
  @Test("a task that lost its worker keeps its place in the order")
  func requeued() {
    var world = World()
    world.worker(cpus: 1)
    let first = world.job()
    let attempt = world.schedule()[0]
    _ = world.job()
    world.observe(attempt, .started)
    world.finish(attempt, Outcome(.workerLost))
    #expect(world.schedule().map(\.task.job) == [first])
    #expect(world.violations.isEmpty)
  }

  /// Scenario 21.
  @Test("no worker: nothing is placed, the job stays, and says why")
  func noWorker() {
    var world = World()
    let job = world.job()
    #expect(world.schedule().isEmpty)
    #expect(world.state(job) == .pending)
    #expect(world.controller.pendingReason(for: job, at: world.now)?.code == .noWorker)
  }

  /// Scenarios 22, 23, 24, 25, 26.
  @Test(
    "first fit places what fits, in order",
    arguments: [
      ([10], [2, 2, 2], [0, 1, 2]), ([4], [8, 2], [1]), ([4], [2, 2, 2, 2], [0, 1]),
      ([2, 2], [2, 2, 2], [0, 1]), ([4], [3, 2], [0]),
    ] as [([UInt64], [UInt64], [Int])])
  func firstFit(workers: [UInt64], jobs: [UInt64], placed: [Int]) {
    var world = World()
    let ids = jobs.map { cpus in
      world.job { $0.needs = Requirement(cpuMillis: cpus * 1000) }
    }
    for (number, cpus) in workers.enumerated() { world.worker("w\(number)", cpus: cpus) }
    let attempts = world.schedule()
    #expect(attempts.map(\.task.job) == placed.map { ids[$0] })
    if workers.count > 1 { #expect(Set(attempts.map(\.worker)).count == workers.count) }
    #expect(world.violations.isEmpty)
  }

  /// Scenario 27.
  @Test("room that becomes free goes to the job that waits")
  func freed() {
    var world = World()
    world.worker(cpus: 4)
    _ = world.job { $0.needs = Requirement(cpuMillis: 3000) }
    let running = world.schedule()[0]
    let waiting = world.job { $0.needs = Requirement(cpuMillis: 3000) }
    #expect(world.schedule().isEmpty)
    world.finish(running)
    #expect(world.schedule().map(\.task.job) == [waiting])
  }

  /// Scenario 29.
  @Test("memory is counted, and unset memory is the cpu's share")
  func memory() {
    var world = World()
    world.worker(cpus: 4, memory: 16 << 30)
    _ = world.job { $0.needs = Requirement(cpuMillis: 1000, memoryBytes: 12 << 30) }
    let large = world.job { $0.needs = Requirement(cpuMillis: 1000, memoryBytes: 8 << 30) }
    let share = world.job()
    let placed = world.schedule()
    #expect(placed.map(\.task.job).contains(share))
    #expect(!placed.map(\.task.job).contains(large))
    #expect(placed.last?.charge.memoryBytes == 4 << 30)
  }

  /// Scenarios 30, 32.
  @Test("named resources are counted")
  func named() {
    var world = World()
    _ = world.job { $0.needs = Requirement(cpuMillis: 1, named: [.init(name: "gpu", count: 6)]) }
    let four = world.job {
      $0.needs = Requirement(cpuMillis: 1, named: [.init(name: "gpu", count: 4)])
    }
    world.worker("plain")
    #expect(world.schedule().isEmpty)
    world.worker("zgpu", named: [.init(name: "gpu", count: 8)])
    let placed = world.schedule()
    #expect(placed.map(\.worker) == [WorkerID("zgpu")])
    #expect(world.controller.pendingReason(for: four, at: world.now)?.code == .resources)
  }

  /// Scenario 36.
  @Test("work for twice the room there is runs in two turns, and all of it succeeds")
  func twoTurns() {
    var world = World()
    for name in ["a", "b", "c"] { world.worker(name, cpus: 2) }
    for _ in 0..<6 { _ = world.job { $0.needs = Requirement(cpuMillis: 2000) } }
    for _ in 0..<2 {
      let running = world.schedule()
      #expect(Set(running.map(\.worker)).count == 3)
      #expect(running.count == 3)
      for attempt in running { world.observe(attempt, .started) }
      #expect(world.schedule().isEmpty)
      #expect(running.allSatisfy { world.finish($0).ended?.state == .succeeded })
    }
    #expect(world.controller.state.jobs.isEmpty)
    #expect(world.violations.isEmpty)
  }

  /// Scenario 8.
  @Test("gangs of one to five members have so many, and a job that is not there has none")
  func gangSizes() {
    var world = World()
    let gangs = (1...5 as ClosedRange<UInt32>).map { size in
      world.job {
        $0.array = TaskArray(first: 0, step: 1, count: size, throttle: nil, isExplicit: true)
        $0.options.gang = Gang()
      }
    }
    world.worker(cpus: 15)
    let placed = world.schedule()
    let sizes = (gangs + [JobID(99)]).map { gang in placed.count { $0.task.job == gang } }
    #expect(sizes == [1, 2, 3, 4, 5, 0])
    #expect(world.violations.isEmpty)
  }

  @Test("an array runs no more tasks at once than its throttle")
  func throttle() {
    var world = World()
    world.worker(cpus: 8)
    let job = world.job {
      $0.array = TaskArray(first: 0, step: 1, count: 1_000_000, throttle: 2, isExplicit: true)
    }
    var running = world.schedule()
    #expect(running.map(\.task.position) == [0, 1])
    #expect(world.controller.pendingReason(for: job, at: world.now)?.code == .throttled)
    world.finish(running.removeFirst())
    #expect(world.schedule().map(\.task.position) == [2])
    #expect(world.violations.isEmpty)
  }

  @Test("the same commands give the same events, uids included")
  func deterministic() {
    func run() -> State {
      var world = World(seed: 7)
      for cpus in 1...5 { _ = world.job { $0.needs = Requirement(cpuMillis: UInt64(cpus) * 500) } }
      for name in ["b", "a", "c"] { world.worker(name, cpus: 2) }
      for attempt in world.schedule() { world.finish(attempt, Outcome(.exit, exitCode: 1)) }
      world.schedule()
      return world.controller.state
    }
    #expect(run() == run())
  }
}
