import FlusterCore
import FlusterProtocol
import FlusterStore
import FlusterSystemd

extension Daemon {
  /// Does what may be done now. The only place where anything leaves the daemon because of a turn.
  func release() {
    while let consequences = releases.next() {
      for consequence in consequences { perform(consequence) }
    }
    sendDesires()
    clients.flush()
  }

  private func perform(_ consequence: Consequence) {
    switch consequence {
    case .effect(let effect): perform(effect)
    case .answer(let connection, let envelope): clients.send(envelope, to: connection)
    case .page(let connection, let number, let page):
      clients.send(page, answering: number, to: connection)
    case .beginWait(let id): beginWait(id)
    case .events(let entries): journal?.tell(entries)
    case .lookUp(let id): lookUp(id)
    case .logs(let job): recheckLogs(of: job)
    }
  }

  private func perform(_ effect: Effect) {
    switch effect {
    case .reply(let id, let answer): reply(id, answer)
    case .run(let uid): sendRun(uid)
    case .stop(let worker, let uid): sendStop(uid, to: worker)
    case .recall(let worker, let uid): sendRecall(uid, to: worker)
    case .signal(let worker, let uid, let signal): sendSignal(signal, uid, to: worker)
    case .acknowledge(let worker, let uid): sendAcknowledgement(uid, to: worker)
    case .welcome(let worker, let link, let wanted): welcome(worker, on: link, wanted)
    case .reject(let link, let refusal): reject(link, refusal)
    case .drop(let link): replace(link)
    case .taskEnded(let task, let state, let outcome): tell(task, state, outcome)
    case .tasksEnded(let job, let positions, let state, let story):
      tell(job, positions, state, story.outcome, because: story.reason)
    case .jobEnded: break
    case .ask(let worker): sendQuestion(to: worker)
    case .wake(let wake): self.wake(at: wake)
    }
  }

  private func reply(_ id: RequestID, _ answer: Answer) {
    guard let request = requests.remove(id) else { return }
    switch answer {
    case .refused(let refusal): refuse(request, refusal)
    case .submitted(let job, let existed, let notice):
      replySubmitted(request, job, existed: existed, notice)
    case .done(let unknown): replyDone(request, unknown: unknown)
    }
  }

  private func replySubmitted(
    _ request: Request, _ job: JobID, existed: Bool, _ notice: String?
  ) {
    var wire = WireSubmitted()
    wire.job = job.number
    wire.existed = existed
    hold(job, by: request.connection)
    if let notice { wire.notices.append(notice) }
    if controller.state.links.isEmpty, controller.state.jobs[job] != nil {
      wire.notices.append("no worker is connected; job \(job) waits for one")
    }
    clients.send(
      WireEnvelope(request: request.number, .submitted(wire)), to: request.connection)
  }

  /// The core carried it out for what is unfinished; the store knows about the rest, and is asked
  /// on its own thread, for there may be a hundred thousand.
  private func replyDone(_ request: Request, unknown: [JobID]) {
    let done = WireEnvelope(request: request.number, .done(WireDone()))
    guard !unknown.isEmpty else { return clients.send(done, to: request.connection) }
    requests.insert(request)
    let caller = request.peer.caller
    let kind = request.kind
    storage.history.ask(for: caller.uid, on: request.connection) {
      reader throws(StoreError) -> Refusal? in
      for id in unknown {
        if let refusal = kind.refusal(of: try reader.job(id), id, by: caller) { return refusal }
      }
      return nil
    } then: { [unowned self] found in
      guard requests.remove(request.id) != nil else { return }
      switch found {
      case .success(nil): clients.send(done, to: request.connection)
      case .success(let refusal?): refuse(request, refusal)
      case .failure(let error): refuse(request, Refusal(error))
      }
      clients.flush()
    }
  }

  /// The core wants a tick then.
  func wake(at wake: Wake) {
    let wall = wake.wall.map { time in
      let left = max(0, time.milliseconds - now.wall.milliseconds)
      // A set wall clock must not leave anything asleep: look again within the hour.
      return now.monotonic.nanoseconds + min(left, 3_600_000) * 1_000_000
    }
    if let first = [wall, wake.monotonic?.nanoseconds].compactMap(\.self).min() {
      wakeTimer?.set(at: first)
    }
  }

  /// The time has come; or the clock was set, and then the core says when to try again. Only once
  /// it has been told: a timer that is always due would leave no turn a place in the loop.
  func tick() {
    guard trouble == nil else { return }
    endUnheld()
    step(.tick)
    if let next = controller.nextWake { wake(at: next) }
  }
}

extension Request.Kind {
  /// What is to be said about a job that is not among the unfinished; nil: that all is well.
  fileprivate func refusal(of job: StoredJob?, _ id: JobID, by caller: Caller) -> Refusal? {
    guard let job else { return .noJob(id) }
    guard caller.mayChange(job.request.owner) else { return .notYours(id, job.request.owner) }
    switch self {
    case .submit, .read, .kill: return nil
    case .change(let verb):
      return Refusal(
        .failedPrecondition,
        "job \(id) has ended (\(job.progress.state.word)): it cannot be \(verb)")
    }
  }
}
