/// Who asks, by the kernel's word.
package struct Caller: Hashable, Sendable {
  package let uid: UserID
  /// May touch other people's jobs.
  package let isAdministrator: Bool

  /// A caller as the shell authenticated it.
  package init(uid: UserID, isAdministrator: Bool) {
    self.uid = uid
    self.isAdministrator = isAdministrator
  }

  /// Whether the caller may change what belongs to `owner`.
  package func mayChange(_ owner: UserID) -> Bool { isAdministrator || uid == owner }
}

/// Tasks of one job, by the indices people see; nil means the whole job.
package struct Selection: Hashable, Sendable {
  package let job: JobID
  package let indices: ClosedRange<UInt32>?

  /// The whole job, or some of its tasks.
  package init(job: JobID, indices: ClosedRange<UInt32>? = nil) {
    self.job = job
    self.indices = indices
  }
}

/// What a worker saw of one attempt.
package struct Observation: Hashable, Sendable {
  /// What it saw.
  package enum Kind: Hashable, Sendable {
    /// Accepted, waiting for its turn on the worker.
    case queued
    /// Handed to the shim.
    case starting
    case started
    /// Over, and nothing of it is left.
    case finished(Outcome)
    /// Unknown there: it never came, or was ended before it began.
    case missing
    /// A process of it cannot be killed.
    case stuck
  }

  package let uid: AttemptUID
  package let kind: Kind
  /// The worker's wall clock when it happened.
  package let at: WallTime

  /// One sight.
  package init(uid: AttemptUID, kind: Kind, at: WallTime) {
    self.uid = uid
    self.kind = kind
    self.at = at
  }
}

/// Everything that may be asked of the controller.
package enum Command: Hashable, Sendable {
  /// `once` is about the request's key, if it has one; `past` says how that ended which the request
  /// depends on and which is not among the unfinished, with the first end without success of
  /// several; `inside` is the attempt that submits, by its own word.
  case submit(
    JobRequest, Payload, Token?, once: Once = Once(), past: [Selection: TaskState] = [:],
    inside: AttemptUID? = nil, from: Caller, RequestID)
  /// TERM, grace, KILL for what runs; the end for what waits; the same for everything below it in
  /// its tree, and below jobs that have finished if `belowFinished`.
  case kill(
    [Selection], reason: String, belowFinished: Bool = true, from: Caller, RequestID)
  /// Only a signal to what runs.
  case signal([Selection], UInt8, from: Caller, RequestID)
  case hold([Selection], from: Caller, RequestID)
  case release([Selection], from: Caller, RequestID)
  /// Something else is asked for with these jobs from now on.
  case change([Selection], JobChange, from: Caller, RequestID)
  /// What runs of these stands still, or goes on.
  case freeze([Selection], Bool, from: Caller, RequestID)
  /// The attempt of the job can be reached under a name; its right to say so is its owner's.
  case registerEndpoint(Endpoint, of: JobID, from: Caller, RequestID)
  /// Takes away what there is under a name.
  case unregisterEndpoint(String, EndpointScope, from: Caller, RequestID)
  /// A worker said who it is on a new connection.
  case register(WorkerRecord, LinkID)
  /// A worker's connection is gone.
  case disconnect(LinkID)
  /// What a worker saw.
  case observe(LinkID, [Observation])
  /// What a worker says of its own fitness: why it wants no new work, or nil.
  case report(LinkID, ailment: String?)
  /// Give a worker no new work, or give it some again.
  case drain(WorkerID, Bool, from: Caller, RequestID)
  /// The worker will not come back.
  case forget(WorkerID, from: Caller, RequestID)
  /// A time asked for by `Effect.wake` has come.
  case tick
  /// Place what can be placed; once a turn.
  case schedule
}
