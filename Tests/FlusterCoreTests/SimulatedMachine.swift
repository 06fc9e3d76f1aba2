import FlusterCore

/// A machine with its worker and its shim.
struct SimulatedMachine {
  enum Registration {
    case none
    case sent
    case stands
  }

  let id: WorkerID
  let zone: AttributeValue
  var capacity: Amounts
  var boot = 1
  /// What its wall clock was set by, in milliseconds.
  var set: Int64 = 0
  var shim = SimulatedShim()

  // The worker's process; all of it goes when that dies.
  var isUp = true
  var incarnation: UInt64 = 1
  var agent: Agent
  /// What the agent asked to be woken at.
  var wake: Instant?
  /// Connected to the shim, or not yet aware that it is not any more.
  var hasShim = false
  /// The shim has told all that it holds.
  var shimIsReady = false
  var link: LinkID?
  var registration = Registration.none
  /// The life of the shim that the registration speaks of.
  var registeredShim = 0
  /// What has come of a full set that is not complete.
  var partial: Desired?
  /// Attempts for which all that is needed to start them is here, and those it was used for.
  var launches: [AttemptUID: Bool] = [:]
  var ailment: String?
  /// The worker does nothing before this.
  var frozen: Instant?

  init(id: WorkerID, zone: AttributeValue, capacity: Amounts) {
    self.id = id
    self.zone = zone
    self.capacity = capacity
    agent = Agent(capacity: capacity)
  }

  func isFrozen(at now: Instant) -> Bool { frozen.map { now < $0 } ?? false }

  var record: WorkerRecord {
    WorkerRecord(
      id: id, owner: .root, incarnation: AttemptUID(high: 0, low: incarnation), boot: "\(boot)",
      capacity: capacity, lacks: [], software: "simulated",
      attributes: [Attribute(name: "zone", value: zone)])
  }

  /// The worker's process dies; another one knows nothing of what this one did.
  mutating func loseWorker() {
    isUp = false
    incarnation += 1
    agent = Agent(capacity: capacity)
    wake = nil
    hasShim = false
    shimIsReady = false
    link = nil
    registration = .none
    partial = nil
    launches = [:]
    frozen = nil
  }
}
