import DequeModule
import FlusterCore
import FlusterProtocol
import FlusterStore
import FlusterSystem
import FlusterSystemd

/// Lists are answered a slice at a time, at the end of turns.
extension Daemon {
  /// Rows of a page; a frame of them stays far below its limit.
  private static let pageRows = 200
  /// All listings together hold a turn up for so many nanoseconds.
  private static let slice: Int64 = 1_000_000

  /// Goes on with the listings whose readers keep up.
  func continueListings() {
    let deadline = Clock.monotonicNanoseconds() + Daemon.slice
    continueEndpointListings(until: deadline)
    continueUserListings(until: deadline)
    continueWorkerListings(until: deadline)
    continueQueueListings(until: deadline)
    guard !listings.isEmpty else { return }
    reasons = [:]
    jobReasons = [:]
    let ids = listings.keys.filter(canContinue).sorted { $0.number < $1.number }
    // Each gets its turn: who was served last waits until the others have been.
    let next = ids.firstIndex { $0.number > lastListed } ?? 0
    for id in ids[next...] + ids[..<next] {
      lastListed = id.number
      var left = Daemon.pageRows
      while left > 0, canContinue(id) {
        left -= 1
        advance(id)
        if Clock.monotonicNanoseconds() >= deadline { return }
      }
    }
  }

  /// Whether some listing has not come to its end.
  var hasListing: Bool {
    !listings.isEmpty || !endpointListings.isEmpty || !userListings.isEmpty
      || !workerListings.isEmpty || hasRunnableQueueListing
  }

  /// Whether some listing waits for nobody but us.
  var hasRunnableListing: Bool {
    listings.keys.contains(where: canContinue)
      || endpointListings.keys.contains(where: mayListEndpoints) || !userListings.isEmpty
      || workerListings.keys.contains(where: mayListWorkers) || hasRunnableQueueListing
  }

  private func canContinue(_ id: RequestID) -> Bool {
    guard let listing = listings[id], listing.need == nil,
      let connection = clients.connections[listing.request.connection]
    else { return false }
    return connection.outbox.pending < Daemon.unreadLimit
  }

  /// Shows one job more, asks the store, or ends the listing.
  private func advance(_ id: RequestID) {
    guard var listing = listings.removeValue(forKey: id) else { return }
    do throws(Refusal) {
      let goesOn = try showNext(of: &listing)
      if listing.page.count >= Daemon.pageRows || !goesOn || listing.need != nil {
        sendPage(&listing)
      }
      guard goesOn else {
        requests.remove(id)
        return answer(listing.request, .done(WireDone()))
      }
      listings[id] = listing
      if listing.need != nil { askStore(for: id) }
    } catch {
      requests.remove(id)
      answer(listing.request, .error(WireError(error)))
    }
  }

  private func sendPage(_ listing: inout Listing) {
    guard listing.page.count > 0 else { return }
    let request = listing.request
    turn.consequences.append(.page(request.connection, request.number, listing.page))
    listing.page = ListingPage()
  }

  /// Shows what has the lowest id of what is left; false when nothing is.
  private func showNext(of listing: inout Listing) throws(Refusal) -> Bool {
    if listing.tasks != nil {
      showTasks(of: &listing)
      return true
    }
    if listing.ended.isEmpty, let query = listing.query {
      listing.need = .page(query)
      return true
    }
    let fromStore = listing.ended.first?.job.id
    let fromMemory = listing.ids.first
    if let fromStore, fromStore <= fromMemory ?? fromStore, let job = listing.ended.popFirst() {
      // It was unfinished when the listing began, and has ended since.
      if fromStore == fromMemory { listing.ids.removeFirst() }
      show(job, in: &listing)
      return true
    }
    guard let id = listing.ids.popFirst() else { return false }
    try showFromMemory(id, in: &listing)
    return true
  }

  private func showFromMemory(_ id: JobID, in listing: inout Listing) throws(Refusal) {
    guard let job = controller.state.jobs[id] else {
      if listing.named[id] != nil || listing.endedMeanwhile.contains(id) { listing.need = .job(id) }
      return
    }
    guard maySee(job.request.owner, listing.request.peer) else {
      if listing.named[id] != nil { throw .notYours(id, job.request.owner) }
      return
    }
    if listing.needsMore { return begin(StoredJob(job), in: &listing) }
    guard listing.shows(job.progress.state) else { return }
    if !listing.order.isWhy, listing.page.append(plain: job, because: reason(of: job)) { return }
    var row = row(of: job)
    explain(&row, id, in: &listing)
    listing.page.append(row)
  }

