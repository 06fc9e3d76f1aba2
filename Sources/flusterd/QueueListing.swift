import FlusterCore
import FlusterProtocol
import FlusterStore
import FlusterSystem
import FlusterSystemd

/// A List of what waits, in the order in which it will be served: first the places of all jobs are
/// gathered, some at a time, then they are sorted off the loop, and a page of them is shown.
struct QueueListing {
  /// Rows of an answer.
  static let most = 200

  let request: Request
  let skip: Int
  let count: Int
  /// The unfinished jobs of those who are shown, when it was asked.
  let jobs: [JobID]
  var next = 0
  var ranks: [Rank] = []
  var isSorting = false

  /// The page of all that was gathered.
  static func page(of ranks: [Rank], skip: Int, count: Int) -> [JobID] {
    ranks.sorted().dropFirst(skip).prefix(count).map(\.job)
  }
}

extension Daemon {
  /// So many jobs are looked at between two looks at the clock.
  private static let stretch = 256

  /// Begins to list what waits of a user's jobs, or of everybody's.
  func beginQueueListing(_ order: ListOrder, of owner: UserID?, _ request: Request) {
    queueListings[request.id] = QueueListing(
      request: request, skip: Int(order.skip),
      count: min(Int(order.newest ?? UInt32(QueueListing.most)), QueueListing.most),
      jobs: live.ids(of: owner))
    keep(request, as: .read)
  }

  /// Goes on with gathering; who asked first is served first.
  func continueQueueListings(until deadline: Int64) {
    for id in queueListings.keys.sorted(by: { $0.number < $1.number }) {
      while gather(for: id) {
        if Clock.monotonicNanoseconds() >= deadline { return }
      }
    }
  }

  /// Whether one waits for nobody but us.
  var hasRunnableQueueListing: Bool { queueListings.values.contains { !$0.isSorting } }

  /// Gathers one stretch; false once there is nothing to gather.
  private func gather(for id: RequestID) -> Bool {
    // Taken out meanwhile, or each stretch would copy all that was gathered before it.
    guard queueListings[id]?.isSorting == false,
      var listing = queueListings.removeValue(forKey: id)
    else { return false }
    let end = min(listing.next + Self.stretch, listing.jobs.count)
    for id in listing.jobs[listing.next..<end] {
      guard let job = controller.state.jobs.glance(at: id), job.counts.pending > 0 else {
        continue
      }
      listing.ranks.append(job.rank)
    }
    listing.next = end
    let isComplete = end == listing.jobs.count
    queueListings[id] = listing
    if isComplete { sort(for: id) }
    return !isComplete
  }

  private func sort(for id: RequestID) {
    queueListings[id]?.isSorting = true
    guard let listing = queueListings[id] else { return }
    let (ranks, skip, count) = (listing.ranks, listing.skip, listing.count)
    queueListings[id]?.ranks = []
    let request = listing.request
    storage.history.ask(for: request.peer.uid, on: request.connection) {
      _ throws(StoreError) -> [JobID] in
      QueueListing.page(of: ranks, skip: skip, count: count)
    } then: { [unowned self] sorted in
      queueListings[id] = nil
      guard requests.remove(id) != nil else { return }
      switch sorted {
      case .success(let jobs): show(jobs, to: request)
      case .failure(let error): refuse(request, Refusal(error))
      }
      turnSource?.schedule()
    }
  }

  /// What has ended meanwhile is left out.
  private func show(_ jobs: [JobID], to request: Request) {
    reasons = [:]
    var page = WireListing()
    page.jobs = jobs.compactMap { controller.state.jobs[$0] }
      .filter { maySee($0.request.owner, request.peer) }.map(row)
    if !page.jobs.isEmpty { answer(request, .listing(page)) }
    answer(request, .done(WireDone()))
  }
}
