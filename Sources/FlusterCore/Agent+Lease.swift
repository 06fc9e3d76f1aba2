/// A worker that does not hear of the controller for as long as its lease ends what it runs: the
/// controller does the same with what it knows of it, a moment later, and places it elsewhere.
extension Agent {
  /// Between TERM and KILL at most: the controller waits ten seconds beyond the lease, no more.
  private static let leastMargin = Span.seconds(5)

  /// Notes a sign of life of the controller.
  mutating func hear(_ input: AgentInput, at now: Instant) {
    switch input {
    case .linked, .desired: heard = now
    case .unlinked, .shimLinked, .shimUnlinked, .shim, .resized, .abandoned, .tick:
      heard = heard ?? now
    }
  }

  /// Ends everything once the lease is over; what has not started never does.
  mutating func attendLease(at now: Moment) {
    guard let lease, let heard, heard + lease <= now.monotonic else { return }
    let text = "no contact with flusterd for \(lease.milliseconds / 1000)s"
    for attempt in inOrder {
      switch attempt.phase {
      case .queued: miss(attempt.uid, at: now)
      case .starting, .running:
        end(attempt.uid, .workerLost, text: text, within: Self.leastMargin, at: now)
      case .ended, .notStarted, .missing: break
      }
    }
  }

  /// When the lease will be over; nil: never, it is over, or there is nothing that it would end.
  func leaseEnd(after now: Moment) -> Instant? {
    guard let lease, let heard, heard + lease > now.monotonic else { return nil }
    let end = heard + lease
    let isNeeded = held.values.contains { attempt in
      switch attempt.phase {
      case .queued: true
      case .starting, .running: attempt.ending.map { $0.killAt > end + Self.leastMargin } ?? true
      case .ended, .notStarted, .missing: false
      }
    }
    return isNeeded ? end : nil
  }
}
