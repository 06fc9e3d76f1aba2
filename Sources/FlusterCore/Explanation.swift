/// Everything there is to say about why a job waits.
package struct Explanation: Hashable, Sendable {
  /// A job that holds some of a worker.
  package struct Holder: Hashable, Sendable {
    package let job: JobID
    package let owner: UserID
    /// How many of its tasks run there.
    package let tasks: Int
    /// What they hold together.
    package let charge: Amounts
    /// By when all of them are over at the latest; nil: nobody knows.
    package let ends: WallTime?
  }

  /// A worker that takes new work, and what is left of it.
  package struct Room: Hashable, Sendable {
    package let worker: WorkerID
    package let free: Amounts
    /// Who holds most first; at most `Explanation.most`.
    package let holders: [Holder]
  }

  /// Where the job stands among those of its band that wait.
  package struct Turn: Hashable, Sendable {
    /// Counted from 1.
    package let place: Int
    package let count: Int
  }

  /// So many workers, and so many holders of each, are told of.
  package static let most = 10
  /// Where more jobs are unfinished than this, nobody counts which of them wait.
  package static let mostCounted = 20_000

  package let reason: PendingReason
  package let since: WallTime
  package let needs: Requirement
  package let band: Band
  /// Nil: there are too many to count.
  package let turn: Turn?
  /// By worker id.
  package let rooms: [Room]
}

extension Controller {
  /// Why the pending tasks of an unfinished job wait, with numbers and holders; nil if it has none.
  package func explanation(for id: JobID, at now: Moment) -> Explanation? {
    guard let job = state.jobs[id], let reason = pendingReason(for: id, at: now) else { return nil }
    let shape = Shape(of: job)
    let workers = state.usable.filter { $0.record.admits(shape) }
    return Explanation(
      reason: reason, since: job.submitted, needs: job.request.needs,
      band: job.request.options.band, turn: turn(of: job),
      rooms: workers.prefix(Explanation.most).map(room))
  }

  private func turn(of job: Job) -> Explanation.Turn? {
    guard state.jobs.count <= Explanation.mostCounted else { return nil }
    var (place, count) = (1, 0)
    for other in state.jobs
    where other.rank.band == job.rank.band && other.progress.counts.pending > 0 {
      count += 1
      if other.rank < job.rank { place += 1 }
    }
    return Explanation.Turn(place: place, count: count)
  }

  private func room(of worker: Worker) -> Explanation.Room {
    let attempts = worker.open.compactMap { state.attempts[$0] }
    let jobs = Dictionary(grouping: attempts, by: \.task.job)
    let holders = jobs.keys.sorted().compactMap { holder($0, jobs[$0] ?? []) }.sorted { a, b in
      a.charge.cpuMillis == b.charge.cpuMillis
        ? (a.charge.memoryBytes, b.job) > (b.charge.memoryBytes, a.job)
        : a.charge.cpuMillis > b.charge.cpuMillis
    }
    return Explanation.Room(
      worker: worker.record.id, free: state.free(on: worker.record.id),
      holders: Array(holders.prefix(Explanation.most)))
  }

  private func holder(_ id: JobID, _ attempts: [OpenAttempt]) -> Explanation.Holder? {
    guard let job = state.jobs[id] else { return nil }
    var charge = Amounts.none
    for attempt in attempts { charge.add(attempt.charge) }
    let ends = attempts.map { state.expectedEnd(of: $0) }
    return Explanation.Holder(
      job: id, owner: job.request.owner, tasks: attempts.count, charge: charge,
      ends: ends.contains(nil) ? nil : ends.compactMap(\.self).max())
  }
}
