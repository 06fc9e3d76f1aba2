import FlusterCore

/// A worker on the bench: an agent, a clock that only moves when told, and everything it did.
struct AgentBench {
  static let store = store(1)
  static let slot = Amounts(cpuMillis: 1000, memoryBytes: 100)

  var agent: Agent
  var nanoseconds: Int64 = 100_000_000_000
  var effects: [AgentEffect] = []

  /// Four slots; linked to both sides, with nothing held, unless told otherwise.
  init(slots: UInt64 = 4, connected: Bool = true) {
    agent = Agent(capacity: Amounts(cpuMillis: 1000 * slots, memoryBytes: 100 * slots))
    guard connected else { return }
    listShim([])
    linkController()
    effects = []
  }

  static func store(_ number: UInt64) -> StoreID {
    guard let store = StoreID(bytes: uid(number).bytes) else { preconditionFailure("16 bytes") }
    return store
  }

  static func uid(_ number: UInt64) -> AttemptUID { AttemptUID(high: 7, low: number) }

  static func run(
    _ number: UInt64, limit: UInt64? = nil, grace: UInt64 = 5, startable: Bool = true,
    charge: Amounts = slot, frozen: Bool = false, warning: Warning? = nil, ahead: Bool = false
  ) -> Assignment {
    Assignment(
      uid: uid(number), charge: charge, timeLimit: limit.map(Span.seconds),
      grace: .seconds(grace), isStartable: startable, isFrozen: frozen,
      warning: warning, isAhead: ahead)
  }

  /// So many seconds on the clock, which begins at 100.
  func moment(_ seconds: Double) -> Moment { Self.moment(Int64(seconds * 1e9)) }

  static func moment(_ nanoseconds: Int64) -> Moment {
    Moment(
      monotonic: Instant(nanoseconds: nanoseconds),
      wall: WallTime(milliseconds: 1_000_000_000 + nanoseconds / 1_000_000))
  }

  var seconds: Double { Double(nanoseconds) / 1e9 }

  var now: Moment { Self.moment(nanoseconds) }

  /// Feeds one input; what it gives is also kept in `effects`.
  @discardableResult
  mutating func step(_ input: AgentInput) -> [AgentEffect] {
    let new = agent.step(input, at: now)
    effects += new
    return new
  }

  @discardableResult
  mutating func desired(_ edit: (inout Desired) -> Void) -> [AgentEffect] {
    var desired = Desired()
    edit(&desired)
    return step(.desired(desired))
  }

  @discardableResult
  mutating func run(_ runs: Assignment...) -> [AgentEffect] {
    desired { $0.runs = runs }
  }

  @discardableResult
  mutating func stop(_ number: UInt64, _ cause: Cause = .killed) -> [AgentEffect] {
    desired { $0.stops = [Desired.Stop(Self.uid(number), cause)] }
  }

  @discardableResult
  mutating func linkController(
    _ store: StoreID = store, sequence: UInt64 = 1, _ edit: (inout Desired) -> Void = { _ in }
  ) -> [AgentEffect] {
    step(.linked(store))
    return desired {
      $0.isFull = true
      $0.sequence = sequence
      edit(&$0)
    }
  }

  @discardableResult
  mutating func listShim(_ notices: [AgentNotice]) -> [AgentEffect] {
    var new = step(.shimLinked)
    for notice in notices { new += step(.shim(notice)) }
    return new + step(.shim(.listEnd))
  }

  @discardableResult
  mutating func started(_ number: UInt64) -> [AgentEffect] {
    step(.shim(.started(Self.uid(number), at: now)))
  }

  @discardableResult
  mutating func ended(
    _ number: UInt64, started: Double? = nil, _ edit: (inout ExitRecord) -> Void = { _ in }
  ) -> [AgentEffect] {
    var record = ExitRecord(ended: now)
    record.started = started.map(moment)
    edit(&record)
    return step(.shim(.ended(Self.uid(number), record)))
  }

  /// Moves the clock, ticking whenever the agent asked for it.
  @discardableResult
  mutating func wait(_ span: Double) -> [AgentEffect] {
    let until = nanoseconds + Int64(span * 1e9)
    var new: [AgentEffect] = []
    while let wake, wake.nanoseconds <= until {
      nanoseconds = max(nanoseconds, wake.nanoseconds)
      new += step(.tick)
    }
    nanoseconds = until
    return new
  }

  /// The time the agent last asked to be woken at.
  var wake: Instant? {
    for case .wake(let at) in effects.reversed() { return at }
    return nil
  }
}

extension [AgentEffect] {
  var spawned: [UInt64] { compactMap { if case .spawn(let uid) = $0 { uid.low } else { nil } } }

  /// What is to stand still, and to go on.
  var freezes: [Bool] { compactMap { if case .freeze(_, let frozen) = $0 { frozen } else { nil } } }

  /// What a process is told: signals, and 9 for a kill.
  var signals: [UInt8] {
    compactMap {
      switch $0 {
      case .signal(_, let number): number
      case .kill: 9
      default: nil
      }
    }
  }

  var reports: [Observation] {
    flatMap { (effect: AgentEffect) -> [Observation] in
      if case .report(let sights, _, _) = effect { sights } else { [] }
    }
  }

  var fullReports: [[Observation]] {
    compactMap { if case .report(let sights, _, true) = $0 { sights } else { nil } }
  }

  var outcomes: [Outcome] {
    reports.compactMap { if case .finished(let outcome) = $0.kind { outcome } else { nil } }
  }

  var missing: [UInt64] { reports.filter { $0.kind == .missing }.map(\.uid.low) }
}
