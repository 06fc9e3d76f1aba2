import DequeModule
import FlusterCore
import FlusterProtocol
import FlusterStore

/// The answers to Wait: each task as it ends, told to those who asked for it.
extension Daemon {
  /// Answers are held back while a peer has so many bytes unread.
  static let unreadLimit = 256 << 10

  /// The facts that a wait saw are durable: looks up how what is past has ended.
  func beginWait(_ id: RequestID) {
    guard let waiter = waits[id] else { return }
    guard !waiter.past.isEmpty else {
      waits[id]?.hasBegun = true
      return sendEndings(to: id)
    }
    let past = waiter.past
    // A wait may last for weeks, and this may be long.
    waits[id]?.past = []
    let peer = waiter.request.peer.caller
    let seesOthers = settings.othersAreVisible
    storage.history.ask(for: peer.uid, on: waiter.request.connection) { reader in
      Result { () throws(Refusal) in
        try PastReader(reader: reader, peer: peer, seesOthers: seesOthers).read(past)
      }
    } then: { [unowned self] answer in
      switch answer {
      case .success(.success(let found)): addPast(found, to: id)
      case .success(.failure(let refusal)): endWait(id, refusal)
      case .failure(let error): endWait(id, Refusal(error))
      }
      clients.flush()
    }
  }

  private func addPast(_ found: PastEndings, to id: RequestID) {
    guard let total = waits[id].map({ $0.total + found.count }) else { return }
    guard total > 0 else { return endWait(id, Refusal(.notFound, "no job of yours matches")) }
    waits[id]?.total = total
    waits[id]?.hasBegun = true
    guard waits.keep(found.rows, arePast: true, for: id) else { return endUnread(id) }
    sendEndings(to: id)
  }

  /// A task became final.
  func tell(_ task: TaskID, _ state: TaskState, _ outcome: Outcome?) {
    tell(task.job, RangeSet(task.position..<(task.position + 1)), state, outcome)
  }

  /// Tasks became final together, or one did.
  func tell(
    _ job: JobID, _ positions: RangeSet<UInt32>, _ state: TaskState, _ outcome: Outcome? = nil,
    because reason: String = ""
  ) {
    for id in waits.ids(about: job) {
      let ended = waits.take(positions, of: job, from: id)
      guard !ended.isEmpty, let array = waits[id]?.arrays[job] else { continue }
      let rows = ended.ranges.map { range in
        WireEnded(
          job: job, array: array, positions: range, state: state, outcome: outcome,
          because: reason)
      }
      guard waits.keep(rows, for: id) else {
        endUnread(id)
        continue
      }
      sendEndings(to: id)
    }
  }

  /// Sends what the peer will take, and the end when there is nothing to come.
  func sendEndings(to id: RequestID) {
    guard waits[id]?.hasBegun == true, let request = waits[id]?.request else { return }
    while let connection = clients.connections[request.connection],
      connection.outbox.pending < Daemon.unreadLimit, var row = waits.nextRow(of: id)
    {
      if let total = waits[id]?.total, waits[id]?.hasToldTotal == false {
        row.total = total
        waits[id]?.hasToldTotal = true
      }
      clients.send(WireEnvelope(request: request.number, .ended(row)), to: request.connection)
      if waits[id]?.isForAny == true { return endWait(id, nil) }
    }
    if waits[id]?.rows.isEmpty == true && waits[id]?.left.isEmpty == true { endWait(id, nil) }
  }

  /// After the core was reloaded: nobody will hear of a job that was never stored, nor of the one
  /// that gets its number, which may be another user's.
  func endWaitsWithoutJob() {
    for (id, wait) in logWaits where controller.state.jobs[wait.task.job] == nil {
      logWaits[id] = nil
      if let request = requests.remove(id) { refuse(request, .noJob(wait.task.job)) }
    }
    for (id, waiter) in waits.waiters {
      guard let job = waiter.left.keys.sorted().first(where: { controller.state.jobs[$0] == nil })
      else { continue }
      endWait(id, .noJob(job))
    }
  }

  /// Its user reads too little of what was asked for.
  private func endUnread(_ id: RequestID) {
    guard let uid = waits[id]?.request.peer.uid else { return }
    endWait(
      id,
      Refusal(
        .resourceExhausted, "uid \(uid) has as many unread endings as one may have",
        wayOut: "read the answers to the other waits first"))
  }

  /// The last answer of a wait.
  private func endWait(_ id: RequestID, _ refusal: Refusal?) {
    waits.remove(id)
    guard let request = requests.remove(id) else { return }
    if let refusal { return refuse(request, refusal) }
    clients.send(WireEnvelope(request: request.number, .done(WireDone())), to: request.connection)
  }
}
