import FlusterCore
import FlusterProtocol
import FlusterStore

extension Daemon {
  /// ReadScript: what a job was submitted with, for those alone who may change it.
  func readScript(_ wire: WireReadScript, _ request: Request) {
    do throws(Refusal) {
      let job = try oneJob(JobSelector(wire: wire.job), for: request.peer)
      let owner = try self.request(of: job).owner
      guard request.peer.caller.mayChange(owner) else { throw .notYours(job, owner) }
      requests.insert(request)
      storage.history.ask(for: request.peer.uid, on: request.connection) {
        reader throws(StoreError) -> Payload? in
        try reader.launch(of: job)
      } then: { [unowned self] found in
        guard requests.remove(request.id) != nil else { return }
        switch found {
        case .success(let payload?) where !payload.script.isEmpty:
          var script = WireScript()
          script.script = .of(payload.script)
          clients.send(
            WireEnvelope(request: request.number, .script(script)), to: request.connection)
        case .success(nil): refuse(request, .noJob(job))
        case .success: refuse(request, Refusal(.notFound, "job \(job) runs a command, no script"))
        case .failure(let error): refuse(request, Refusal(error))
        }
        clients.flush()
      }
    } catch {
      refuse(request, error)
    }
  }

  private func oneJob(_ selector: JobSelector, for peer: Peer) throws(Refusal) -> JobID {
    let (found, missing) = try selections([selector], for: peer)
    if let pattern = missing.first {
      throw Refusal(.notFound, "no unfinished job of yours is named \"\(pattern)\"")
    }
    guard let selection = found.first, found.count == 1 else {
      throw Refusal(
        .invalidArgument, "the selector names \(found.count) jobs",
        wayOut: "name one of them by its id")
    }
    return selection.job
  }
}
