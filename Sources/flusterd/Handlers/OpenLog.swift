import FlusterCore
import FlusterProtocol
import FlusterStore
import FlusterSystem
import FlusterSystemd
import Logging

/// A command's OpenLog on its way to a worker and back.
struct LogRelay {
  let request: Request
  let worker: LinkID
  let answer: WireOpenedLog
}

/// An OpenLog that waits for its attempt to start.
struct LogWait {
  /// Of one uid at a time: as many as it may have connections. Each is looked at whenever something
  /// happens to its job.
  static let limit = 4096

  let wire: WireOpenLog
  let task: TaskID
  let uid: UserID
}

extension Daemon {
  /// OpenLog: has the worker that keeps a task's output open it, and passes the descriptors on.
  func openLog(_ wire: WireOpenLog, _ request: Request) {
    do throws(Refusal) {
      let job = try loggedJob(JobID(wire.job), request.peer)
      guard let position = job.array.positions(within: wire.index...wire.index)?.first else {
        throw .noTask(Selection(job: JobID(wire.job), indices: wire.index...wire.index))
      }
      let uid = request.peer.uid
      if wire.whenStarted, logWaits.values.count(where: { $0.uid == uid }) >= LogWait.limit {
        throw Refusal(
          .resourceExhausted, "uid \(uid) waits for the logs of \(LogWait.limit) tasks already",
          wayOut: "end some of the commands that wait")
      }
      keep(request, as: .read)
      openLog(wire, of: TaskID(JobID(wire.job), position), request)
    } catch {
      refuse(request, error)
    }
  }

  /// Something happened to the job: answers those who waited for just that.
  func recheckLogs(of job: JobID) {
    for (id, wait) in logWaits where wait.task.job == job {
      guard let request = requests[id] else {
        logWaits[id] = nil
        continue
      }
      openLog(wait.wire, of: wait.task, request)
    }
  }

  /// Only the owner and administrators read what a job wrote.
  private func loggedJob(_ id: JobID, _ peer: Peer) throws(Refusal) -> JobRequest {
    let job = try request(of: id)
    guard peer.caller.mayChange(job.owner) else { throw .notYours(id, job.owner) }
    return job
  }

  private func openLog(_ wire: WireOpenLog, of task: TaskID, _ request: Request) {
    logWaits[request.id] = nil
    do throws(Refusal) {
      let isOver = controller.state.jobs[task.job]?.state(of: task.position).isFinal ?? true
      guard let found = try attempt(wire.hasAttempt ? wire.attempt : nil, of: task) else {
        if wire.whenStarted && !isOver {
          logWaits[request.id] = LogWait(wire: wire, task: task, uid: request.peer.uid)
          return
        }
        return try answerWithoutAttempt(wire, isOver: isOver, request)
      }
      if found.isEnding && (releases.outstanding > 0 || !turn.events.isEmpty) {
        // How it ended is on its way to the disk, and says whether there is a log at all.
        logWaits[request.id] = LogWait(wire: wire, task: task, uid: request.peer.uid)
        turn.consequences.append(.logs(task.job))
        turnSource?.schedule()
        return
      }
      if wire.whenStarted && !found.hasBegun && !found.hasEnded && !isOver {
        logWaits[request.id] = LogWait(wire: wire, task: task, uid: request.peer.uid)
        return
      }
      var answer = WireOpenedLog()
      answer.ended = found.hasEnded
      answer.attempt = found.number
      answer.attempts = found.attempts
      // Who reads one attempt after the other need not ask for the next in vain.
      answer.last = isOver && found.hasEnded && found.number + 1 == found.attempts
      guard found.hasBegun || !found.hasEnded else {
        // It has not executed its command.
        answer.pending = true
        return answerAtOnce(answer, request)
      }
      lookForFile(of: found, wire, task, answer, request)
    } catch {
      refuse(request, error)
    }
  }

  /// No attempt yet, or none of that number.
  private func answerWithoutAttempt(
    _ wire: WireOpenLog, isOver: Bool, _ request: Request
  ) throws(Refusal) {
    guard !wire.hasAttempt || wire.attempt == 0 || wire.whenStarted else {
      let isArray = try self.request(of: JobID(wire.job)).array.isExplicit
      let task = isArray ? "task \(wire.job).\(wire.index)" : "job \(wire.job)"
      throw Refusal(.notFound, "\(task) has no attempt \(wire.attempt)")
    }
    var opened = WireOpenedLog()
    opened.pending = true
    opened.ended = isOver
    answerAtOnce(opened, request)
  }

  private func answerAtOnce(_ opened: WireOpenedLog, _ request: Request) {
    requests.remove(request.id)
    clients.send(
      WireEnvelope(request: request.number, .openedLog(opened)), to: request.connection)
    clients.flush()
  }

  private struct FoundAttempt {
    let uid: AttemptUID
    let worker: WorkerID
    let number: UInt32
    let hasBegun: Bool
    let hasEnded: Bool
    /// The core has seen its end, and the store has not.
    let isEnding: Bool
    let attempts: UInt32
  }

