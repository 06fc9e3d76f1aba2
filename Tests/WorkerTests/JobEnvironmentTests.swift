import FlusterCore
import FlusterProtocol
import Testing

@testable import FlusterWorker

@Suite("the environment of a job")
struct JobEnvironmentTests {
  private func environment(
    _ captured: [String], indices: [String: [UInt32]] = [:], hasGPUs: Bool = false,
    _ edit: (inout WireRun) -> Void = { _ in }
  ) -> [String: String] {
    var run = WireRun()
    run.uid = .of([UInt8](repeating: 0xab, count: 16))
    run.job = 42
    run.index = 7
    run.number = 2
    run.taskCount = 10
    run.charge.cpuMillis = 2500
    run.charge.memoryBytes = 4096
    run.environment = .of(captured.flatMap { Array($0.utf8) + [0] })
    edit(&run)
    let entries = JobEnvironment(
      run: run, worker: "w1", socket: "/run/control.sock", indices: indices, hasGPUs: hasGPUs
    ).entries
    let pairs = entries.map {
      String(decoding: $0, as: UTF8.self).split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    }
    return Dictionary(pairs.map { (String($0[0]), String($0[1])) }) { first, _ in
      Issue.record("\(first) is set twice")
      return first
    }
  }

  @Test("a job is told which pieces it was given, and sees no other GPUs")
  func indices() {
    let some = environment(
      ["CUDA_VISIBLE_DEVICES=7"], indices: ["gpu": [0, 2], "tape-drive": [1]], hasGPUs: true
    ) { $0.charge.resources = [WireAmount(NamedAmount(name: "gpu", count: 2))] }
    #expect(some["CUDA_VISIBLE_DEVICES"] == "0,2" && some["FLUSTER_GPUS"] == "2")
    #expect(some["FLUSTER_INDICES_GPU"] == "0,2" && some["FLUSTER_INDICES_TAPE_DRIVE"] == "1")
    let none = environment(["CUDA_VISIBLE_DEVICES=7", "FLUSTER_INDICES_GPU=0"], hasGPUs: true)
    #expect(none["CUDA_VISIBLE_DEVICES"] == "" && none["FLUSTER_INDICES_GPU"] == nil)
    #expect(environment(["CUDA_VISIBLE_DEVICES=7"])["CUDA_VISIBLE_DEVICES"] == "7")
  }

  @Test("a job is told who it is and what it has")
  func given() {
    let environment = environment(["PATH=/bin"])
    #expect(
      environment == [
        "PATH": "/bin", "FLUSTER_JOB_ID": "42", "FLUSTER_TASK_INDEX": "7",
        "FLUSTER_TASK_COUNT": "10", "FLUSTER_ATTEMPT": "2",
        "FLUSTER_ATTEMPT_UID": "abababababababababababababababab", "FLUSTER_WORKER_ID": "w1",
        "FLUSTER_NAMESPACE": "42", "FLUSTER_SOCKET": "/run/control.sock", "FLUSTER_CPUS": "2.5",
        "FLUSTER_MEM_BYTES": "4096", "OMP_NUM_THREADS": "2",
      ])
  }

  @Test("ours wins, and nothing of an outer job reaches an inner one")
  func nested() {
    let environment = environment([
      "FLUSTER_JOB_ID=1", "FLUSTER_ENTRY=line", "FLUSTER_PORT_HTTP=80", "FLUSTER_SOCK_X=/x",
      "FLUSTER_MINE=kept",
    ])
    #expect(environment["FLUSTER_JOB_ID"] == "42")
    #expect(environment["FLUSTER_ENTRY"] == nil)
    #expect(environment["FLUSTER_PORT_HTTP"] == nil)
    #expect(environment["FLUSTER_SOCK_X"] == nil)
    #expect(environment["FLUSTER_MINE"] == "kept")
  }

  @Test("the namespace is the job at the top of the tree")
  func namespace() {
    #expect(environment([]) { $0.namespace = 17 }["FLUSTER_NAMESPACE"] == "17")
  }

  @Test("a member of a gang is told where the others are")
  func gang() {
    let environment = environment(["FLUSTER_GANG_ADDRESSES=outer"]) {
      $0.gangAddresses = ["a", "-", "b"]
    }
    #expect(environment["FLUSTER_GANG_ADDRESSES"] == "a - b")
  }

  /// Scenario 74.
  @Test("ports and sockets that were found are told, and none where none were asked for")
  func addresses() {
    var run = WireRun()
    run.environment = .of(Array("FLUSTER_PORT_WEB=1\0".utf8))
    let given = ["FLUSTER_PORT_WEB=30000", "FLUSTER_PORT_API=30001"]
    let entries = JobEnvironment(run: run, worker: "w1", socket: "/s", addresses: given).entries
      .map { String(decoding: $0, as: UTF8.self) }
    #expect(entries.filter { $0.hasPrefix("FLUSTER_PORT_") } == given)
    let none = JobEnvironment(run: run, worker: "w1", socket: "/s").entries
    #expect(!none.contains { $0.starts(with: "FLUSTER_PORT_".utf8) })
  }

  @Test("a number of threads that is set stays, and a part of a processor is one thread")
  func threads() {
    #expect(environment(["OMP_NUM_THREADS=9"])["OMP_NUM_THREADS"] == "9")
    #expect(environment([]) { $0.charge.cpuMillis = 250 }["OMP_NUM_THREADS"] == "1")
  }

  @Test("an enforced limit is the memory a job is told of")
  func memory() {
    #expect(environment([]) { $0.memoryLimitBytes = 1 << 30 }["FLUSTER_MEM_BYTES"] == "1073741824")
  }
}
