/// All facts about unfinished work. Only `apply` changes it; replaying the same events gives the
/// same state.
package struct State: Hashable, Sendable {
  /// The number the next job gets.
  package internal(set) var nextJob: JobID
  package internal(set) var jobs = JobTable()
  package internal(set) var attempts: [AttemptUID: OpenAttempt] = [:]
  package internal(set) var workers: [WorkerID: Worker] = [:]
  /// Connections that have registered.
  package internal(set) var links: [LinkID: WorkerID] = [:]
  package internal(set) var tokens = RecentSubmits<OwnedToken, JobID>()
  /// The unfinished jobs below each attempt.
  package internal(set) var families = Families()
  package internal(set) var endpoints = Endpoints()
  package internal(set) var keys = Keys()
  /// Who waits for whom.
  package internal(set) var dependents = Dependents()

  /// What the store read back.
  package init(restored: Restored) {
    nextJob = restored.nextJob
    for job in restored.jobs { add(job) }
    for record in restored.workers { workers[record.id] = Worker(record: record) }
    for id in restored.drained { workers[id]?.isDrained = true }
    for attempt in restored.attempts {
      attempts[attempt.uid] = attempt
      workers[attempt.worker]?.open.append(attempt.uid)
    }
    for endpoint in restored.endpoints { add(endpoint) }
  }

  /// A job has come, or come back.
  mutating func add(_ job: Job) {
    jobs.insert(job)
    if job.lineage != nil { jobs[job.id]?.descent = families.add(job) }
    keys.add(job)
    dependents.add(job, among: jobs)
  }

  /// What `worker` has left: its capacity less what its open attempts hold. Derived every time,
  /// never counted up and down, so that it cannot leak.
  package func free(on worker: WorkerID) -> Amounts {
    workers[worker].map { Rooms.Room(on: $0.record, in: self).free } ?? .none
  }

  /// Workers that may be given new work, by id.
  package var usable: [Worker] { connected.filter(\.isUsable) }

  /// Workers with a connection, by id.
  package var connected: [Worker] {
    workers.values.filter { $0.link != nil }.sorted { $0.record.id < $1.record.id }
  }
}

extension State {
  /// Applies an event that was decided before: a replay of the log gives the state that was.
  package mutating func replay(_ event: Event) { apply(event) }
}
