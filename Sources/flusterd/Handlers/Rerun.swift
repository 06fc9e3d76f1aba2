import FlusterCore
import FlusterProtocol
import FlusterStore
import FlusterSystemd

extension Daemon {
  /// Rerun: submits once more what a job asked for that has ended.
  func rerun(_ wire: WireRerun, _ request: Request) {
    do throws(Refusal) {
      let order = try RerunOrder(wire: wire)
      let id = try job(of: order.selector, for: request.peer)
      if let job = controller.state.jobs[id] {
        guard request.peer.uid == job.request.owner else { throw .notYours(id, job.request.owner) }
        throw Refusal(
          .failedPrecondition, "job \(id) has not ended (\(job.progress.state.word))",
          wayOut: "wait for its end with fluster-wait \(id)")
      }
      if let refusal = admission.refusalToSubmit(request.peer) { throw refusal }
      if let token = order.token, let job = try knownJob(token, of: request.peer.uid) {
        return answerKnown(job, request)
      }
      readBack(id, order.token, request)
    } catch {
      refuse(request, error)
    }
  }

  private func job(of selector: JobSelector, for peer: Peer) throws(Refusal) -> JobID {
    if case .name = selector {
      throw .invalid("a name may stand for many jobs", wayOut: "name one job by its id or key")
    }
    guard let job = try selections([selector], for: peer).found.first?.job else {
      throw .invalid("the request names no job")
    }
    return job
  }

  /// What was submitted may be long, and is read on a thread of its own.
  private func readBack(_ id: JobID, _ token: Token?, _ request: Request) {
    keep(request, as: .read)
    let directory = storage.directory
    storage.history.ask(for: request.peer.uid) { reader throws(StoreError) in
      let (job, payload) = (try reader.job(id), try reader.launch(of: id))
      var entries: EntryFile?
      if let job, payload?.entryBytes != nil {
        entries = try EntryUpload(
          copying: id, count: job.request.array.count, from: reader, directory: directory
        ).file
      }
      return (job: job, payload: payload, entries: entries)
    } then: { [unowned self] found in
      guard requests.remove(request.id) != nil else { return }
      do throws(Refusal) {
        if let refusal = trouble?.refusal ?? ending.refusal { throw refusal }
        switch found {
        case .success((let job?, let payload?, let entries)):
          try submitAgain(job.request, id, payload, entries, token, request)
        case .success: throw .noJob(id)
        case .failure(let error): throw Refusal(error)
        }
      } catch {
        refuse(request, error)
      }
      turnSource?.schedule()
      clients.flush()
    }
  }

  private func submitAgain(
    _ old: JobRequest, _ id: JobID, _ payload: Payload, _ entries: EntryFile?, _ token: Token?,
    _ request: Request
  ) throws(Refusal) {
    guard request.peer.uid == old.owner else { throw .notYours(id, old.owner) }
    try checkLimit(of: old.owner)
    try checkStoredBytes(of: payload, old, for: old.owner)
    submittedEntries = entries
    defer { submittedEntries = nil }
    keep(request, as: .submit)
    step(.submit(old.again, payload, token, from: request.peer.caller, request.id))
  }
}
