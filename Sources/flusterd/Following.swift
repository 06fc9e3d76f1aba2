import FlusterCore
import FlusterProtocol
import FlusterStore

/// The answers to Watch: everything comes from the store, so that a restart, a slow reader and a
/// live one are the same case. Who does not read is not read for, and costs nothing.
extension Daemon {
  /// Something has become durable.
  func feedHasGrown() {
    guard !followers.isEmpty else { return }
    for id in followers.keys { followers[id]?.isDue = true }
    feedFollowers()
  }

  /// Reads on for everybody who is behind and takes more: for all followers of a user at once, and
  /// users take turns at the store.
  func feedFollowers() {
    let hungry = followers.keys.filter(isHungry).sorted { $0.number < $1.number }
    let users = Dictionary(grouping: hungry) { followers[$0]?.request.peer.uid }
    for (user, ids) in users.sorted(by: { $0.value[0].number < $1.value[0].number }) {
      if let user { read(for: user, ids) }
    }
  }

  private func read(for user: UserID, _ ids: [RequestID]) {
    let questions = ids.compactMap(question)
    for id in ids { followers[id]?.isDue = false }
    readingFeed.insert(user)
    let keeping = settings.keepEvents
    storage.history.ask(for: user) { reader throws(StoreError) in
      try FeedReader(reader: reader, keeping: keeping).answers(to: questions)
    } then: { [unowned self] result in
      readingFeed.remove(user)
      switch result {
      case .success(let answers):
        for (id, answer) in zip(ids, answers) { take(answer, for: id) }
      case .failure(let error):
        for id in ids { endWatch(id, Refusal(error)) }
      }
      clients.flush()
      feedFollowers()
    }
  }

  private func isHungry(_ id: RequestID) -> Bool {
    guard let follower = followers[id], follower.isDue,
      !readingFeed.contains(follower.request.peer.uid),
      let connection = clients.connections[follower.request.connection]
    else { return false }
    return connection.outbox.pending < Daemon.unreadLimit
  }

  /// What may be seen is looked up each time: the settings may have been read again.
  private func question(for id: RequestID) -> FeedQuestion? {
    guard let follower = followers[id] else { return nil }
    let peer = follower.request.peer
    return FeedQuestion(
      place: follower.place,
      filter: FeedFilter(
        caller: peer.uid, jobs: follower.jobs, patterns: follower.patterns,
        isOfAllUsers: follower.isOfAllUsers,
        seesOthers: settings.othersAreVisible || peer.isAdministrator,
        workers: follower.workers))
  }

  private func take(_ answer: FeedAnswer, for id: RequestID) {
    guard let follower = followers[id] else { return }
    switch answer {
    case .place(let place):
      followers[id]?.place = place
      followers[id]?.isDue = true
    case .page(let events, let next, let newest, let missing):
      guard case .after(let asked) = follower.place else { return }
      guard asked <= newest else { return endWatch(id, .ahead(of: newest, asked)) }
      var page = WireFeed()
      page.events = events
      page.missing = follower.beginsAnywhere ? 0 : missing
      page.next = WireCursor(FeedCursor(store: storage.id, sequence: next))
      followers[id]?.place = .after(next)
      followers[id]?.beginsAnywhere = false
      let isOver = next >= newest
      if !isOver { followers[id]?.isDue = true }
      let untold = follower.told.map { next - $0 } ?? .max
      let isWorthIt = !events.isEmpty || page.missing > 0 || untold >= Follower.untold
      if isWorthIt || (isOver && !follower.isLive) {
        followers[id]?.told = next
        send(page, to: follower.request)
      }
      if isOver && !follower.isLive { endWatch(id, nil) }
    }
  }

  private func send(_ page: WireFeed, to request: Request) {
    clients.send(WireEnvelope(request: request.number, .feed(page)), to: request.connection)
  }

  private func endWatch(_ id: RequestID, _ refusal: Refusal?) {
    followers[id] = nil
    guard let request = requests.remove(id) else { return }
    if let refusal { return refuse(request, refusal) }
    clients.send(WireEnvelope(request: request.number, .done(WireDone())), to: request.connection)
  }
}

extension Refusal {
  /// The feed has never come so far, or has been taken back.
  fileprivate static func ahead(of newest: UInt64, _ asked: UInt64) -> Refusal {
    Refusal(
      .failedPrecondition,
      "the cursor is behind event \(asked), and the newest event of this store is \(newest)",
      wayOut: "the store has been restored from a backup: begin again with the cursor `start`")
  }
}
