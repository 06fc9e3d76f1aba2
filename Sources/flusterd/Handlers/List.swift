import FlusterCore
import FlusterProtocol
import FlusterStore

extension Daemon {
  /// List: the caller's jobs, or those it names, unfinished or ended within the hour (`Listing`).
  func list(_ wire: WireList, _ request: Request) {
    do throws(Refusal) {
      let order = try ListOrder(wire: wire)
      let open = listings.values.count { $0.request.peer.uid == request.peer.uid }
      guard open < Listing.limit else {
        throw Refusal(
          .resourceExhausted, "uid \(request.peer.uid) has \(open) listings under way",
          wayOut: "read their answers first")
      }
      if order.isQueue { return try listQueue(order, request) }
      listings[request.id] = try listing(order, request)
      keep(request, as: .read)
      if listings[request.id]?.need != nil { askStore(for: request.id) }
    } catch {
      refuse(request, error)
    }
  }

  private func listQueue(_ order: ListOrder, _ request: Request) throws(Refusal) {
    let open = queueListings.values.count { $0.request.peer.uid == request.peer.uid }
    guard open < Listing.limit else {
      throw Refusal(
        .resourceExhausted, "uid \(request.peer.uid) has \(open) listings under way",
        wayOut: "read their answers first")
    }
    beginQueueListing(order, of: try owner(order, request.peer), request)
  }

  /// Whose jobs are listed; nil: everybody's.
  private func owner(_ order: ListOrder, _ peer: Peer) throws(Refusal) -> UserID? {
    let seesAll = settings.othersAreVisible || peer.isAdministrator
    if let user = order.user, !seesAll, user != peer.uid {
      throw Refusal(.permissionDenied, "the jobs of uid \(user) are not yours to see")
    }
    return order.user ?? (order.isOfAllUsers && seesAll ? nil : peer.uid)
  }

  private func listing(_ order: ListOrder, _ request: Request) throws(Refusal) -> Listing {
    let peer = request.peer
    var named: [JobID: RangeSet<UInt32>?] = [:]
    var patterns: [String] = []
    var selections: [Selection] = []
    for selector in order.selectors {
      switch selector {
      case .tasks(let selection): selections.append(selection)
      case .newest: selections.append(Selection(job: try newestJob(of: peer)))
      case .key(let key): selections.append(Selection(job: try newestJob(under: key, of: peer)))
      case .name(let pattern): patterns.append(pattern)
      }
    }
    for selection in JobSelection.merging(selections) {
      named[selection.job] = .some(try positions(of: selection, for: peer))
    }
    let isOpen = order.selectors.isEmpty || !patterns.isEmpty
    let owner = try owner(order, peer)
    patterns += order.names
    var ids = Array(named.keys)
    if order.selectors.isEmpty {
      ids = newestIDs(of: owner, order)
    } else {
      for pattern in patterns { ids.append(contentsOf: liveJobs(of: peer.uid, named: pattern)) }
      ids = Set(ids).sorted()
    }
    return Listing(
      request: request, order: order, ids: ids, named: named,
      query: isOpen ? query(order, owner, patterns) : nil, patterns: patterns)
  }

  /// The tasks that were named of a job; nil: all.
  private func positions(
    of selection: JobSelection, for peer: Peer
  ) throws(Refusal) -> RangeSet<UInt32>? {
    guard !selection.indices.isEmpty else { return nil }
    let job = try request(of: selection.job)
    guard maySee(job.owner, peer) else { throw .notYours(selection.job, job.owner) }
    let array = job.array
    if let missing = selection.missing(from: array) { throw .noTask(missing) }
    return selection.isWhole ? nil : selection.named(in: array)
  }

  /// Which ended jobs belong to the listing.
  private func query(_ order: ListOrder, _ owner: UserID?, _ patterns: [String]) -> JobQuery {
    var query = JobQuery()
    query.owner = owner
    if let since = order.since {
      query.endedSince = since
    } else if !order.isOfAllAges {
      query.endedSince = WallTime(milliseconds: now.wall.milliseconds - 3_600_000)
    }
    if !order.hasTasks { query.states = order.states }
    if patterns.count == 1 { query.nameGlob = patterns.first }
    query.before = order.before
    query.parent = order.parent
    return query
  }

  /// Unfinished jobs; with a limit no more than could be shown.
  private func newestIDs(of owner: UserID?, _ order: ListOrder) -> [JobID] {
    var ids = live.ids(of: owner)
    if let parent = order.parent {
      ids = controller.state.families.children(of: parent).filter { id in
        owner == nil || controller.state.jobs[id]?.request.owner == owner
      }
    }
    if let before = order.before { ids.removeSubrange(ids.place(of: before)...) }
    if !order.names.isEmpty { ids.removeAll { !isNamed($0, by: order.names) } }
    guard let count = order.newest else { return ids }
    var found: [JobID] = []
    for id in ids.reversed() where found.count < Int(count) {
      guard let job = controller.state.jobs[id],
        order.hasTasks || order.states.isEmpty || order.states.contains(job.progress.state)
      else { continue }
      found.append(id)
    }
    return found.reversed()
  }
}

extension [JobID] {
  /// Where `id` stands among ids in order, or would stand.
  fileprivate func place(of id: JobID) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
