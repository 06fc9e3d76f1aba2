import FlusterCore
import FlusterProtocol
import FlusterSystem

/// One line of the table: who may ask this, when, and what is done then.
struct Route {
  /// When a request is lawful.
  enum Moment {
    case always
    /// It changes nothing: of a store without a daemon, too.
    case looking
    /// It changes something: not while the store takes no writes, and not on the way out.
    case whileStoring
    /// Once on a connection, before anything else; not while the store takes no writes.
    case beforeRegistering
    case afterRegistering
  }

  let door: Door
  let moment: Moment
  let run: (Daemon, Request) -> Void

  init(_ door: Door, _ moment: Moment, _ run: @escaping (Daemon, Request) -> Void) {
    self.door = door
    self.moment = moment
    self.run = run
  }

  /// The table. What is not a request of either door has no line.
  static func to(_ body: WireEnvelope.OneOf_Body, _ descriptors: [Descriptor]) -> Route? {
    switch body {
    case .submit(let wire): Route(.control, .whileStoring) { $0.submit(wire, $1) }
    case .kill(let wire): Route(.control, .whileStoring) { $0.kill(wire, $1) }
    case .set(let wire): Route(.control, .whileStoring) { $0.set(wire, $1) }
    case .rerun(let wire): Route(.control, .whileStoring) { $0.rerun(wire, $1) }
    case .list(let wire): Route(.control, .looking) { $0.list(wire, $1) }
    case .wait(let wire): Route(.control, .always) { $0.wait(wire, $1) }
    case .watch(let wire): Route(.control, .looking) { $0.watch(wire, $1) }
    case .openLog(let wire): Route(.control, .looking) { $0.openLog(wire, $1) }
    case .getStatus: Route(.control, .looking) { $0.status($1) }
    case .listWorkers(let wire): Route(.control, .looking) { $0.listWorkers(wire, $1) }
    case .listUsers: Route(.control, .looking) { $0.listUsers($1) }
    case .checkStore: Route(.control, .looking) { $0.checkStore($1) }
    case .backup: Route(.control, .always) { $0.backUp($1) }
    case .changeWorker(let wire): Route(.control, .whileStoring) { $0.changeWorker(wire, $1) }
    case .shutdown(let wire): Route(.control, .always) { $0.shutdown(wire, $1) }
    case .registerEndpoint(let wire):
      Route(.control, .whileStoring) { $0.registerEndpoint(wire, $1) }
    case .unregisterEndpoint(let wire):
      Route(.control, .whileStoring) { $0.unregisterEndpoint(wire, $1) }
    case .listEndpoints(let wire): Route(.control, .looking) { $0.listEndpoints(wire, $1) }
    case .entries(let wire): Route(.control, .whileStoring) { $0.entries(wire, $1) }
    case .readHistory(let wire): Route(.control, .looking) { $0.readHistory(wire, $1) }
    case .readScript(let wire): Route(.control, .looking) { $0.readScript(wire, $1) }
    case .register(let wire):
      Route(.worker, .beforeRegistering) { $0.register(wire, descriptors, $1) }
    case .observed(let wire): Route(.worker, .afterRegistering) { $0.observed(wire, $1) }
    case .openedLog(let wire):
      Route(.worker, .afterRegistering) { $0.openedLog(wire, descriptors, $1) }
    case .error(let wire): Route(.worker, .afterRegistering) { $0.workerRefused(wire, $1) }
    case .goodbye: Route(.worker, .afterRegistering) { $0.goodbye($1) }
    case .hello, .done, .submitted, .listing, .ended, .feed, .status, .workers, .users, .backedUp,
      .endpoints, .registered, .desired, .script, .history:
      nil
    }
  }
}

extension Daemon {
  /// Sends a message to its handler, or says why it is not carried out.
  func dispatch(
    _ envelope: WireEnvelope, _ descriptors: [Descriptor], from id: ConnectionID, size: Int
  ) {
    guard let connection = clients.connections[id], !connection.isClosing else { return }
    let request = request(envelope.request, on: id, connection.peer, size: size)
    guard let body = envelope.body else {
      return refuse(
        request,
        Refusal(.unimplemented, "flusterd \(FlusterVersion.software) does not know this request"))
    }
    guard let route = Route.to(body, descriptors), route.door == connection.door else {
      return clients.refuse(
        id, .invalid("this message is no request of the \(connection.door.rawValue) socket"),
        request: envelope.request)
    }
    if let obstacle = obstacle(to: route.moment, of: request) { return refuse(request, obstacle) }
    // A worker's reports are what ends the waits of a user who has too many.
    guard route.door == .worker || !requests.isFull(for: connection.peer.uid) else {
      return refuse(
        request,
        Refusal(
          .resourceExhausted,
          "uid \(connection.peer.uid) has as many open requests as one may have",
          wayOut: "end some of the commands that wait"))
    }
    route.run(self, request)
  }

  private func obstacle(to moment: Route.Moment, of request: Request) -> Refusal? {
    if moment != .looking, let refusal = refusalOfChanges { return refusal }
    return switch moment {
    case .looking: trouble?.coreIsLost == true ? trouble?.refusal : lookAgain()
    case .always: trouble?.coreIsLost == true ? trouble?.refusal : nil
    case .whileStoring: trouble?.refusal ?? ending.refusal
    case .beforeRegistering:
      links[request.connection.link] == nil
        ? trouble?.refusal ?? refusalOfWorkers : .invalid("this worker has registered already")
    case .afterRegistering:
      links[request.connection.link] == nil
        ? Refusal(
          .notFound, "no worker is known on this connection", wayOut: "register on it first")
        : nil
    }
  }
}
