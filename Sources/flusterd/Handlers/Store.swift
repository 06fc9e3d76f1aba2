import FlusterCore
import FlusterProtocol
import FlusterStore
import FlusterSystem
import Glibc

/// What administrators ask of the store itself. It takes long, and happens on a thread of its own.
extension Daemon {
  /// CheckStore: reads the store through.
  func checkStore(_ request: Request) {
    guard let request = admitted(request) else { return }
    storage.upkeep.ask(for: request.peer.uid) { reader throws(StoreError) in
      try reader.damage()
    } then: { [unowned self] found in
      guard requests.remove(request.id) != nil else { return }
      switch found {
      case .success(let damage):
        var done = WireDone()
        done.notices = damage
        clients.send(WireEnvelope(request: request.number, .done(done)), to: request.connection)
      case .failure(let error): refuse(request, Refusal(error))
      }
      clients.flush()
    }
  }

  /// Backup: a copy of the store, as a descriptor. Where it comes to lie is the caller's business.
  func backUp(_ request: Request) {
    guard let request = admitted(request) else { return }
    let directory = storage.directory
    storage.upkeep.ask(for: request.peer.uid) { _ throws(StoreError) in
      Descriptor(adopting: try Copying.copy(directory: directory))
    } then: { [unowned self] copy in
      guard requests.remove(request.id) != nil else { return }
      switch copy {
      case .success(let file):
        var status = stat()
        fstat(file.raw, &status)
        var answer = WireBackedUp()
        answer.bytes = UInt64(max(0, status.st_size))
        answer.descriptors = 1
        clients.send(
          WireEnvelope(request: request.number, .backedUp(answer)), to: request.connection,
          descriptors: [file])
      case .failure(let error): refuse(request, Refusal(error))
      }
      clients.flush()
    }
  }

  private func admitted(_ request: Request) -> Request? {
    guard request.peer.caller.isAdministrator else {
      refuse(
        request,
        Refusal(
          .permissionDenied, "uid \(request.peer.uid) is no administrator",
          wayOut: "root and the members of fluster-admin are, and the owner of a private instance"))
      return nil
    }
    keep(request, as: .read)
    return request
  }
}
