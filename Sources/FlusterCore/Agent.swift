import HeapModule

/// The worker's half of the conversation: a pure state machine between the controller, which says
/// what is wanted, and the shim, which holds what runs.
///
/// It keeps nothing on disk: what runs is learned from the shim's list, what is wanted from the
/// controller's full set. The same inputs give the same effects, always.
package struct Agent: Sendable {
  /// Ends are told again after so long without an acknowledgement.
  static let repeatAfter = Span.seconds(10)
  /// A start that takes longer than this is worth a report of its own.
  static let slowStart = Span.seconds(1)
  /// Between TERM and KILL for attempts whose own grace is not known.
  static let defaultGrace = Span.seconds(5)

  enum ShimLink: Sendable {
    case away
    /// Connected; its list is not complete yet.
    case listing
    case ready
  }

  enum ControllerLink: Sendable {
    case away
    /// Of another store than the attempts held here.
    case foreign
    /// Connected; its first full set has not been answered yet.
    case fresh
    case synced
  }

  /// One entry of the agenda; valid while the attempt still says so.
  struct Due: Comparable, Sendable {
    let at: Instant
    let uid: AttemptUID

    static func < (a: Due, b: Due) -> Bool { (a.at, a.uid) < (b.at, b.uid) }
  }

  package internal(set) var capacity: Amounts
  /// Everything is ended after so long without contact with the controller; nil: never.
  package var lease: Span?
  /// When the lease is over; nil: there is none.
  var leaseEnd: Instant?
  /// The controller has been heard in this life.
  var hasContact = false
  var toldLease = ToldLease.unknown
  /// The store of the controller that was linked last.
  var store: StoreID?
  var held: [AttemptUID: HeldAttempt] = [:]
  /// Waiting for resources, in the order in which they were given.
  var queue: [AttemptUID] = []
  var nextOrder: UInt64 = 0
  var shim = ShimLink.away
  var controller = ControllerLink.away
  /// What the controller said while the shim's list was not complete.
  var backlog: [Desired] = []
  /// The full set that is still to be answered.
  var unanswered: UInt64?
  /// The number of what asked for a sign of life with this step.
  var asked: UInt64?
  var news: [Observation] = []
  var agenda = Heap<Due>()
  private var effects: [AgentEffect] = []
  private var wake: Instant?
  /// The timer has gone off; even if it was early, it must be set again.
  private var wakeIsSpent = false

  /// Holds nothing and knows nobody yet.
  package init(capacity: Amounts) { self.capacity = capacity }

  /// The store, other than `offered`, that something the shim holds belongs to; nil: none.
  package func foreignStore(to offered: StoreID) -> StoreID? {
    inOrder.first { $0.phase.isWithShim && $0.store.map { $0 != offered } ?? false }?.store
  }

  /// What is held of a store, in the order in which it came.
  package func uids(of store: StoreID) -> [AttemptUID] {
    inOrder.filter { $0.store == store }.map(\.uid)
  }

  /// The store an attempt belongs to, as far as that is known.
  package func store(of uid: AttemptUID) -> StoreID? { held[uid]?.store }

  /// The linked controller has another store than something that is held here.
  package var isForeign: Bool { controller == .foreign }

  /// Something is to end everything at some time.
  package var hasLease: Bool { leaseEnd != nil }

  /// No attempt is known here, running or ended.
  package var holdsNothing: Bool { held.isEmpty && backlog.isEmpty }

  /// So many attempts are starting or running.
  package var activeCount: Int { held.values.count { $0.phase.isActive } }

  /// The attempt's process exists, or is being made.
  package func isActive(_ uid: AttemptUID) -> Bool { held[uid]?.phase.isActive ?? false }

  /// It is among what is held, in whatever state.
  package func holds(_ uid: AttemptUID) -> Bool { held[uid] != nil }

  /// It is to start, or about to.
  package func isComing(_ uid: AttemptUID) -> Bool {
    switch held[uid]?.phase {
    case .queued, .starting: true
    case nil, .running, .ended, .notStarted, .missing: false
    }
  }

  /// Everything that is held.
  package var heldUIDs: Set<AttemptUID> { Set(held.keys) }

  /// Takes in one thing that happened.
  package mutating func step(_ input: AgentInput, at now: Moment) -> [AgentEffect] {
    switch input {
    case .linked(let store): link(to: store)
    case .unlinked: unlink()
    case .desired(let desired): receive(desired)
    case .contact(let time): contact(at: time)
    case .leased(let end): leased(until: end, at: now.monotonic)
    case .shimLinked: shimLinked(at: now)
    case .shimUnlinked: shimUnlinked(at: now)
    case .shim(let notice, of: let store): hear(notice, of: store, at: now)
    case .resized(let capacity): resize(to: capacity, at: now)
    case .abandoned(let store): abandon(store, at: now)
    case .tick: wakeIsSpent = true
    }
    if shim == .ready { followBacklog(at: now) }
    attendLease(at: now)
    attendDue(at: now)
    startNext(at: now)
    report(at: now)
    let next = [nextDue(), leaseEnd(after: now)].compactMap(\.self).min()
    if next != wake || wakeIsSpent {
      wake = next
      wakeIsSpent = false
      effect(.wake(at: next))
    }
    defer { effects = [] }
    return effects
  }

  /// Asks the shell for something.
  mutating func effect(_ effect: AgentEffect) { effects.append(effect) }

  /// Begins to hold an attempt of `store`.
  mutating func hold(
    _ uid: AttemptUID, _ phase: HeldAttempt.Phase, _ assignment: Assignment?, of store: StoreID?
  ) {
    held[uid] = HeldAttempt(
      uid: uid, order: nextOrder, phase: phase, assignment: assignment, store: store)
    nextOrder += 1
  }

  /// Nothing more can come of the attempt.
  mutating func forget(_ uid: AttemptUID) {
    held[uid] = nil
    queue.removeAll { $0 == uid }
    effect(.forget(uid))
  }

  /// What is held, in the order in which it came.
  var inOrder: [HeldAttempt] { held.values.sorted { $0.order < $1.order } }
}
