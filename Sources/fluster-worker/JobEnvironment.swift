import FlusterCore
import FlusterProtocol
import FlusterSystem

/// The environment of an attempt: what was captured at submit, and what Fluster gives to a job.
/// Ours wins; what a surrounding job was given does not reach its children.
struct JobEnvironment {
  /// All that Fluster may give, so that nothing of an outer job is taken for one's own.
  private static let given: Set<String> = [
    "FLUSTER_JOB_ID", "FLUSTER_TASK_INDEX", "FLUSTER_TASK_COUNT", "FLUSTER_ATTEMPT",
    "FLUSTER_ATTEMPT_UID", "FLUSTER_WORKER_ID", "FLUSTER_NAMESPACE", "FLUSTER_SOCKET",
    "FLUSTER_ENTRY", "FLUSTER_CPUS", "FLUSTER_MEM_BYTES", "FLUSTER_GPUS",
    "FLUSTER_GANG_ADDRESSES",
  ]
  private static let givenPrefixes = ["FLUSTER_PORT_", "FLUSTER_SOCK_", "FLUSTER_INDICES_"]

  /// What CUDA, and everything built on it, chooses among.
  private static let visibleGPUs = "CUDA_VISIBLE_DEVICES"

  private static func list(_ numbers: [UInt32]) -> String {
    numbers.map { "\($0)" }.joined(separator: ",")
  }

  /// The name of a resource as it may stand in that of a variable.
  private static func variable(_ name: String) -> String {
    String(name.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
  }

  /// `NAME=VALUE`, without zero bytes.
  let entries: [[UInt8]]

  /// For the attempt that `run` is about; `addresses` are the variables of its ports and sockets,
  /// `indices` the pieces it was given of what has numbers. Where `hasGPUs`, an attempt sees no
  /// others than its own.
  init(
    run: WireRun, worker: String, socket: String, addresses: [String] = [],
    indices: [String: [UInt32]] = [:], hasGPUs: Bool = false
  ) {
    var hasThreads = false
    var entries = run.environment.array.split(separator: 0).map(Array.init).filter { entry in
      let bytes = entry.prefix { $0 != UInt8(ascii: "=") }
      if bytes.elementsEqual("OMP_NUM_THREADS".utf8) { hasThreads = true }
      if hasGPUs, bytes.elementsEqual(Self.visibleGPUs.utf8) { return false }
      guard bytes.starts(with: "FLUSTER_".utf8) else { return true }
      let name = String(decoding: bytes, as: UTF8.self)
      return !Self.given.contains(name) && !Self.givenPrefixes.contains(where: name.hasPrefix)
    }
    let memory = run.hasMemoryLimitBytes ? run.memoryLimitBytes : run.charge.memoryBytes
    var ours = [
      ("FLUSTER_JOB_ID", "\(run.job)"),
      ("FLUSTER_TASK_INDEX", "\(run.index)"),
      ("FLUSTER_TASK_COUNT", "\(run.taskCount)"),
      ("FLUSTER_ATTEMPT", "\(run.number)"),
      ("FLUSTER_ATTEMPT_UID", ShimSpawn.hexadecimal(run.uid.array)),
      ("FLUSTER_WORKER_ID", worker),
      ("FLUSTER_NAMESPACE", "\(run.namespace == 0 ? run.job : run.namespace)"),
      ("FLUSTER_SOCKET", socket),
      ("FLUSTER_CPUS", Quantity.text(cpuMillis: run.charge.cpuMillis)),
      ("FLUSTER_MEM_BYTES", "\(memory)"),
    ]
    for (name, numbers) in indices.sorted(by: { $0.key < $1.key }) {
      ours.append(("FLUSTER_INDICES_\(Self.variable(name))", Self.list(numbers)))
    }
    if hasGPUs { ours.append((Self.visibleGPUs, Self.list(indices[GPUs.resource] ?? []))) }
    if let gpus = run.charge.resources.first(where: { $0.name == GPUs.resource }) {
      ours.append(("FLUSTER_GPUS", "\(gpus.count)"))
    }
    if !run.gangAddresses.isEmpty {
      ours.append(("FLUSTER_GANG_ADDRESSES", run.gangAddresses.joined(separator: " ")))
    }
    if !hasThreads { ours.append(("OMP_NUM_THREADS", "\(max(run.charge.cpuMillis / 1000, 1))")) }
    if run.hasEntry { entries.append(Array("FLUSTER_ENTRY=".utf8) + run.entry.array) }
    entries += ours.map { Array("\($0)=\($1)".utf8) } + addresses.map { Array($0.utf8) }
    self.entries = entries
  }
}
