import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc

extension Daemon {
  /// GetStatus: the daemon, its store and its workers, as they are now.
  func status(_ request: Request) {
    var wire = WireStatus()
    wire.software = FlusterVersion.software
    wire.pid = UInt32(getpid())
    wire.unfinishedJobs = UInt64(controller.state.jobs.count)
    wire.pendingTasks = pendingTasks
    wire.openAttempts = UInt64(controller.state.attempts.count)
    wire.stateDirectory = storage.directory
    wire.storeTrouble = trouble?.refusal.message ?? ""
    wire.store = .of(storage.id)
    wire.instance = options.places.instance.name
    wire.uptimeMs = UInt64(max(0, now.monotonic.nanoseconds - begun.nanoseconds)) / 1_000_000
    if let examined { wire.examinedMs = examined.now.milliseconds }
    let workers = controller.state.workers.values.sorted { $0.record.id < $1.record.id }
    wire.workers = workers.map(row)
    answer(request, .status(wire))
  }
}
