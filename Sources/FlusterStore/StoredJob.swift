package import FlusterCore

/// A job as the store has it, ended or not.
package struct StoredJob: Hashable, Sendable {
  package let id: JobID
  package let request: JobRequest
  package let submitted: WallTime
  package let descent: Descent
  package let progress: JobProgress

  /// The columns of a job, without its tasks.
  package init(_ job: Job) {
    id = job.id
    request = job.request
    submitted = job.submitted
    descent = job.descent
    progress = job.progress
  }
}

/// An attempt as the store has it.
package struct StoredAttempt: Hashable, Sendable {
  /// How it ended, and what that meant.
  package struct Ending: Hashable, Sendable {
    package let at: WallTime
    package let outcome: Outcome
    /// The final state that it gave its task; nil if the task was to be tried again.
    package let final: TaskState?
    package let charged: Budget
  }

  /// As it was when it was last heard of; its state is the one that it ended in.
  package let attempt: OpenAttempt
  /// Nil while it is open.
  package let ending: Ending?
}

/// A task with a row of its own: it waits for another try, or ended neither well nor killed.
package struct StoredTask: Hashable, Sendable {
  package let position: UInt32
  /// Pending, while an attempt of it is open too; else final.
  package let state: TaskState
  package let failures: UInt32
  package let preemptions: UInt32
  /// How many ended.
  package let attempts: UInt32
  /// Of the newest attempt that ended.
  package let outcome: Outcome?
}

/// Which ended jobs.
package struct JobQuery: Hashable, Sendable {
  /// The direction of ids.
  package enum Order: Hashable, Sendable {
    case oldestFirst
    case newestFirst
  }

  /// Only this user's.
  package var owner: UserID?
  /// Only those that ended then or later.
  package var endedSince: WallTime?
  /// Only those in one of these states; empty: in any.
  package var states: Set<TaskState> = []
  /// Only those whose name matches this shell pattern.
  package var nameGlob: String?
  package var order = Order.oldestFirst
  /// Only those that were submitted from inside this job.
  package var parent: JobID?
  /// Only those with lower ids.
  package var before: JobID?
  /// Go on behind this job, which the last page named.
  package var after: JobID?
  /// How many rows to look at, and so the most that come back.
  package var limit = 1000

  /// All ended jobs.
  package init() {}
}

/// A part of the answer to a query.
package struct JobPage: Hashable, Sendable {
  /// May be empty although more follow.
  package let jobs: [StoredJob]
  /// Where to go on; nil: this was the last page.
  package let next: JobID?
}
