/// Why an open attempt is to end.
package enum StopReason: Hashable, Sendable {
  case killed(KillRequest)
  /// The job reached its failure limit.
  case failureLimit
  /// A gang mate failed for good.
  case gangFailed
  /// A gang mate is tried again, and so are all.
  case gangRetry

  /// Whether `other` says more than this and takes its place.
  func yields(to other: StopReason) -> Bool {
    switch (self, other) {
    case (.killed, _), (_, .gangRetry): false
    case (.gangRetry, _), (_, .killed): true
    case (.failureLimit, _), (.gangFailed, _): false
    }
  }
}

/// Whether an attempt is to stand still.
package enum Freeze: UInt8, Hashable, Sendable {
  case never = 0
  case frozen = 1
  /// Not any more; how long it did only its worker knows, and so when its time limit ends.
  case thawed = 2
}

/// A try of a task that has not ended, or whose end is not known yet.
package struct OpenAttempt: Hashable, Sendable {
  package let uid: AttemptUID
  package let task: TaskID
  /// Counted from 0 per task.
  package let number: UInt32
  package let worker: WorkerID
  /// What it holds of its worker until it has ended.
  package let charge: Amounts
  package let assigned: WallTime
  /// It was given to its worker before its turn: until it begins it may be taken back, and holds
  /// nothing that an attempt before it holds.
  package let isAhead: Bool
  /// assigned, building or running.
  package var state: TaskState
  package var started: WallTime?
  package var stop: StopReason?
  /// A process of it cannot be killed; it keeps its resources.
  package var stuck = false
  package var freeze = Freeze.never

  /// An attempt just decided on.
  package init(
    uid: AttemptUID, task: TaskID, number: UInt32, worker: WorkerID, charge: Amounts,
    assigned: WallTime, isAhead: Bool = false
  ) {
    self.uid = uid
    self.task = task
    self.number = number
    self.worker = worker
    self.charge = charge
    self.assigned = assigned
    self.isAhead = isAhead
    self.state = .assigned
  }
}

extension OpenAttempt {
  /// It waits at its worker, as far as anybody knows, for the end of another.
  var waitsAhead: Bool { isAhead && state == .assigned }

  /// It is to stand still. What is to end goes on first, so that it can heed that.
  package var isFrozen: Bool { freeze == .frozen && stop == nil }
}

/// Which budget an ending is charged to.
package enum Budget: UInt8, Hashable, Sendable {
  case none = 0
  case failure = 1
  case preemption = 2
}

/// What becomes of a task when its attempt ends.
package enum Verdict: Hashable, Sendable {
  /// The task is final in this state; the attempt counts against the budget named.
  case final(TaskState, charged: Budget)
  /// The task is pending again, not before the time given.
  case retry(charged: Budget, notBefore: WallTime?)

  /// The budget that pays for the attempt.
  package var charged: Budget {
    switch self {
    case .final(_, let charged), .retry(let charged, _): charged
    }
  }
}
