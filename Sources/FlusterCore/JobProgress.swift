/// Who ended a whole job, and why.
package struct KillRequest: Hashable, Sendable {
  package let by: UserID
  /// Nobody's wish but a dependency that can never be met, in which case `by` is the owner.
  package let isUnmet: Bool
  /// In the caller's words; often empty.
  package let reason: String

  /// A kill by `by`, or the end of a job whose dependencies can never be met.
  package init(by: UserID, reason: String, isUnmet: Bool = false) {
    self.by = by
    self.isUnmet = isUnmet
    self.reason = reason
  }
}

/// The part of a job that changes while it lives, as the store keeps it: one row, rewritten at most
/// once a turn. Its size follows the number of ranges, not the number of tasks.
package struct JobProgress: Hashable, Sendable {
  /// What few jobs come to.
  private struct Uncommon: Hashable, Sendable {
    var killed: KillRequest?
    var heldTasks = RangeSet<UInt32>()
    var killedTasks = RangeSet<UInt32>()
    var unschedulableTasks = RangeSet<UInt32>()
    var failures = FailureTally()

    static let none = Uncommon()
  }

  package let job: JobID
  package var started: WallTime?
  package var ended: WallTime?
  package var state: TaskState = .pending
  /// The whole job is held.
  package var held = false
  /// Something has ended without success that it waits for to do so.
  package var hasSeenFailure = false
  package var counts = StateCounts()
  /// Positions that are pending, not held and never attempted.
  package var pending = RangeSet<UInt32>()
  /// One, or nothing where it would say nothing: most jobs pay one word for it.
  private var uncommon: [Uncommon] = []

  /// A job nothing has happened to.
  package init(job: JobID) { self.job = job }

  package var killed: KillRequest? {
    get { uncommon.isEmpty ? nil : uncommon[0].killed }
    set {
      guard newValue != nil || !uncommon.isEmpty else { return }
      change { $0.killed = newValue }
    }
  }

  /// Positions that are held by themselves and never attempted.
  package var heldTasks: RangeSet<UInt32> {
    get { uncommon.isEmpty ? RangeSet() : uncommon[0].heldTasks }
    set {
      guard !newValue.isEmpty || !uncommon.isEmpty else { return }
      change { $0.heldTasks = newValue }
    }
  }

  /// Positions that were killed.
  package var killedTasks: RangeSet<UInt32> {
    get { uncommon.isEmpty ? RangeSet() : uncommon[0].killedTasks }
    set {
      guard !newValue.isEmpty || !uncommon.isEmpty else { return }
      change { $0.killedTasks = newValue }
    }
  }

  /// Positions that found no place in time.
  package var unschedulableTasks: RangeSet<UInt32> {
    get { uncommon.isEmpty ? RangeSet() : uncommon[0].unschedulableTasks }
    set {
      guard !newValue.isEmpty || !uncommon.isEmpty else { return }
      change { $0.unschedulableTasks = newValue }
    }
  }

  package var failures: FailureTally {
    get { uncommon.isEmpty ? FailureTally() : uncommon[0].failures }
    set {
      guard newValue.count > 0 || !uncommon.isEmpty else { return }
      change { $0.failures = newValue }
    }
  }

  private mutating func change(_ body: (inout Uncommon) -> Void) {
    if uncommon.isEmpty { uncommon.append(.none) }
    body(&uncommon[0])
    if uncommon[0] == .none { uncommon = [] }
  }

  /// The state of a final task that neither failed nor was lost.
  package func stateOfRange(around position: UInt32) -> TaskState {
    if killedTasks.contains(position) { return .killed }
    return unschedulableTasks.contains(position) ? .unschedulable : .succeeded
  }
}
