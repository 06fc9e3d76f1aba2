import FlusterCommands
import FlusterCore
import FlusterProtocol

/// `/metrics`: what an operator of a queue wants to be woken for, as Prometheus reads it
/// (exposition format 0.0.4).
///
/// Labels are states, and workers by id: never a job, never a user.
enum Metrics {
  /// All of it.
  static func text(_ tally: Tally) -> [UInt8] {
    var text = MetricText()
    text.gauge("fluster_up", upHelp, [("", 1)])
    text.gauge(
      "fluster_jobs", "Jobs that are kept, by state.",
      TaskState.allCases.map { ("{state=\"\($0.word)\"}", tally.jobs[$0] ?? 0) })
    text.gauge(
      "fluster_tasks", "Tasks of unfinished jobs, by state.",
      TaskState.allCases.map { ("{state=\"\($0.word)\"}", tally.tasks[$0] ?? 0) })
    text.gauge("fluster_pending_tasks", "Tasks that wait.", [("", tally.pendingTasks)])
    text.gauge("fluster_open_attempts", "Attempts on workers.", [("", tally.openAttempts)])
    text.gauge(
      "fluster_workers", "Workers, by state.",
      workerStates.map { state in
        ("{state=\"\(state)\"}", UInt64(tally.workers.count { $0.state == state }))
      })
    text.gauge("fluster_endpoints", "Endpoints of running tasks.", [("", UInt64(tally.endpoints))])
    text.gauge(
      "fluster_store_trouble", "Whether the store refuses to write.",
      [("", tally.trouble.isEmpty ? 0 : 1)])
    text.thousandths(
      "fluster_uptime_seconds", "For how long flusterd has run.",
      [("", tally.status.uptimeMs)])
    perWorker(tally, &text)
    return text.bytes
  }

  /// When nobody answers.
  static var away: [UInt8] {
    var text = MetricText()
    text.gauge("fluster_up", upHelp, [("", 0)])
    return text.bytes
  }

  private static let upHelp = "Whether flusterd answers."

  private static let workerStates = ["ready", "unwell", "drained", "silent", "away", "missing"]

  private static func perWorker(_ tally: Tally, _ text: inout MetricText) {
    let workers = tally.workers.filter(\.hasCapacity)
    func label(_ worker: WireWorkerRow) -> String {
      let escaped = worker.id.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      return "{worker=\"\(escaped)\"}"
    }
    text.thousandths(
      "fluster_worker_cpus", "Processors of a worker.",
      workers.map { (label($0), $0.capacity.cpuMillis) })
    text.thousandths(
      "fluster_worker_free_cpus", "Processors of a worker that nothing holds.",
      workers.map { (label($0), $0.free.cpuMillis) })
    text.gauge(
      "fluster_worker_memory_bytes", "Memory of a worker.",
      workers.map { (label($0), $0.capacity.memoryBytes) })
    text.gauge(
      "fluster_worker_free_memory_bytes", "Memory of a worker that nothing holds.",
      workers.map { (label($0), $0.free.memoryBytes) })
  }
}

/// Families of samples, one after the other.
private struct MetricText {
  private(set) var bytes: [UInt8] = []

  mutating func gauge(_ name: String, _ help: String, _ samples: [(labels: String, UInt64)]) {
    add(name, help, samples.map { ($0.labels, "\($0.1)") })
  }

  mutating func thousandths(_ name: String, _ help: String, _ samples: [(labels: String, UInt64)]) {
    add(name, help, samples.map { ($0.labels, Quantity.text(cpuMillis: $0.1)) })
  }

  private mutating func add(_ name: String, _ help: String, _ samples: [(String, String)]) {
    bytes += "# HELP \(name) \(help)\n# TYPE \(name) gauge\n".utf8
    for (labels, value) in samples { bytes += "\(name)\(labels) \(value)\n".utf8 }
  }
}
