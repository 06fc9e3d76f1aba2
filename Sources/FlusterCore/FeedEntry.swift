/// One entry of the feed: what happened to what, and what state that left it in.
///
/// It tells its story by itself: whoever reads it later may find the job gone.
package struct FeedEntry: Hashable, Sendable {
  /// What happened. The word stands on the wire, in the store and in fluster-ls(1).
  package enum Kind: String, Sendable, CaseIterable {
    case jobSubmitted = "job_submitted"
    case jobHeld = "job_held"
    case jobReleased = "job_released"
    case jobChanged = "job_changed"
    case jobKillRequested = "job_kill_requested"
    case jobEnded = "job_ended"
    case tasksHeld = "tasks_held"
    case tasksReleased = "tasks_released"
    case tasksEnded = "tasks_ended"
    case taskAssigned = "task_assigned"
    case taskBuilding = "task_building"
    case taskStarted = "task_started"
    case taskStopRequested = "task_stop_requested"
    case taskFrozen = "task_frozen"
    case taskThawed = "task_thawed"
    case taskStuck = "task_stuck"
    case taskEnded = "task_ended"
    case workerRegistered = "worker_registered"
    case workerDisconnected = "worker_disconnected"
    case workerDrained = "worker_drained"
    case workerResumed = "worker_resumed"
    case workerForgotten = "worker_forgotten"
    case workerSilent = "worker_silent"
    case workerHeard = "worker_heard"
    case workerAiling = "worker_ailing"
    case workerWell = "worker_well"
  }

  /// The job it is about, as far as readers are chosen by it.
  package struct Subject: Hashable, Sendable {
    package let job: JobID
    package let owner: UserID
    package let name: String

    /// A job by its parts.
    package init(job: JobID, owner: UserID, name: String) {
      self.job = job
      self.owner = owner
      self.name = name
    }
  }

  /// One try of a task.
  package struct Attempt: Hashable, Sendable {
    package let uid: AttemptUID
    package let number: UInt32

    /// An attempt by its parts.
    package init(uid: AttemptUID, number: UInt32) {
      self.uid = uid
      self.number = number
    }
  }

  package let kind: Kind
  /// When the controller learned of it.
  package let at: WallTime
  /// Nil for what is about a worker.
  package var subject: Subject?
  /// The tasks meant, by the indices people see and in order; empty for a plain job.
  package var tasks: [ClosedRange<UInt32>] = []
  /// From one index of `tasks` to the next.
  package var step: UInt32 = 1
  package var attempt: Attempt?
  package var worker: WorkerID?
  /// The state that the job or its tasks are in from now on; nil if that has not changed.
  package var state: TaskState?
  /// Of an attempt that has ended: why, and the status that fluster-wait carries.
  package var cause: Cause?
  package var status: UInt8?
  /// Who asked for it, where somebody did.
  package var by: UserID?
  /// What else there is to say, in a sentence; often empty.
  package var text = ""

  /// An entry that says no more than this.
  package init(_ kind: Kind, at time: WallTime) {
    self.kind = kind
    at = time
  }
}

extension FeedEntry {
  /// Ranges of one entry: so that a frame holds many entries, whatever they are about.
  static let mostRanges = 100

  /// The same as several entries, where it is about more ranges than one may name.
  var pieces: [FeedEntry] {
    stride(from: 0, to: tasks.count, by: Self.mostRanges).map { first in
      var piece = self
      piece.tasks = Array(tasks[first..<min(first + Self.mostRanges, tasks.count)])
      return piece
    }
  }
}
