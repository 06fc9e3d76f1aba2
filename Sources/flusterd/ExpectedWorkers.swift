import FlusterCore
import FlusterProtocol
import FlusterSystem

extension ExpectedWorker {
  /// Reads `ID[:cpus=N][:mem=SIZE]` of ExpectedWorkers=. The size is known when both are given.
  init(_ value: Configuration.Value) throws(ConfigurationError) {
    let parts = value.text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard let id = parts.first, !id.isEmpty, id.utf8.count <= Limit.workerID else {
      throw value.refused("\"\(value.text)\" does not begin with the id of a worker")
    }
    var cpus: UInt64?
    var memory: UInt64?
    for part in parts.dropFirst() {
      let isCPUs = part.hasPrefix("cpus=") && cpus == nil
      guard isCPUs || (part.hasPrefix("mem=") && memory == nil) else {
        throw value.refused("\"\(value.text)\" is not of the form ID[:cpus=N][:mem=SIZE]")
      }
      do throws(QuantityError) {
        if isCPUs {
          cpus = try Quantity.cpuMillis(parsing: String(part.dropFirst(5)))
        } else {
          memory = try Quantity.bytes(parsing: String(part.dropFirst(4)))
        }
      } catch {
        throw value.refused("\(error)")
      }
    }
    var capacity: Amounts?
    if let cpus, let memory { capacity = Amounts(cpuMillis: cpus, memoryBytes: memory) }
    self.init(id: WorkerID(id), capacity: capacity)
  }
}
