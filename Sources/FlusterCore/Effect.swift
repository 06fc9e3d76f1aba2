/// What a request came to.
package enum Answer: Hashable, Sendable {
  /// The notice is what the caller should know of the new job; one sentence.
  case submitted(JobID, existed: Bool, notice: String? = nil)
  /// Carried out. Jobs that are not among the unfinished are named; the shell knows whether they
  /// ended or never were.
  case done(unknown: [JobID])
  case refused(Refusal)
}

/// When something is to be done next: whichever of the two times comes first.
package struct Wake: Hashable, Sendable {
  package let wall: WallTime?
  package let monotonic: Instant?
}

/// An attempt in a full desired set.
///
/// The set is fixed when the worker registers: an attempt assigned later may not be durable yet
/// when the set is sent, and comes by its own `Effect.run`.
package struct Wanted: Hashable, Sendable {
  package let uid: AttemptUID
  /// It is to be ended, not kept.
  package let stop: Bool
}

/// What the shell must do once the events of the step are durable. Effects carry ids only.
package enum Effect: Hashable, Sendable {
  case reply(RequestID, Answer)
  /// Tell its worker of the attempt as it is by then, if it is still open: to start it, or what
  /// holds for it from now on.
  case run(AttemptUID)
  /// Tell the worker to end it.
  case stop(WorkerID, AttemptUID)
  /// Tell the worker to give it back, unless it has begun.
  case recall(WorkerID, AttemptUID)
  case signal(WorkerID, AttemptUID, UInt8)
  /// The end is durable: the worker may forget it.
  case acknowledge(WorkerID, AttemptUID)
  /// The registration stands: say so, then send this as the full desired set.
  case welcome(WorkerID, LinkID, [Wanted])
  /// The registration does not stand.
  case reject(LinkID, Refusal)
  /// A newer connection of the same worker took its place.
  case drop(LinkID)
  /// A task became final; who waits for it wants to know.
  case taskEnded(TaskID, TaskState, Outcome?)
  /// Tasks became final together, without a status of their own, and why.
  case tasksEnded(JobID, RangeSet<UInt32>, TaskState, EndStory)
  case jobEnded(JobID)
  /// Have the worker give a sign of life.
  case ask(WorkerID)
  /// Call `tick` then at the latest.
  case wake(Wake)
}
