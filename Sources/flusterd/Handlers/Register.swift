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
      links[link] = WorkerLink(
        worker: registration.record.id, request: request.number, pid: registration.pid,
        pidfds: pidfds)
      var record = registration.record
      record.isPersonal = !admission.isTrustedWorker(request.peer.uid)
      step(.register(record, link))
    } catch {
      clients.refuse(request.connection, error, request: request.number)
    }
  }
}
