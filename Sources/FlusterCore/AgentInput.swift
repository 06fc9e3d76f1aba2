/// The random name of a controller's store: work of one store is not the business of another.
package struct StoreID: Hashable, Sendable, CustomStringConvertible {
  package let value: AttemptUID

  /// Reads 16 bytes; nil if there are not 16.
  package init?(bytes: some Collection<UInt8>) {
    guard let value = AttemptUID(bytes: bytes) else { return nil }
    self.value = value
  }

  /// Reads 32 hexadecimal digits; nil for anything else.
  package init?(hexadecimal text: String) {
    guard let value = AttemptUID(hex: text) else { return nil }
    self.value = value
  }

  /// 16 big-endian bytes.
  package var bytes: [UInt8] { value.bytes }

  package var description: String { value.description }
}

/// An attempt as the controller ordered it, without what only the shim needs to know.
package struct Assignment: Hashable, Sendable {
  package let uid: AttemptUID
  /// What it holds of the worker while it runs.
  package let charge: Amounts
  package let timeLimit: Span?
  /// Between TERM and KILL.
  package let grace: Span
  /// It came with all that is needed to start it. If not, it is only wanted to go on.
  package private(set) var isStartable: Bool
  /// It is to stand still once it runs.
  package let isFrozen: Bool
  /// Before the time limit.
  package let warning: Warning?
  /// Given before its turn: it starts when what was given for now leaves room, and may be taken
  /// back until then.
  package let isAhead: Bool

  /// An order as it came in.
  package init(
    uid: AttemptUID, charge: Amounts, timeLimit: Span?, grace: Span, isStartable: Bool = true,
    isFrozen: Bool = false, warning: Warning? = nil, isAhead: Bool = false
  ) {
    self.uid = uid
    self.charge = charge
    self.timeLimit = timeLimit
    self.grace = grace
    self.isStartable = isStartable
    self.isFrozen = isFrozen
    self.warning = warning
    self.isAhead = isAhead
  }

  /// The same, but not to be started here.
  package var unstartable: Assignment {
    var assignment = self
    assignment.isStartable = false
    return assignment
  }
}

/// What the controller wants: everything (`isFull`), or what changed.
package struct Desired: Hashable, Sendable {
  /// An attempt that is to end.
  package struct Stop: Hashable, Sendable {
    package let uid: AttemptUID
    /// The cause its end is to be recorded with.
    package let cause: Cause

    /// Ends `uid` for `cause`.
    package init(_ uid: AttemptUID, _ cause: Cause) {
      self.uid = uid
      self.cause = cause
    }
  }

  /// A signal to what runs of an attempt.
  package struct Signal: Hashable, Sendable {
    package let uid: AttemptUID
    package let number: UInt8

    /// Sends signal `number` to `uid`.
    package init(_ uid: AttemptUID, _ number: UInt8) {
      self.uid = uid
      self.number = number
    }
  }

  package var sequence: UInt64 = 0
  package var isFull = false
  /// A sign of life is wanted, whatever there is to tell.
  package var asks = false
  /// In the order in which they are to be started. One that is known is never started again; its
  /// limits are taken over.
  package var runs: [Assignment] = []
  package var stops: [Stop] = []
  /// Given before their turn, and taken back unless they have begun.
  package var recalls: [AttemptUID] = []
  /// Wanted, but never to be started from here.
  package var keeps: [AttemptUID] = []
  package var acknowledged: [AttemptUID] = []
  package var signals: [Signal] = []

  /// Wants nothing.
  package init() {}

  /// Adds what came after it and belongs to it.
  package mutating func append(_ next: Desired) {
    sequence = next.sequence
    isFull = isFull || next.isFull
    asks = asks || next.asks
    runs += next.runs
    stops += next.stops
    recalls += next.recalls
    keeps += next.keeps
    acknowledged += next.acknowledged
    signals += next.signals
  }
}

/// How a process ended, by the shim's word. Absent means unknown.
package struct ExitRecord: Hashable, Sendable {
  package var exitCode: UInt8?
  package var signal: UInt8?
  /// The shim that held it died; how it ended is not known.
  package var isLost = false
  /// Lost, because the worker's lease was over.
  package var isLapsed = false
  /// The kernel killed of it for want of memory.
  package var outOfMemory: Bool?
  /// Nil: it never ran.
  package var started: Moment?
  package var ended: Moment
  package var usage = Usage()

  /// An end with nothing known but when.
  package init(ended: Moment) { self.ended = ended }
}

/// What the shim tells.
package enum AgentNotice: Hashable, Sendable {
  /// It is held and has not reached its command yet; or what is left of it is being ended.
  case starting(AttemptUID)
  case started(AttemptUID, at: Moment)
  case notStarted(AttemptUID, StartReason, errno: Int32)
  case ended(AttemptUID, ExitRecord)
  /// It stands still, or goes on; after its end: for how long it did.
  case frozen(AttemptUID, FrozenTime)
  /// A process of it cannot be killed.
  case stuck(AttemptUID)
  /// Everything that the shim holds has been told since it was linked.
  case listEnd
}

/// Everything that can happen to a worker.
package enum AgentInput: Hashable, Sendable {
  /// A controller accepted the registration; its store goes by this name.
  case linked(StoreID)
  case unlinked
  /// The controller was there at this time, which may lie in the past: what it sent may have waited
  /// to be read.
  case contact(at: Instant)
  case desired(Desired)
  /// A shim is connected and was asked for its list.
  case shimLinked
  case shimUnlinked
  /// The shim has been told to end everything `leaseGrace` after this time; nil: at no time.
  case leased(until: Instant?)
  /// What it tells of an attempt comes with the store that the attempt belongs to, if it knows.
  case shim(AgentNotice, of: StoreID? = nil)
  /// The configuration gives the worker more or less.
  case resized(Amounts)
  /// An administrator has given up what is held of this store.
  case abandoned(StoreID)
  /// The time asked for by `AgentEffect.wake` has come.
  case tick
}
