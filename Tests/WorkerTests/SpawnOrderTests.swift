import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc
import Testing

@testable import FlusterWorker

@Suite("what the shim is told")
struct SpawnOrderTests {
  private func run() -> WireRun {
    var run = WireRun()
    run.uid = .of([UInt8](repeating: 1, count: 16))
    run.job = 5
    run.owner = 1000
    run.name = "train"
    run.charge.cpuMillis = 1500
    run.launch.argv = [.of(Array("true".utf8))]
    run.launch.directory = .of(Array("/home/ann".utf8))
    run.launch.umask = 0o27
    return run
  }

  private func spawn(_ run: WireRun) throws(StartObstacle) -> ShimSpawn {
    try SpawnOrder(run: run, worker: "w1", socket: "/s", ownerName: "ann").spawn(run.uid.array)
  }

  @Test("streams: a log for both, files by name, standard error with standard output")
  func streams() throws {
    var run = run()
    let plain = try spawn(run)
    #expect(plain.input == .discard && plain.output == .kept && plain.errors == .likeOutput)
    run.launch.stdout = .of(Array("%n-%j-%t-%a-%u.out".utf8))
    run.launch.stderr = .of(Array("/tmp/e".utf8))
    let files = try spawn(run)
    #expect(files.output == .path(Array("train-5-0-0-ann.out".utf8)))
    #expect(files.errors == .path(Array("/tmp/e".utf8)))
  }

  @Test("memory is enforced only if it was asked for, cpus become a weight")
  func limits() throws {
    var run = run()
    run.charge.memoryBytes = 1 << 30
    #expect(try spawn(run).memoryLimit == nil)
    #expect(try spawn(run).cpuMillis == 1500)
    run.memoryLimitBytes = 1 << 20
    #expect(try spawn(run).memoryLimit == 1 << 20)
  }

  @Test("processors are shared, rationed or handed out, as the worker has it")
  func cpuLimit() throws {
    var run = run()
    func spawn(_ limit: CpuLimit) throws(StartObstacle) -> ShimSpawn {
      var order = SpawnOrder(run: run, worker: "w1", socket: "/s", ownerName: "ann")
      order.cpuLimit = limit
      return try order.spawn(run.uid.array)
    }
    #expect(try spawn(.weight).cpuQuotaMillis == nil && !spawn(.weight).wantsProcessors)
    #expect(try spawn(.quota).cpuQuotaMillis == 1500 && !spawn(.quota).wantsProcessors)
    #expect(try spawn(.cores).cpuQuotaMillis == nil && !spawn(.cores).wantsProcessors)
    run.charge.cpuMillis = 2000
    #expect(try spawn(.cores).wantsProcessors)
  }

  @Test("a job's own limit of processes comes before the worker's, and disks go by the band")
  func processLimit() throws {
    var run = run()
    var order = SpawnOrder(run: run, worker: "w1", socket: "/s", ownerName: "ann")
    #expect(try order.spawn(run.uid.array).processLimit == nil)
    order.processLimit = 1000
    #expect(try order.spawn(run.uid.array).processLimit == 1000)
    run.processLimit = 5000
    run.band = .production
    #expect(try spawn(run).processLimit == 5000 && spawn(run).ioWeight == 200)
    run.band = .batch
    #expect(try spawn(run).ioWeight == 50)
  }

  @Test("what could never be executed is refused here, as the job's own fault")
  func obstacles() {
    func reason(_ edit: (inout WireRun) -> Void) -> StartReason? {
      var run = run()
      edit(&run)
      do throws(StartObstacle) {
        _ = try spawn(run)
        return nil
      } catch {
        return error.reason
      }
    }
    let long = [UInt8](repeating: UInt8(ascii: "x"), count: 128 << 10)
    #expect(reason { $0.launch.argv.append(.of(long)) } == .exec)
    #expect(reason { $0.launch.stdout = .of([UInt8](repeating: 97, count: 4096)) } == .stdout)
    #expect(
      reason {
        var limit = WireRlimit()
        limit.name = "nonsense"
        $0.launch.rlimits = [limit]
      } == .limit)
  }
}
