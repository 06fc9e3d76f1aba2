package import FlusterCore

/// A Kill that has passed the door.
package struct KillOrder: Hashable, Sendable {
  package let selectors: [JobSelector]
  /// Only send this signal; nil: TERM, grace, KILL.
  package let signal: UInt8?
  /// In the caller's words; often empty.
  package let reason: String
  /// Only tasks in these states; empty: all.
  package let states: Set<TaskState>
  /// Whose jobs patterns are about; nil: the caller's.
  package let user: UserID?

  /// Decodes and checks; throws invalid-argument naming the field.
  package init(wire: WireKill) throws(Refusal) {
    selectors = try JobSelector.someList(wire: wire.selectors)
    signal = wire.hasSignal ? try Limit.signal(wire.signal) : nil
    try Limit.text(wire.reason, to: Limit.sentence, "the reason")
    reason = wire.reason
    states = try TaskState.set(wire: wire.states)
    user = wire.hasUser ? UserID(wire.user) : nil
  }
}

/// A Set that has passed the door.
package struct ChangeOrder: Hashable, Sendable {
  /// What is to change.
  package enum Verb: Hashable, Sendable {
    case hold
    case release
    case change(JobChange)
    case freeze
    case thaw
  }

  package let selectors: [JobSelector]
  package let verb: Verb

  /// Decodes and checks; throws invalid-argument naming the field, unimplemented for a verb that a
  /// newer client has.
  package init(wire: WireSet) throws(Refusal) {
    selectors = try JobSelector.someList(wire: wire.selectors)
    switch wire.verb {
    case .hold: verb = .hold
    case .release: verb = .release
    case .freeze: verb = .freeze
    case .thaw: verb = .thaw
    case .priority: verb = .change(.priority(try JobOptions.priority(wire: wire.priority)))
    case .changeBand:
      guard wire.band != .unspecified else { throw .invalid("the request names no band") }
      verb = .change(.band(try Band(wire: wire.band)))
    case .timeLimit:
      let limit = wire.hasTimeLimitMs ? try Limit.timeLimit(wire.timeLimitMs) : nil
      verb = .change(.timeLimit(limit))
    case .memory: verb = .change(.memory(try Limit.memory(wire.memoryBytes)))
    case .unspecified: throw .invalid("the request names no verb")
    case .UNRECOGNIZED(let number):
      throw Refusal(.unimplemented, "flusterd \(FlusterVersion.software) has no verb \(number)")
    }
  }
}

/// A List that has passed the door.
package struct ListOrder: Hashable, Sendable {
  /// Empty: everything the other fields allow.
  package let selectors: [JobSelector]
  package let isOfAllUsers: Bool
  package let isOfAllAges: Bool
  /// Only jobs (or tasks) in these states; empty: all.
  package let states: Set<TaskState>
  /// One row a task.
  package let hasTasks: Bool
  package let hasDetail: Bool
  /// Only the newest so many; nil: no limit.
  package let newest: UInt32?
  /// Reasons with all that stands behind them.
  package let isWhy: Bool
  /// Only jobs whose name matches one of these shell patterns; empty: all. Like the two below, and
  /// unlike selectors, it leaves out what is too old.
  package let names: [String]
  /// Only this user's; nil: as the other fields say.
  package let user: UserID?
  /// Unfinished, or ended then or later; nil: within the hour.
  package let since: WallTime?
  /// Only what waits, in the order in which it will be served; without the first `skip`.
  package let isQueue: Bool
  package let skip: UInt32
  /// Only jobs with lower ids; nil: all.
  package let before: JobID?
  /// Only those that were submitted from inside this job; nil: all.
  package let parent: JobID?

  /// Decodes and checks; throws invalid-argument naming the field.
  package init(wire: WireList) throws(Refusal) {
    selectors = try JobSelector.list(wire: wire.selectors)
    isOfAllUsers = wire.allUsers
    isOfAllAges = wire.allAges
    states = try TaskState.set(wire: wire.states)
    hasTasks = wire.tasks
    hasDetail = wire.detail
    newest = wire.newest == 0 ? nil : wire.newest
    isWhy = wire.why
    let patterns = wire.names.map { name in
      var selector = WireSelector()
      selector.nameGlob = name
      return selector
    }
    _ = try JobSelector.list(wire: patterns)
    names = wire.names
    user = wire.hasUser ? UserID(wire.user) : nil
    since = wire.hasSinceMs ? WallTime(milliseconds: wire.sinceMs) : nil
    isQueue = wire.queue
    skip = wire.skip
    before = wire.hasBefore ? JobID(wire.before) : nil
    parent = wire.hasParent ? JobID(wire.parent) : nil
    guard selectors.isEmpty || !isQueue && before == nil && parent == nil else {
      throw .invalid(
        "queue, before and parent choose among all jobs, and jobs are selected already")
    }
    guard !isQueue || names.isEmpty && states.isEmpty && !hasTasks && !hasDetail && parent == nil
    else {
      throw .invalid("the queue is asked for, and something else with it")
    }
    guard selectors.isEmpty || names.isEmpty && user == nil && since == nil else {
      throw .invalid("names, user and since choose among all jobs, and jobs are selected already")
    }
  }
}

/// A Wait that has passed the door.
package struct WaitOrder: Hashable, Sendable {
  package let selectors: [JobSelector]
  /// Over after the first end.
  package let isForAny: Bool
  /// Holds what it waits for, where that is tied.
  package let ties: Bool

  /// Decodes and checks; throws invalid-argument naming the field.
  package init(wire: WireWait) throws(Refusal) {
    selectors = try JobSelector.someList(wire: wire.selectors)
    isForAny = wire.any
    ties = wire.tie
  }
}
