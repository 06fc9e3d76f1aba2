/// Everything unfinished, as the store read it back; what a controller starts from.
package struct Restored: Sendable {
  /// The next job gets this number.
  package var nextJob: JobID
  /// Unfinished jobs with their records and failed tasks filled in, by id.
  package var jobs: [Job]
  /// Attempts whose end is not known, in the order in which they were assigned.
  package var attempts: [OpenAttempt]
  package var workers: [WorkerRecord]
  /// Workers that are to be given no new work.
  package var drained: [WorkerID]
  /// Endpoints of the attempts, by attempt, name and address.
  package var endpoints: [Endpoint]
  /// Workers that were connected, by id. Who goes on from here does not believe it.
  package var standings: [WorkerStanding]

  /// An empty store.
  package static let empty = Restored(
    nextJob: JobID(1), jobs: [], attempts: [], workers: [])

  /// The rows of a store.
  package init(
    nextJob: JobID, jobs: [Job], attempts: [OpenAttempt], workers: [WorkerRecord],
    drained: [WorkerID] = [], endpoints: [Endpoint] = [], standings: [WorkerStanding] = []
  ) {
    self.nextJob = nextJob
    self.jobs = jobs
    self.attempts = attempts
    self.workers = workers
    self.drained = drained
    self.endpoints = endpoints
    self.standings = standings
  }
}

extension Restored: Hashable {}

extension State {
  /// What a store would read back of this state: all but the newest submits.
  package var restored: Restored {
    Restored(
      nextJob: nextJob, jobs: Array(jobs),
      attempts: workers.keys.sorted().flatMap { workers[$0]?.open ?? [] }
        .compactMap { attempts[$0] },
      workers: workers.keys.sorted().compactMap { workers[$0]?.record },
      drained: workers.keys.sorted().filter { workers[$0]?.isDrained == true },
      endpoints: endpoints.attempts.flatMap { endpoints.list(of: $0) }, standings: standings)
  }
}