  private func attempt(_ number: UInt32?, of task: TaskID) throws(Refusal) -> FoundAttempt? {
    let record = controller.state.jobs[task.job]?.records[task.position]
    if let uid = record?.open, let open = controller.state.attempts[uid],
      number == nil || number == open.number
    {
      return FoundAttempt(
        uid: uid, worker: open.worker, number: open.number, hasBegun: open.started != nil,
        hasEnded: false, isEnding: false, attempts: open.number + 1)
    }
    // What was never tried need not be looked up, for each who waits, whenever its job changes.
    if let job = controller.state.jobs[task.job], record == nil,
      job.progress.pending.contains(task.position)
        || job.progress.heldTasks.contains(task.position)
    {
      return nil
    }
    do throws(StoreError) {
      guard let stored = try storage.attempt(number, of: task) else { return nil }
      let newest = number == nil ? stored : try storage.attempt(nil, of: task)
      return FoundAttempt(
        uid: stored.attempt.uid, worker: stored.attempt.worker, number: stored.attempt.number,
        hasBegun: stored.ending?.outcome.cause != .start, hasEnded: stored.ending != nil,
        isEnding: stored.ending == nil, attempts: (newest?.attempt.number ?? 0) + 1)
    } catch {
      throw Refusal(error)
    }
  }

  /// Finds out where the output went: to a file of the owner, or to a log the worker keeps.
  private func lookForFile(
    of attempt: FoundAttempt, _ wire: WireOpenLog, _ task: TaskID, _ begun: WireOpenedLog,
    _ request: Request
  ) {
    guard let job = try? self.request(of: task.job) else {
      return refuse(request, .noJob(task.job))
    }
    var answer = begun
    let place = OutputPlace(
      task: task, index: wire.index, number: attempt.number, name: job.name, owner: job.owner,
      isError: wire.stderr)
    // Of a job submitted lately it is known without the store and its thread.
    if let payload = launches[task.job], place.isKept(payload) {
      relay(wire, attempt, answer, request)
      return clients.flush()
    }
    storage.history.ask(for: request.peer.uid, on: request.connection) { reader in
      Result { () throws(Refusal) in try place.find(in: reader) }
    } then: { [unowned self] found in
      guard requests[request.id] != nil else { return }
      switch found {
      case .success(.success(nil)): relay(wire, attempt, answer, request)
      case .success(.success(let path?)):
        answer.path = .of(path)
        requests.remove(request.id)
        clients.send(
          WireEnvelope(request: request.number, .openedLog(answer)), to: request.connection)
      case .success(.failure(let refusal)): refuse(request, refusal)
      case .failure(let error): refuse(request, Refusal(error))
      }
      clients.flush()
    }
  }

  /// Asks the worker that keeps the log.
  private func relay(
    _ wire: WireOpenLog, _ attempt: FoundAttempt, _ answer: WireOpenedLog, _ request: Request
  ) {
    if let examined {
      return refuse(
        request,
        Refusal(
          .failedPrecondition,
          "worker \(attempt.worker) keeps the log, and it is not in \(examined.file.path)",
          wayOut: "ask the flusterd that the store is of"))
    }
    guard let link = controller.state.workers[attempt.worker]?.link, links[link] != nil else {
      return refuse(
        request,
        Refusal(
          .unavailable, "worker \(attempt.worker), which keeps the log, is not connected",
          wayOut: "start it and try again"))
    }
    var question = wire
    question.uid = .of(attempt.uid.bytes)
    question.attempt = attempt.number
    question.whenStarted = false
    relays[request.id] = LogRelay(request: request, worker: link, answer: answer)
    clients.send(
      WireEnvelope(request: request.id.number, .openLog(question)),
      to: ConnectionID(number: link.number))
  }

  /// The worker's answer, on its way to the command.
  func openedLog(_ wire: WireOpenedLog, _ descriptors: [Descriptor], _ request: Request) {
    guard let relay = takeRelay(of: request) else { return }
    var answer = wire
    answer.ended = relay.answer.ended
    answer.attempt = relay.answer.attempt
    answer.attempts = relay.answer.attempts
    answer.last = relay.answer.last
    answer.descriptors = UInt32(descriptors.count)
    requests.remove(relay.request.id)
    clients.send(
      WireEnvelope(request: relay.request.number, .openedLog(answer)),
      to: relay.request.connection, descriptors: descriptors)
  }

  /// The worker could not do what it was asked.
  func workerRefused(_ wire: WireError, _ request: Request) {
    let refusal = Refusal(wire: wire)
    if let relay = takeRelay(of: request) { return refuse(relay.request, refusal) }
    // Whoever asked has gone; or nobody has asked, and a worker could fill the journal.
    log.debug(
      "worker \(links[request.connection.link]?.worker.name ?? "") refuses: \(refusal.message)")
  }

  private func takeRelay(of request: Request) -> LogRelay? {
    let id = RequestID(request.number)
    guard let relay = relays[id], relay.worker == request.connection.link else { return nil }
    relays[id] = nil
    return relay
  }

  /// A worker is gone: what it was asked will not be answered.
  func forgetRelays(to link: LinkID) {
    for (id, relay) in relays where relay.worker == link {
      relays[id] = nil
      refuse(
        relay.request,
        Refusal(.unavailable, "the worker that keeps the log has gone", wayOut: "try again"))
    }
  }
}
