import FlusterCore
import FlusterProtocol

extension Daemon {
  /// So many tasks of a worker are listed.
  private static let mostTasks = 1000

  /// ListWorkers: the workers flusterd knows, one frame each, with what they run.
  func listWorkers(_ wire: WireListWorkers, _ request: Request) {
    let open = workerListings.values.count { $0.request.peer.uid == request.peer.uid }
    guard open < Listing.limit else {
      return refuse(
        request,
        Refusal(
          .resourceExhausted, "uid \(request.peer.uid) has \(open) listings under way",
          wayOut: "read their answers first"))
    }
    let workers = controller.state.workers
    let missing = Set(controller.missing.map(\.id))
    var wanted = wire.ids.map(WorkerID.init)
    for id in wanted where workers[id] == nil && !missing.contains(id) {
      return refuse(request, .noWorker(id))
    }
    if wanted.isEmpty { wanted = Array(workers.keys) + Array(missing) }
    workerListings[request.id] = WorkerListing(
      request: request, withTasks: wire.tasks, left: Set(wanted).sorted()[...])
    keep(request, as: .read)
  }

  /// ChangeWorker: drains a worker, has it take work again, or forgets it.
  func changeWorker(_ wire: WireChangeWorker, _ request: Request) {
    do throws(Refusal) {
      guard wire.id.utf8.count <= Limit.workerID else {
        throw .invalid("an id of \(wire.id.utf8.count) bytes is no worker's")
      }
      let id = WorkerID(wire.id)
      let caller = request.peer.caller
      let command: Command
      switch wire.verb {
      case .drain: command = .drain(id, true, from: caller, request.id)
      case .resume: command = .drain(id, false, from: caller, request.id)
      case .forget: command = .forget(id, from: caller, request.id)
      case .unspecified: throw .invalid("the request names no verb")
      case .UNRECOGNIZED(let number):
        throw Refusal(
          .unimplemented, "flusterd \(FlusterVersion.software) has no verb \(number) for workers")
      }
      keep(request, as: .read)
      step(command)
    } catch {
      refuse(request, error)
    }
  }

  /// A worker as it is now, without what it runs.
  func row(_ worker: Worker) -> WireWorkerRow {
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
    row.attributes = worker.record.attributes.map(WireAttribute.init)
    row.address = worker.record.address
    row.state = worker.word
    row.ailment = worker.ailment ?? ""
    row.drained = worker.isDrained
    row.boot = worker.record.boot
    if let lease = worker.record.lease { row.leaseMs = lease.milliseconds }
    return row
  }

  func tasks(of worker: Worker, for peer: Peer) -> [WireWorkerTask] {
    var tasks: [WireWorkerTask] = []
    for uid in worker.open where tasks.count < Daemon.mostTasks {
      guard let attempt = controller.state.attempts[uid],
        let job = controller.state.jobs[attempt.task.job], maySee(job.request.owner, peer)
      else { continue }
      var task = WireWorkerTask()
      task.job = job.id.number
      task.index = job.request.array.index(of: attempt.task.position)
      task.explicit = job.request.array.isExplicit
      task.uid = job.request.owner.number
      task.state = WireState(attempt.state)
      task.charge = WireNeeds(attempt.charge)
      task.name = job.request.name
      if let time = attempt.started { task.startedMs = time.milliseconds }
      tasks.append(task)
    }
    return tasks
  }
}

extension WireWorkerRow {
  /// A worker that is expected and has not been seen.
  init(_ worker: ExpectedWorker) {
    self.init()
    id = worker.id.name
    state = "missing"
    if let size = worker.capacity { capacity = WireNeeds(size) }
  }
}

extension Worker {
  /// How it stands, in one word.
  fileprivate var word: String {
    if link == nil { return "away" }
    if isSilent { return "silent" }
    if isDrained { return "drained" }
    return ailment == nil ? "ready" : "unwell"
  }
}

extension Refusal {
  /// Nobody of that id has ever registered here, or it was forgotten.
  static func noWorker(_ id: WorkerID) -> Refusal {
    Refusal(.notFound, "there is no worker \(id)", wayOut: "fluster-ctl workers lists them")
  }
}