  private func show(_ ended: EndedJob, in listing: inout Listing) {
    if listing.needsMore { return begin(ended.job, in: &listing) }
    guard listing.shows(ended.job.progress.state) else { return }
    listing.page.append(WireJobRow(ended))
  }

  /// Begins with a job's tasks or detail.
  private func begin(_ job: StoredJob, in listing: inout Listing) {
    guard listing.order.hasTasks else {
      if listing.shows(job.progress.state) {
        listing.need = .detail(job.id, listing.named[job.id] ?? nil)
      }
      return
    }
    let all = RangeSet(job.request.array.positions)
    let chosen = listing.named[job.id] ?? nil
    listing.tasks = TaskCursor(job: job, left: chosen.map(all.intersection) ?? all)
  }

  /// The next tasks of the job at hand.
  private func showTasks(of listing: inout Listing) {
    guard let cursor = listing.tasks, let positions = cursor.next else {
      listing.tasks = nil
      return
    }
    if !listing.order.hasDetail, let job = controller.state.jobs[cursor.job.id],
      job.isUntouched(positions)
    {
      return append(positions, TaskPage(), to: &listing)
    }
    listing.need = .tasks(cursor.job.id, positions)
  }

  private func append(_ positions: Range<UInt32>, _ page: TaskPage, to listing: inout Listing) {
    guard let cursor = listing.tasks else { return }
    for position in positions {
      var row = taskRow(cursor.job, position, page)
      if let entry = page.entries[position] { row.entry = .of(entry) }
      guard let state = try? TaskState(wire: row.state), listing.shows(state) else { continue }
      explain(&row, cursor.job.id, in: &listing)
      listing.page.append(row)
    }
    listing.tasks?.left.remove(contentsOf: positions)
  }

  func askStore(for id: RequestID) {
    guard let listing = listings[id], let need = listing.need else { return }
    let patterns = listing.patterns
    let owner = listing.tasks?.job.request.owner
    let isTheirs = owner.map(listing.request.peer.caller.mayChange) ?? false
    let showsEntries = listing.order.hasDetail && isTheirs
    storage.history.ask(for: listing.request.peer.uid, on: listing.request.connection) {
      reader throws(StoreError) in
      try ListingReader(reader: reader, patterns: patterns, showsEntries: showsEntries)
        .answer(need)
    } then: { [unowned self] answer in
      take(answer, need, for: id)
      turnSource?.schedule()
    }
  }

  private func take(
    _ result: Result<ListingAnswer, StoreError>, _ need: Listing.Need, for id: RequestID
  ) {
    guard var listing = listings[id] else { return }
    listing.need = nil
    do {
      try take(try result.get(), need, into: &listing)
      listings[id] = listing
      // The detail of a job that was read comes next.
      if listing.need != nil { askStore(for: id) }
    } catch {
      listings[id] = nil
      requests.remove(id)
      refuse(listing.request, (error as? Refusal) ?? Refusal(.internal, "\(error)"))
      clients.flush()
    }
  }

  private func take(
    _ answer: ListingAnswer, _ need: Listing.Need, into listing: inout Listing
  ) throws(Refusal) {
    switch answer {
    case .page(let jobs, let next):
      listing.ended.append(contentsOf: jobs)
      if next == nil { listing.query = nil } else { listing.query?.after = next }
      if case .newest(_, let count) = need { listing.trim(to: count) }
    case .job(let job):
      guard let job else {
        if case .job(let id) = need, listing.named[id] != nil { throw .noJob(id) }
        return
      }
      try check(job.job, in: listing)
      show(job, in: &listing)
    case .detail(let detail):
      guard let detail else { return }
      listing.page.append(row(of: detail, for: listing.request.peer))
      // Its attempts may be many.
      sendPage(&listing)
    case .tasks(let page):
      guard case .tasks(_, let positions) = need else { return }
      append(positions, page, to: &listing)
    }
  }

  private func check(_ job: StoredJob, in listing: Listing) throws(Refusal) {
    guard !maySee(job.request.owner, listing.request.peer) else { return }
    throw .notYours(job.id, job.request.owner)
  }
}

extension Job {
  /// Whether nothing has ever happened to these tasks: the store has nothing to tell of them.
  fileprivate func isUntouched(_ positions: Range<UInt32>) -> Bool {
    progress.pending.ranges.contains { range in
      range.lowerBound <= positions.lowerBound && positions.upperBound <= range.upperBound
    }
  }
}
