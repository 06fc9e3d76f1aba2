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
    let workers = controller.state.workers.values.sorted { $0.record.id < $1.record.id }
    wire.workers = workers.map(row)
    answer(request, .status(wire))
  }

  private func row(_ worker: Worker) -> WireWorkerRow {
    var row = WireWorkerRow()
    row.id = worker.record.id.name
    row.connected = worker.link != nil
    row.capacity = WireNeeds(worker.record.capacity)
    row.free = WireNeeds(controller.state.free(on: worker.record.id))
    row.openAttempts = UInt32(worker.open.count)
    row.lacks = worker.record.lacks
    row.software = worker.record.software
    row.pid = worker.link.flatMap { links[$0]?.pid } ?? 0
    row.personal = worker.record.isPersonal
    let liveness = liveness[worker.record.id]
    if let process = liveness?.worker { row.isAlive = process.isAlive }
    if let process = liveness?.shim { row.shimIsAlive = process.isAlive }
    return row
  }
}
