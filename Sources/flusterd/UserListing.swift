import FlusterCore
import FlusterProtocol
import FlusterStore
import FlusterSystem

/// A ListUsers for which the unfinished jobs are being counted, some at a time.
struct UserListing {
  /// What a user has that is not over.
  struct Tally {
    private static let states = TaskState.allCases

    var jobs: UInt64 = 0
    var pending: UInt64 = 0
    var held = Amounts.none
    var attempts: UInt64 = 0
    /// By the number of the state.
    var jobsByState = [UInt64](repeating: 0, count: 256)
    var tasksByState = [UInt64](repeating: 0, count: 256)

    mutating func add(_ job: JobGlance) {
      jobs += 1
      pending += UInt64(job.counts.pending)
      jobsByState[Int(job.state.rawValue)] += 1
      for state in Self.states where job.counts[state] > 0 {
        tasksByState[Int(state.rawValue)] += UInt64(job.counts[state])
      }
    }

    mutating func add(ended: [TaskState: UInt64]) {
      for (state, count) in ended { jobsByState[Int(state.rawValue)] += count }
    }

    var wire: [WireStateTally] {
      TaskState.allCases.compactMap { state in
        let (jobs, tasks) = (jobsByState[Int(state.rawValue)], tasksByState[Int(state.rawValue)])
        guard jobs > 0 || tasks > 0 else { return nil }
        var tally = WireStateTally()
        tally.state = WireState(state)
        tally.jobs = jobs
        tally.tasks = tasks
        return tally
      }
    }
  }

  /// What the store knows of them.
  struct Kept: Sendable {
    let bytes: [UserID: Int]
    let ended: [UserID: [TaskState: UInt64]]
  }

  let request: Request
  /// The unfinished jobs of those who are shown, when it was asked.
  let jobs: [JobID]
  /// Nil: everybody is shown.
  let owner: UserID?
  var next = 0
  var tallies: [UserID: Tally] = [:]
}

/// Users are counted a slice at a time, as jobs are listed, at the end of turns.
extension Daemon {
  /// So many jobs are counted between two looks at the clock.
  private static let stretch = 256

  /// Goes on with counting; who asked first is served first.
  func continueUserListings(until deadline: Int64) {
    for id in userListings.keys.sorted(by: { $0.number < $1.number }) {
      while count(for: id) {
        if Clock.monotonicNanoseconds() >= deadline { return }
      }
    }
  }

  /// Counts one stretch; false once all is counted.
  private func count(for id: RequestID) -> Bool {
    guard var listing = userListings.removeValue(forKey: id) else { return false }
    let end = min(listing.next + Self.stretch, listing.jobs.count)
    for id in listing.jobs[listing.next..<end] {
      guard let job = controller.state.jobs.glance(at: id) else { continue }
      listing.tallies[job.owner, default: UserListing.Tally()].add(job)
    }
    listing.next = end
    guard end == listing.jobs.count else {
      userListings[id] = listing
      return true
    }
    finish(listing)
    return false
  }

  /// Adds what runs, which is never much, and what the store knows.
  private func finish(_ listing: UserListing) {
    var tallies = listing.tallies
    for attempt in controller.state.attempts.values {
      guard let owner = controller.state.jobs[attempt.task.job]?.request.owner,
        listing.owner == nil || listing.owner == owner
      else { continue }
      tallies[owner, default: UserListing.Tally()].attempts += 1
      tallies[owner]?.held.add(attempt.charge)
    }
    let owner = listing.owner
    storage.history.ask(for: listing.request.peer.uid) {
      reader throws(StoreError) -> UserListing.Kept in
      let bytes =
        if let owner { [owner: try reader.storedBytes(of: owner)] } else {
          try reader.storedBytes()
        }
      return UserListing.Kept(bytes: bytes, ended: try reader.endedJobs(of: owner))
    } then: { [unowned self] kept in
      guard requests.remove(listing.request.id) != nil else { return }
      switch kept {
      case .success(let kept): show(tallies, kept, to: listing.request)
      case .failure(let error): refuse(listing.request, Refusal(error))
      }
      clients.flush()
    }
  }

  private func show(
    _ tallies: [UserID: UserListing.Tally], _ kept: UserListing.Kept, to request: Request
  ) {
    var page = WireUsers()
    let owners = Set(tallies.keys).union(kept.bytes.keys).union(kept.ended.keys)
    for owner in owners.sorted() {
      var tally = tallies[owner] ?? UserListing.Tally()
      tally.add(ended: kept.ended[owner] ?? [:])
      var row = WireUserRow()
      row.uid = owner.number
      row.unfinishedJobs = tally.jobs
      row.pendingTasks = tally.pending
      row.openAttempts = tally.attempts
      row.held = WireNeeds(tally.held)
      row.storedBytes = UInt64(max(0, kept.bytes[owner] ?? 0))
      row.storedLimitBytes = UInt64(settings.maxStoredBytes)
      row.tallies = tally.wire
      page.users.append(row)
      guard page.users.count == 1000 else { continue }
      clients.send(WireEnvelope(request: request.number, .users(page)), to: request.connection)
      page = WireUsers()
    }
    clients.send(WireEnvelope(request: request.number, .users(page)), to: request.connection)
    clients.send(WireEnvelope(request: request.number, .done(WireDone())), to: request.connection)
  }
}
