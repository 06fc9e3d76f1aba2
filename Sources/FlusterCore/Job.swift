/// The indices a job's tasks go by, and how many of them may be open at once.
package struct TaskArray: Hashable, Sendable {
  /// The most tasks one job may have (DESIGN: compact arrays).
  package static let maximumCount: UInt32 = 10_000_000

  package let first: UInt32
  package let step: UInt32
  package let count: UInt32
  /// At most so many open attempts at once; nil: no limit.
  package let throttle: UInt32?
  /// False for a plain job, whose only task is written as the job alone.
  package let isExplicit: Bool

  /// A plain job: the one task 0.
  package static let plain = TaskArray(
    first: 0, step: 1, count: 1, throttle: nil, isExplicit: false)

  /// Takes the numbers as they are; `Controller` refuses what is out of bounds.
  package init(first: UInt32, step: UInt32, count: UInt32, throttle: UInt32?, isExplicit: Bool) {
    self.first = first
    self.step = step
    self.count = count
    self.throttle = throttle
    self.isExplicit = isExplicit
  }

  /// The index people see of the task at `position`.
  package func index(of position: UInt32) -> UInt32 { first &+ step &* position }

  /// The positions whose indices lie in `indices`; nil if there are none.
  package func positions(within indices: ClosedRange<UInt32>) -> Range<UInt32>? {
    guard count > 0, step > 0, indices.upperBound >= first else { return nil }
    let below = indices.lowerBound > first ? indices.lowerBound - first : 0
    let lower = below / step + (below % step == 0 ? 0 : 1)
    let upper = min((indices.upperBound - first) / step, count - 1)
    return lower <= upper ? lower..<(upper + 1) : nil
  }

  /// Every position.
  package var positions: Range<UInt32> { 0..<count }
}

/// How long a failed task waits before its next attempt: doubling from `first` up to `most`.
package struct Backoff: Hashable, Sendable {
  package let first: Span
  package let most: Span

  /// One second, doubling to a minute.
  package static let standard = Backoff(first: .seconds(1), most: .seconds(60))

  /// From `first` to `most`.
  package init(first: Span, most: Span) {
    self.first = first
    self.most = most
  }

  /// The wait before the attempt that follows the `failures`-th failure, without jitter.
  package func span(afterFailures failures: UInt32) -> Span {
    let doublings = min(failures > 0 ? failures - 1 : 0, 40)
    let (product, overflow) = first.milliseconds.multipliedReportingOverflow(by: 1 << doublings)
    return min(overflow ? most : Span(milliseconds: product), most)
  }
}

/// What the core hands through without looking at it: how to start a task of the job.
package struct Payload: Hashable, Sendable {
  /// A serialised launch description.
  package let launch: [UInt8]
  /// NAME=VALUE strings, each ended by a zero byte; stored once per content.
  package let environment: [UInt8]
  /// What the command interprets, stored once per content; empty: nothing.
  package let script: [UInt8]
  /// The size of the list that has an entry for each task, and comes another way; nil: none.
  package let entryBytes: UInt64?

  /// Wraps them.
  package init(
    launch: [UInt8], environment: [UInt8], script: [UInt8] = [], entryBytes: UInt64? = nil
  ) {
    self.launch = launch
    self.environment = environment
    self.script = script
    self.entryBytes = entryBytes
  }
}

/// A task that has something of its own: an open attempt, or a retry to come.
package struct TaskRecord: Hashable, Sendable {
  /// pending, assigned, building or running; final states need no record.
  package var state: TaskState
  package var failures: UInt32 = 0
  package var preemptions: UInt32 = 0
  /// Attempts made so far, the open one included; also the number of the next one.
  package var attempts: UInt32 = 0
  package var open: AttemptUID?
  /// Not to be started before this, after a failure.
  package var notBefore: WallTime?
  package var held = false

  /// A record in `state` with nothing counted yet.
  package init(state: TaskState) { self.state = state }
}

/// How many tasks of a job are in each state.
package struct StateCounts: Hashable, Sendable {
  package var pending: UInt32 = 0
  package var assigned: UInt32 = 0
  package var building: UInt32 = 0
  package var running: UInt32 = 0
  package var succeeded: UInt32 = 0
  package var failed: UInt32 = 0
  package var killed: UInt32 = 0
  package var workerFailed: UInt32 = 0
  package var unschedulable: UInt32 = 0
  package var preempted: UInt32 = 0
  package var gangFailed: UInt32 = 0

  /// Nothing counted.
  package init() {}

  /// The count of one state.
  package subscript(state: TaskState) -> UInt32 {
    get {
      switch state {
      case .pending: pending
      case .assigned: assigned
      case .building: building
      case .running: running
      case .succeeded: succeeded
      case .failed: failed
      case .killed: killed
      case .workerFailed: workerFailed
      case .unschedulable: unschedulable
      case .preempted: preempted
      case .gangFailed: gangFailed
      }
    }
    _modify {
      switch state {
      case .pending: yield &pending
      case .assigned: yield &assigned
      case .building: yield &building
      case .running: yield &running
      case .succeeded: yield &succeeded
      case .failed: yield &failed
      case .killed: yield &killed
      case .workerFailed: yield &workerFailed
      case .unschedulable: yield &unschedulable
      case .preempted: yield &preempted
      case .gangFailed: yield &gangFailed
      }
    }
  }

  /// Tasks with an open attempt.
  package var active: UInt32 { assigned + building + running }

  /// Tasks that something may still happen to.
  package var unfinished: UInt32 { pending + active }
}

/// An unfinished job. Tasks that are pending, held or killed without an attempt exist as ranges,
/// those with something of their own as records, those that succeeded only as a count.
package struct Job: Hashable, Sendable {
  package let id: JobID
  package internal(set) var request: JobRequest
  package let submitted: WallTime
  package internal(set) var descent: Descent
  package var progress: JobProgress
  /// Keyed by position.
  package var records: [UInt32: TaskRecord] = [:]
  /// Final tasks that neither succeeded, nor were killed, nor found no place.
  package var failedTasks: [TaskState: RangeSet<UInt32>] = [:]

  /// Shared by all jobs of one task until they change it: a set of its own costs 48 bytes.
  private static let onlyPosition = RangeSet<UInt32>(0..<1)

  /// A job fresh from its request: everything pending.
  package init(
    id: JobID, request: JobRequest, submitted: WallTime, descent: Descent = .root
  ) {
    self.id = id
    self.request = request
    self.submitted = submitted
    self.descent = descent
    progress = JobProgress(job: id)
    progress.held = request.held
    progress.pending =
      request.array.count == 1 ? Self.onlyPosition : RangeSet(request.array.positions)
    progress.counts.pending = request.array.count
  }

  /// The state of the task at `position`.
  package func state(of position: UInt32) -> TaskState {
    if let record = records[position] { return record.state }
    if progress.pending.contains(position) || progress.heldTasks.contains(position) {
      return .pending
    }
    for (state, positions) in failedTasks where positions.contains(position) { return state }
    return progress.stateOfRange(around: position)
  }

  /// The positions of the tasks that have not ended and are in one of `states`; costs by what is
  /// open or waits in ranges of its own, and not by how many have ended.
  package func unfinishedTasks(
    in states: Set<TaskState> = Set(TaskState.allCases)
  ) -> RangeSet<UInt32> {
    let odd = records.filter { states.contains($0.value.state) }.map { $0.key..<($0.key + 1) }
    let own = RangeSet(joining: odd)
    guard states.contains(.pending) else { return own }
    return progress.pending.union(progress.heldTasks).union(own)
  }
}
