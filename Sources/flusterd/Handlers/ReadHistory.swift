import FlusterCore
import FlusterProtocol
import FlusterStore

extension Daemon {
  /// Rows between which other questions to the store get their turn: some ten milliseconds.
  private static let stretch = 20_000
  /// Of one user at a time: each remembers which jobs are still to be looked at.
  private static let mostHistories = 16

  /// ReadHistory: what went on in a stretch of time, added up by the store's reader.
  func readHistory(_ wire: WireReadHistory, _ request: Request) {
    do throws(Refusal) {
      let order = try HistoryOrder(wire: wire)
      let peer = request.peer
      let open = pastWork.count { requests[$0]?.peer.uid == peer.uid }
      guard open < Self.mostHistories else {
        throw Refusal(
          .resourceExhausted, "uid \(peer.uid) has \(open) histories under way",
          wayOut: "read their answers first")
      }
      let owner = try owner(order, peer)
      let work = PastWork(from: order.from, width: order.width, count: order.parts)
      pastWork.insert(request.id)
      keep(request, as: .read)
      proceed(with: PastWorkQuery(into: work, job: order.job, owner: owner, now: now.wall), request)
    } catch {
      refuse(request, error)
    }
  }

  /// Whose jobs are looked at; nil: everybody's.
  private func owner(_ order: HistoryOrder, _ peer: Peer) throws(Refusal) -> UserID? {
    if let job = order.job {
      let owner = try request(of: job).owner
      guard maySee(owner, peer) else { throw .notYours(job, owner) }
      return order.user
    }
    if settings.othersAreVisible || peer.isAdministrator { return order.user }
    guard let user = order.user, user != peer.uid else { return peer.uid }
    throw Refusal(.permissionDenied, "the jobs of uid \(user) are not yours to see")
  }

  private func proceed(with query: PastWorkQuery, _ request: Request) {
    storage.history.ask(for: request.peer.uid, on: request.connection) {
      reader throws(StoreError) -> PastWorkQuery in
      var query = query
      try reader.proceed(with: &query, rows: Daemon.stretch)
      return query
    } then: { [unowned self] answer in
      guard requests[request.id] != nil else { return }
      switch answer {
      case .success(let query) where !query.isDone: return proceed(with: query, request)
      case .success(let query):
        clients.send(
          WireEnvelope(request: request.number, .history(WireHistory(query))),
          to: request.connection)
      case .failure(let error): refuse(request, Refusal(error))
      }
      requests.remove(request.id)
      pastWork.remove(request.id)
      clients.flush()
    }
  }
}

extension WireHistory {
  /// What was added up.
  fileprivate init(_ query: PastWorkQuery) {
    self.init()
    cut = query.isCut
    parts = query.work.parts.map { part in
      var wire = WireHistoryPart()
      wire.cpuMs = part.cpuMilliseconds
      wire.memoryByteSeconds = part.memoryByteSeconds
      wire.attemptMs = part.attemptMilliseconds
      wire.started = part.started
      wire.ended = part.ended.wire
      return wire
    }
    waits = query.work.waits.enumerated().map { place, jobs in
      var wire = WireHistoryWait()
      if place < PastWork.waitClasses.count { wire.belowMs = UInt64(PastWork.waitClasses[place]) }
      wire.jobs = jobs
      return wire
    }
  }
}
