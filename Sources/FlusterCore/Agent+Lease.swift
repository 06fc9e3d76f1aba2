/// A worker that does not hear of the controller for as long as its lease ends what it runs: the
/// controller does the same with what it knows of it, a moment later, and places it elsewhere.
///
/// The shim keeps the end of the lease: should the worker be gone by then it ends everything
/// itself, and the worker's next life learns from it how much is left.
extension Agent {
  /// Between TERM and KILL at most: the controller waits ten seconds beyond the lease, no more. The
  /// shim, should nobody have ended anything, does so after the same time.
  package static let leaseGrace = Span.seconds(5)
  /// What the shim knows of the end may be older than the truth by so much.
  private static let leaseSlack = Span(milliseconds: 500)

  /// What the shim has been told of the end of the lease.
  enum ToldLease: Sendable {
    /// There is no shim, or it has not said what it knows.
    case unknown
    case known(Instant?)
  }

  /// The controller was there at this time.
  mutating func contact(at time: Instant) {
    hasContact = true
    leaseEnd = lease.map { time + $0 }
    tellLease()
  }

  /// The shim says what it was told of the lease, perhaps by an earlier life of this worker. That
  /// counts until the controller is heard. If it knows of none, none was agreed upon with the
  /// controller for what runs, and one begins now.
  mutating func leased(until end: Instant?, at now: Instant) {
    toldLease = .known(end)
    if !hasContact { leaseEnd = end ?? lease.map { now + $0 } }
    tellLease()
  }

  private mutating func tellLease() {
    switch (toldLease, leaseEnd) {
    case (.unknown, _), (.known(nil), nil): return
    case (.known(let told?), let end?) where told <= end && end < told + Self.leaseSlack: return
    case (.known, _): break
    }
    toldLease = .known(leaseEnd)
    effect(.lease(until: leaseEnd))
  }

  /// Ends everything once the lease is over; what has not started never does.
  mutating func attendLease(at now: Moment) {
    guard let leaseEnd, leaseEnd <= now.monotonic else { return }
    let text = HeldAttempt.lapsed(lease)
    for attempt in inOrder {
      switch attempt.phase {
      case .queued: miss(attempt.uid, at: now)
      case .starting, .running:
        end(attempt.uid, .workerLost, text: text, within: Self.leaseGrace, at: now)
      case .ended, .notStarted, .missing: break
      }
    }
  }

  /// What ended as what we end does, and after the lease, an earlier life ended for that reason.
  mutating func recallLease(of uid: AttemptUID, at now: Moment) {
    guard !hasContact, let leaseEnd, let attempt = held[uid], attempt.ending == nil,
      case .ended(let record) = attempt.phase, record.wasTerminated,
      record.ended.monotonic >= leaseEnd
    else { return }
    held[uid]?.ending = HeldAttempt.Ending(
      cause: .workerLost, killAt: now.monotonic, text: HeldAttempt.lapsed(lease), termSent: true,
      killSent: true)
  }

  /// When the lease will be over; nil: never, it is over, or there is nothing that it would end.
  func leaseEnd(after now: Moment) -> Instant? {
    guard let leaseEnd, leaseEnd > now.monotonic else { return nil }
    let killed = leaseEnd + Self.leaseGrace
    let isNeeded = held.values.contains { attempt in
      switch attempt.phase {
      case .queued: true
      case .starting, .running: attempt.ending.map { $0.killAt > killed } ?? true
      case .ended, .notStarted, .missing: false
      }
    }
    return isNeeded ? leaseEnd : nil
  }
}

extension HeldAttempt {
  /// Why an attempt was ended with the lease.
  static func lapsed(_ lease: Span?) -> String {
    "no contact with flusterd" + (lease.map { " for \($0.milliseconds / 1000)s" } ?? "")
  }
}
