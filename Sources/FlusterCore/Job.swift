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

/// What a user asks for, decoded and still unchecked.
package struct JobRequest: Hashable, Sendable {
  package var name: String
  package var owner: UserID
  package var array: TaskArray
  package var needs: Requirement
  /// Failures that are forgiven; n retries are n + 1 attempts.
  package var retries: UInt32
  /// Losses that are forgiven.
  package var retriesLost: UInt32
  package var backoff: Backoff
  package var timeLimit: Span?
  package var grace: Span
  package var held: Bool
  /// Its children end with it even when it succeeds.
  package var endChildren: Bool
  /// Most jobs have none, and pay one word for them.
  private var uncommon: [JobOptions] = []

  /// What few jobs ask for.
  package var options: JobOptions {
    get { uncommon.first ?? .none }
    set { uncommon = newValue == .none ? [] : [newValue] }
  }

  /// A plain job with the defaults of fluster-submit(1).
  package init(name: String, owner: UserID) {
    self.name = name
    self.owner = owner
    self.array = .plain
    self.needs = Requirement(cpuMillis: 1000)
    self.retries = 0
    self.retriesLost = 100
    self.backoff = .standard
    self.timeLimit = nil
    self.grace = .seconds(5)
    self.held = false
    self.endChildren = false
  }
}

extension JobRequest {
  /// What submits the same once more. A key stands for one job, a hold, what it waited for and its
  /// times were meant for that one, and the command that it was tied to has gone.
  package var again: JobRequest {
    var request = self
    request.options.key = nil
    request.options.dependencies = []
    request.options.begin = nil
    request.options.deadline = nil
    request.options.isTied = false
    request.held = false
    return request
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
    get { self[keyPath: Self.path(state)] }
    set { self[keyPath: Self.path(state)] = newValue }
  }

  /// Tasks with an open attempt.
  package var active: UInt32 { assigned + building + running }

  /// Tasks that something may still happen to.
  package var unfinished: UInt32 { pending + active }

  private static func path(_ state: TaskState) -> WritableKeyPath<StateCounts, UInt32> {
    switch state {
    case .pending: \.pending
    case .assigned: \.assigned
    case .building: \.building
    case .running: \.running
    case .succeeded: \.succeeded
    case .failed: \.failed
    case .killed: \.killed
    case .workerFailed: \.workerFailed
    case .unschedulable: \.unschedulable
    case .preempted: \.preempted
    case .gangFailed: \.gangFailed
    }
  }
}

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
  package let job: JobID
  package var state: TaskState = .pending
  package var started: WallTime?
  package var ended: WallTime?
  /// The whole job is held.
  package var held = false
  /// Something has ended without success that it waits for to do so.
  package var hasSeenFailure = false
  package var killed: KillRequest?
  package var counts = StateCounts()
  /// Positions that are pending, not held and never attempted.
  package var pending = RangeSet<UInt32>()
  /// Positions that are held by themselves and never attempted.
  package var heldTasks = RangeSet<UInt32>()
  /// Positions that were killed.
  package var killedTasks = RangeSet<UInt32>()
  /// Positions that found no place in time.
  package var unschedulableTasks = RangeSet<UInt32>()
  package var failures = FailureTally()

  /// A job nothing has happened to.
  package init(job: JobID) { self.job = job }

  /// The state of a final task that neither failed nor was lost.
  package func stateOfRange(around position: UInt32) -> TaskState {
    if killedTasks.contains(position) { return .killed }
    return unschedulableTasks.contains(position) ? .unschedulable : .succeeded
  }
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
