/// The state of a task, and of a job derived from its tasks.
///
/// The numbers are those of Controller V0 and its successor and stand on the wire and in the store.
package enum TaskState: UInt8, Sendable, CaseIterable {
  case pending = 1
  /// Handed to the shim, its process not yet seen.
  case building = 2
  case running = 3
  case succeeded = 4
  case failed = 5
  case killed = 6
  case workerFailed = 7
  case unschedulable = 8
  /// Given to a worker that has not said anything of it yet.
  case assigned = 9
  case preempted = 10
  case gangFailed = 11

  /// Nothing changes it any more.
  package var isFinal: Bool {
    switch self {
    case .pending, .assigned, .building, .running: false
    case .succeeded, .failed, .killed, .workerFailed, .unschedulable, .preempted, .gangFailed: true
    }
  }

  /// An attempt of it is open.
  package var isActive: Bool {
    switch self {
    case .assigned, .building, .running: true
    case .pending, .succeeded, .failed, .killed, .workerFailed, .unschedulable, .preempted,
      .gangFailed:
      false
    }
  }

  /// The word for it, everywhere.
  package var word: String {
    switch self {
    case .pending: "pending"
    case .building: "building"
    case .running: "running"
    case .succeeded: "succeeded"
    case .failed: "failed"
    case .killed: "killed"
    case .workerFailed: "worker-failed"
    case .unschedulable: "unschedulable"
    case .assigned: "assigned"
    case .preempted: "preempted"
    case .gangFailed: "gang-failed"
    }
  }
}
