/// A fact. `State.apply` is the only code that gives it its meaning; the store keeps it.
package enum Event: Hashable, Sendable {
  case submitted(Job, Payload, Token?)
  case assigned(OpenAttempt)
  /// Handed to the shim, and taking its time.
  case building(AttemptUID)
  case started(AttemptUID, at: WallTime)
  case stopRequested(AttemptUID, StopReason)
  /// The attempt is to stand still, or to go on.
  case frozen(AttemptUID, Bool, by: UserID)
  case stuck(AttemptUID)
  case attemptEnded(AttemptUID, Outcome, at: WallTime, Verdict)
  /// Tasks without an open attempt became final: killed, gang-failed or unschedulable.
  case tasksEnded(JobID, RangeSet<UInt32>, TaskState)
  case killRequested(JobID, KillRequest)
  /// The request of an unfinished job is another one now, but for its key.
  case changed(JobID, JobRequest, JobChange, by: UserID)
  /// What a job waits for has ended in this state. The row of the job says what the store must know
  /// of it.
  case dependencyEnded(JobID, Dependents.Link, TaskState)
  /// The whole job is held, or no more.
  case held(JobID, Bool)
  case tasksHeld(JobID, RangeSet<UInt32>)
  case tasksReleased(JobID, RangeSet<UInt32>)
  /// All its tasks are final; the job leaves memory.
  case jobEnded(JobProgress)
  /// An open attempt has an endpoint, new or with other metadata. That all of an attempt are gone
  /// with it is a part of its end.
  case endpointRegistered(Endpoint)
  case endpointRemoved(AttemptUID, name: String, address: String)
  case registered(WorkerRecord)
  /// The worker is to be given no new work, or may be again.
  case drained(WorkerID, Bool)
  /// The worker will not come back.
  case forgotten(WorkerID)

  // Of this life of the controller only; the store has no use for them.
  case linked(WorkerID, LinkID)
  case unlinked(WorkerID)
  /// The worker gives no sign of life, or gives one again.
  case silent(WorkerID, Bool)
  /// Why the worker wants no new work; nil: it is well.
  case ailing(WorkerID, String?)
  /// The wait after a failure is over.
  case backoffOver(TaskID)
}
