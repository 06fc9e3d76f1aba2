package import FlusterCore

/// A Watch that has passed the door.
package struct WatchOrder: Hashable, Sendable {
  /// Empty: everything the other fields allow.
  package let selectors: [JobSelector]
  package let isOfAllUsers: Bool
  package let after: FeedCursor?
  /// Without a cursor: begin with the newest so many.
  package let newest: UInt32
  package let isLive: Bool
  /// Only of these workers themselves; empty: of all that is about jobs, too.
  package let workers: Set<WorkerID>

  /// Decodes and checks; throws invalid-argument naming the field.
  package init(wire: WireWatch) throws(Refusal) {
    selectors = try JobSelector.list(wire: wire.selectors)
    isOfAllUsers = wire.allUsers
    after = wire.hasAfter ? try FeedCursor(wire: wire.after) : nil
    newest = wire.newest
    isLive = wire.live
    for id in wire.workers { try Limit.text(id, to: Limit.workerID, "the id of a worker") }
    workers = Set(wire.workers.map { WorkerID($0) })
    guard workers.isEmpty || selectors.isEmpty && isOfAllUsers else {
      throw .invalid("events of workers are asked for together with those of some jobs")
    }
    guard after == nil || newest == 0 else {
      throw .invalid("a watch begins behind a cursor or with the newest events, not with both")
    }
  }
}

extension WireEvent {
  /// The entry of the feed with this number.
  package init(_ entry: FeedEntry, sequence: UInt64) {
    self.init()
    self.sequence = sequence
    atMs = entry.at.milliseconds
    kind = entry.kind.rawValue
    if let subject = entry.subject {
      job = subject.job.number
      uid = subject.owner.number
      name = subject.name
    }
    if !entry.tasks.isEmpty {
      tasks = entry.tasks.map(Tasks.init)
      step = entry.step
    }
    if let attempt = entry.attempt {
      attemptUid = .of(attempt.uid.bytes)
      self.attempt = attempt.number
    }
    if let worker = entry.worker { self.worker = worker.name }
    if let state = entry.state { self.state = WireState(state) }
    if let cause = entry.cause { self.cause = WireCause(cause) }
    if let status = entry.status { self.status = UInt32(status) }
    if let by = entry.by { self.by = by.number }
    text = entry.text
  }
}

extension WireEvent.Tasks {
  fileprivate init(_ indices: ClosedRange<UInt32>) {
    self.init()
    first = indices.lowerBound
    last = indices.upperBound
  }
}
