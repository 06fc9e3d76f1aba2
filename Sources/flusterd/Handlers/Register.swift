import FlusterCore
import FlusterProtocol
import FlusterSystem

extension Daemon {
  /// Register: a worker says who it is, once on its connection. With it come pidfds of
  /// the worker and of its shim, in this order.
  func register(_ wire: WireRegister, _ pidfds: [Descriptor], _ request: Request) {
    do throws(Refusal) {
      let registration = try Registration(wire: wire, owner: request.peer.uid)
      if let store = registration.store, store != storage.id {
        throw Refusal(
          .failedPrecondition,
          "worker \(registration.record.id) holds attempts of another store than the one in "
            + storage.directory,
          wayOut: "start the flusterd that they belong to, or end them with the worker's shim")
      }
      let link = request.connection.link
      var record = registration.record
      record.isPersonal = !admission.isTrustedWorker(request.peer.uid)
      record.id = try name(of: record)
      // What is on this machine shows its processes. Its own is the kernel's to tell.
      let isHere = pidfds.count == 2
      links[link] = WorkerLink(
        worker: record.id, request: request.number,
        pid: isHere ? UInt32(clamping: request.peer.pid) : registration.pid,
        pidfds: isHere ? [request.peer.process ?? pidfds[0], pidfds[1]] : [])
      step(.register(record, link))
    } catch {
      clients.refuse(request.connection, error, request: request.number)
    }
  }

  /// What a worker is called here. A personal one has its owner's uid in its name, so that nobody
  /// takes the id of a machine of all that has not come yet; who had a worker under one of the two
  /// names keeps that, whatever the settings have become.
  private func name(of worker: WorkerRecord) throws(Refusal) -> WorkerID {
    let personal = WorkerID("\(worker.id.name)@\(worker.owner)")
    for id in [worker.id, personal] where controller.state.workers[id]?.record.owner == worker.owner
    {
      return id
    }
    guard worker.isPersonal else { return worker.id }
    guard personal.name.utf8.count <= Limit.workerID else {
      throw .invalid("the id \(personal.name) is longer than \(Limit.workerID) bytes")
    }
    return personal
  }
}
