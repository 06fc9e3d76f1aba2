import FlusterCore

/// A small world around an agent: a shim and a controller that keep their promises, connections and
/// processes that do not. Driven by one seed.
struct AgentWorld {
  enum Process: Equatable {
    /// Spawned, not yet executing.
    case starting
    case running(since: Moment)
    case over(ExitRecord)
  }

  struct Order {
    var run: Assignment
    var isStarted = false
    var isStopped = false
  }

  static let capacity = Amounts(cpuMillis: 4000, memoryBytes: 400)

  var random: Random
  var agent = Agent(capacity: capacity)
  var nanoseconds: Int64 = 0
  /// What the shim holds; survives every crash, as its state files do.
  var processes: [AttemptUID: Process] = [:]
  var everSpawned: Set<AttemptUID> = []
  var capacity = AgentWorld.capacity
  var shimLinked = false
  /// What the controller has open.
  var orders: [AttemptUID: Order] = [:]
  var closed: Set<AttemptUID> = []
  var controllerLinked = false
  /// Sent by the controller, not arrived yet.
  var mail: [Desired] = []
  var nextUID: UInt64 = 1
  var wake: Instant?
  var trouble: [String] = []

  init(seed: UInt64) { random = Random(seed: seed) }

  var now: Moment { AgentBench.moment(nanoseconds) }

  mutating func feed(_ input: AgentInput) {
    for effect in agent.step(input, at: now) { perform(effect) }
  }

  private mutating func perform(_ effect: AgentEffect) {
    switch effect {
    case .spawn(let uid): spawn(uid)
    case .signal(let uid, _):
      guard processes[uid] != nil else { return trouble.append("signal for unknown \(uid)") }
      if shimLinked, Bool.random(using: &random) { finish(uid) { $0.signal = 15 } }
    case .kill(let uid):
      if shimLinked, processes[uid] != nil { finish(uid) { $0.signal = 9 } }
    case .acknowledge(let uid):
      guard case .over = processes[uid] else { return trouble.append("early end of \(uid)") }
      if shimLinked { processes[uid] = nil }
    case .report(let observations, _, _):
      for observation in observations where controllerLinked { observe(observation) }
    case .wake(let at): wake = at
    case .forget, .freeze, .lease, .odd: break
    }
  }

  private mutating func spawn(_ uid: AttemptUID) {
    guard shimLinked else { return trouble.append("spawn of \(uid) without a shim") }
    guard everSpawned.insert(uid).inserted else {
      return trouble.append("second spawn of \(uid)")
    }
    processes[uid] = .starting
    var used = Amounts.none
    for (other, process) in processes {
      if case .over = process { continue }
      // What the controller has given up, as after a report that it is missing, holds nothing.
      if let order = orders[other] { used.add(order.run.charge) }
    }
    if !capacity.covers(used) { trouble.append("\(used) started on \(capacity)") }
  }

  /// The process ends, at the shim; the agent hears of it when it can.
  mutating func finish(_ uid: AttemptUID, _ edit: (inout ExitRecord) -> Void) {
    guard let process = processes[uid] else { return }
    var record = ExitRecord(ended: now)
    switch process {
    case .over: return
    case .starting: break
    case .running(let since): record.started = since
    }
    edit(&record)
    processes[uid] = .over(record)
    unheard.append(uid)
  }

  /// Ends the shim has not told yet.
  var unheard: [AttemptUID] = []

  mutating func tellEnds() {
    let ends = unheard
    unheard = []
    guard shimLinked else { return }
    for uid in ends {
      if case .over(let record) = processes[uid] { feed(.shim(.ended(uid, record))) }
    }
  }

  private mutating func observe(_ observation: Observation) {
    let uid = observation.uid
    switch observation.kind {
    case .queued, .starting, .stuck: break
    case .started:
      if orders[uid] != nil {
        orders[uid]?.isStarted = true
      } else {
        mail.append(Self.stop(uid))
      }
    case .finished, .missing:
      if orders[uid] != nil, observation.kind != .missing, !everSpawned.contains(uid) {
        trouble.append("\(uid) is said to have ended but never began")
      }
      orders[uid] = nil
      closed.insert(uid)
      var desired = Desired()
      desired.acknowledged = [uid]
      mail.append(desired)
    }
  }

  static func stop(_ uid: AttemptUID) -> Desired {
    var desired = Desired()
    desired.stops = [Desired.Stop(uid, .killed)]
    return desired
  }
}

extension AgentWorld {
  mutating func linkShim() {
    guard !shimLinked else { return }
    shimLinked = true
    feed(.shimLinked)
    unheard = []
    for uid in processes.keys.sorted() {
      switch processes[uid] {
      case nil: break
      case .starting: feed(.shim(.starting(uid)))
      case .running(let since): feed(.shim(.started(uid, at: since)))
      case .over(let record): feed(.shim(.ended(uid, record)))
      }
    }
    feed(.shim(.listEnd))
  }

  mutating func unlinkShim() {
    guard shimLinked else { return }
    shimLinked = false
    feed(.shimUnlinked)
    // What was on its way to exec gets there before the next connection, or is still on its way.
    for uid in processes.keys.sorted() where processes[uid] == .starting {
      if Bool.random(using: &random) { processes[uid] = .running(since: now) }
    }
  }

  /// Everything that ran is ended by the next shim, with its outcome unknown.
  mutating func crashShim() {
    unlinkShim()
    for uid in processes.keys.sorted() { finish(uid) { $0.isLost = true } }
  }

  mutating func linkController() {
    guard !controllerLinked else { return }
    controllerLinked = true
    mail = []
    feed(.linked(AgentBench.store))
    var full = Desired()
    full.isFull = true
    full.sequence = 1
    for uid in orders.keys.sorted() {
      guard let order = orders[uid] else { continue }
      full.runs.append(
        Assignment(
          uid: uid, charge: order.run.charge, timeLimit: order.run.timeLimit,
          grace: order.run.grace, isStartable: !order.isStarted))
      if order.isStopped { full.stops.append(Desired.Stop(uid, .killed)) }
    }
    mail.append(full)
  }

  mutating func unlinkController() {
    guard controllerLinked else { return }
    controllerLinked = false
    mail = []
    feed(.unlinked)
  }

  /// The worker's process dies and comes back with an empty memory.
  mutating func crashWorker() {
    unlinkController()
    unlinkShim()
    agent = Agent(capacity: capacity)
    wake = nil
  }
}
