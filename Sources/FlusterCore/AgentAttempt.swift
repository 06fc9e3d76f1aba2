/// One attempt in the worker's hands.
struct HeldAttempt: Hashable, Sendable {
  /// queued -> starting -> running -> ended, with the short cuts the cases name.
  enum Phase: Hashable, Sendable {
    /// Waits for its turn; becomes starting, or missing when stopped.
    case queued(at: WallTime)
    /// With the shim; becomes running, notStarted, ended, or missing if the shim lost it.
    case starting(since: Moment, told: Bool)
    /// Becomes ended, or missing if the shim lost it.
    case running(since: Moment)
    case ended(ExitRecord)
    case notStarted(StartReason, errno: Int32, at: WallTime)
    /// Unknown here, or stopped before it began.
    case missing(at: WallTime)

    /// It holds its charge of the worker.
    var isActive: Bool {
      switch self {
      case .starting, .running: true
      case .queued, .ended, .notStarted, .missing: false
      }
    }

    /// The shim holds it, or its end.
    var isWithShim: Bool {
      switch self {
      case .starting, .running, .ended, .notStarted: true
      case .queued, .missing: false
      }
    }

    /// Nothing is left of it but its report.
    var isOver: Bool {
      switch self {
      case .ended, .notStarted, .missing: true
      case .queued, .starting, .running: false
      }
    }
  }

  /// An end that we brought about.
  struct Ending: Hashable, Sendable {
    let cause: Cause
    var killAt: Instant
    /// One sentence, often empty.
    let text: String
    var termSent = false
    var killSent = false
  }

  let uid: AttemptUID
  /// The store it belongs to; nil: not known.
  let store: StoreID?
  /// Its place in the order of arrival.
  let order: UInt64
  var phase: Phase
  /// Given before its turn.
  let isAhead: Bool
  /// Nil: adopted from the shim, and not spoken of by the controller yet.
  var assignment: Assignment?
  var ending: Ending?
  /// Its end was brought about, if at all, by an earlier life of the worker.
  var isInherited = false
  var isStuck = false
  var frozen = FrozenTime.none
  /// It has been warned of its time limit.
  var isWarned = false
  /// What the shim was told on this connection; nil: nothing.
  var toldFreeze: Bool?
  /// Nobody will ask how it ended.
  var isAbandoned = false
  /// The shim's present list has named it.
  var isListed = true
  /// When its end was last reported on the present link.
  var reported: Instant?
  /// When it wants to be attended to.
  var due: Instant?

  /// It runs, and has run for as long as this.
  func isOver(_ limit: Span?, at now: Moment) -> Bool {
    guard let limit, case .running(let since) = phase, !frozen.isFrozen else { return false }
    return now.monotonic >= end(of: limit, since: since.monotonic, at: now.monotonic)
  }

  /// When a limit that counts from `since` ends, if it does not stand still any more.
  func end(of limit: Span, since: Instant, at now: Instant) -> Instant {
    Instant(nanoseconds: (since + limit).nanoseconds + frozen.nanoseconds(until: now))
  }

  init(
    uid: AttemptUID, order: UInt64, phase: Phase, assignment: Assignment?, store: StoreID?
  ) {
    self.uid = uid
    self.store = store
    self.order = order
    self.phase = phase
    isAhead = assignment?.isAhead ?? false
    self.assignment = assignment
  }
}
