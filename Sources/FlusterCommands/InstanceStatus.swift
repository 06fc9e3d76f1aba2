package import FlusterClient
import FlusterCore
package import FlusterProtocol

/// What `fluster-ctl status` tells.
package enum InstanceStatus {
  /// Asks, and prints the answer on standard output.
  static func print(asJSON: Bool, _ session: consuming Session) throws(Failure) {
    guard case .status(let status) = try session.call(.getStatus(WireGetStatus())) else {
      throw Failure(.internal, "flusterd answered something else than its status")
    }
    if asJSON { return try StandardStream.print(json(status).lineBytes) }
    let text = lines(status).map { Table.shown($0) + "\n" }.joined()
    try StandardStream.print(Array(text.utf8))
  }

  private static func lines(_ status: WireStatus) -> [String] {
    var lines: [String] = []
    func add(_ label: String, _ value: String) {
      guard !value.isEmpty else { return }
      lines.append("\(label):\(String(repeating: " ", count: max(1, 17 - label.count)))\(value)")
    }
    add("flusterd", "\(status.software), \(status.instance) instance, pid \(status.pid)")
    add("up", Quantity.text(milliseconds: status.uptimeMs))
    add("store", "\(storeText(status)) in \(status.stateDirectory)")
    add("trouble", status.storeTrouble)
    add("unfinished jobs", "\(status.unfinishedJobs)")
    add("pending tasks", "\(status.pendingTasks)")
    add("tasks on workers", "\(status.openAttempts)")
    add("workers", "\(status.workers.count), \(readyWorkers(status)) ready")
    return lines
  }

  /// A line of `fluster-ctl status --json`.
  package static func json(_ status: WireStatus) -> JSONObject {
    var object = JSONObject.line
    object.set("software", .string(status.software))
    object.set("instance", .string(status.instance))
    object.set("pid", .unsigned(UInt64(status.pid)))
    object.set("uptime_seconds", .seconds(milliseconds: status.uptimeMs))
    object.set("store", .string(storeText(status)))
    object.set("state_directory", .string(status.stateDirectory))
    if !status.storeTrouble.isEmpty { object.set("store_trouble", .string(status.storeTrouble)) }
    object.set("unfinished_jobs", .unsigned(status.unfinishedJobs))
    object.set("pending_tasks", .unsigned(status.pendingTasks))
    object.set("open_attempts", .unsigned(status.openAttempts))
    object.set("workers", .unsigned(UInt64(status.workers.count)))
    object.set("ready_workers", .unsigned(UInt64(readyWorkers(status))))
    return object
  }

  private static func readyWorkers(_ status: WireStatus) -> Int {
    status.workers.count { $0.state == "ready" }
  }

  private static func storeText(_ status: WireStatus) -> String {
    status.store.array.map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }
}
