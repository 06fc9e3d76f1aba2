/// Who is asked for a sign of life, and who has given none: an index of one life of the controller.
///
/// While a worker has open attempts it is asked once a second. A question counts as missed only
/// when the next one is due, and the next one is due a second after the last was really asked:
/// a controller that was itself frozen for minutes finds one miss when it thaws, not hundreds.
struct Heartbeats: Sendable {
  /// Between two questions while attempts are open (Controller V0's heartbeat).
  static let interval = Span.seconds(1)
  /// Between two questions to an idle worker on another machine; a third of its lease, if that is
  /// less: what it is given then must not find the lease over.
  static let idleInterval = Span.seconds(30)
  /// So many misses in a row, and the grace, make a worker silent.
  static let tolerance: UInt32 = 3
  static let grace = Span.seconds(10)
  /// Waited beyond a lease, for clocks that do not go alike.
  static let margin = Span.seconds(10)

  private struct Pulse {
    var heard: Instant
    /// When it is to be asked next; nil: it owes no sign.
    var next: Instant?
    var isAsked = false
    var misses: UInt32 = 0
  }

  private var pulses: [WorkerID: Pulse] = [:]

  /// The next time at which somebody is to be asked, or a lease is over.
  private(set) var next: Instant?

  /// A sign of life.
  mutating func hear(_ worker: WorkerID, at now: Instant) {
    pulses[worker, default: Pulse(heard: now)].heard = now
    pulses[worker]?.isAsked = false
    pulses[worker]?.misses = 0
  }

  /// It is gone for good.
  mutating func forget(_ worker: WorkerID) { pulses[worker] = nil }

  /// It has given no sign for longer than may be.
  func isSilent(_ worker: WorkerID, at now: Instant) -> Bool {
    guard let pulse = pulses[worker] else { return false }
    return pulse.misses >= Self.tolerance && pulse.heard + Self.grace <= now
  }

  /// Whether the worker is to be asked now; counts what it missed.
  mutating func asks(_ worker: Worker, at now: Instant) -> Bool {
    var pulse = pulses[worker.record.id] ?? Pulse(heard: now)
    defer { pulses[worker.record.id] = pulse }
    guard let interval = Self.interval(for: worker) else {
      pulse.next = nil
      pulse.isAsked = false
      pulse.misses = 0
      return false
    }
    // A worker that was idle for long is asked within the second, not at the end of its old wait.
    let due = min(pulse.next ?? now, now + interval)
    guard due <= now else {
      pulse.next = due
      return false
    }
    if pulse.isAsked { pulse.misses += 1 }
    pulse.isAsked = true
    pulse.next = now + interval
    return true
  }

  /// Whether a worker without a connection has ended its attempts itself by now.
  mutating func leaseIsOver(of worker: Worker, at now: Instant) -> Bool {
    guard let over = expiry(of: worker, at: now) else { return false }
    return over <= now
  }

  /// Works out `next`; called when workers or their pulses have changed.
  mutating func plan(for workers: some Sequence<Worker>, at now: Instant) {
    next = nil
    for worker in workers { include(worker, at: now) }
  }

  /// Brings `next` nearer if this worker asks for it: something has begun there.
  mutating func include(_ worker: Worker, at now: Instant) {
    let time =
      worker.link == nil
      ? expiry(of: worker, at: now)
      : Self.interval(for: worker).map { _ in pulses[worker.record.id]?.next ?? now }
    if let time { next = min(next ?? time, time) }
  }

  /// When a worker that is away will have ended its attempts; nil for one that never does that
  /// itself, or has none.
  private mutating func expiry(of worker: Worker, at now: Instant) -> Instant? {
    guard worker.link == nil, !worker.open.isEmpty, let lease = worker.record.lease else {
      return nil
    }
    // Nobody knows what a worker heard before this life of the controller: the lease begins now.
    let pulse = pulses[worker.record.id] ?? Pulse(heard: now)
    pulses[worker.record.id] = pulse
    return pulse.heard + lease + Self.margin
  }

  private static func interval(for worker: Worker) -> Span? {
    guard worker.link != nil else { return nil }
    if !worker.open.isEmpty { return interval }
    return worker.record.lease.map { min(idleInterval, Span(milliseconds: $0.milliseconds / 3)) }
  }
}
