import FlusterCore
import FlusterProtocol
import FlusterSystem
import FlusterSystemd
import Logging

/// The worker: the agent's senses and hands. Everything runs on the loop's thread; what is decided
/// is decided by the agent, what must survive is with the shim and flusterd.
final class Worker {
  /// So long flusterd is not told of what may wait: most attempts that are over by then cost one
  /// message and one transaction, and not two, and those of a short array share them.
  private static let patience: Int64 = 10_000_000

  /// What is known of an attempt beside what the agent needs.
  struct Facts {
    /// All that is needed to start it; nil once that was handed to the shim.
    var run: WireRun?
    /// It is with nobody: it starts when its owner's name is known.
    var awaitsName = false
    /// Its log may occupy so many bytes.
    var logLimit: UInt64
    /// What it names of the machine: should it not start, the report tells what that was about.
    var subjects = WireLaunch()
    /// Why it could not even be handed to the shim.
    var obstacle: String?
  }

  let loop: EventLoop
  let log: Logger
  let places: WorkerPlaces
  var settings: Settings
  let identity: Identity
  var agent: Agent
  var facts: [AttemptUID: Facts] = [:]
  /// What tells of the pressure on memory, looked at for all that comes.
  let pressure = MemoryPressure.source()
  let logs: KeptLogs
  let output: JobOutput
  /// Attempts that have ended, and whose output is still being written: nobody is told before.
  var draining: [[UInt8]: (tag: [UInt8], record: ShimRecord)] = [:]
  /// The shim's list is complete but for those.
  var listIsComplete = false
  let owners: OwnerNames
  var addresses: Addresses
  var indices: Indices

  var shim: ShimLink?
  /// The shim has told all that it holds.
  var shimIsReady = false
  var shimRetry: Reconnecting?

  var controller: ControllerLink?
  /// The store of the controller that said hello on this connection.
  var store: StoreID?
  /// Of the shim that the standing registration speaks of.
  var registered: ShimHello?
  /// The beginning of a Desired that is not complete yet.
  var partial: Desired?
  var hasEverRegistered = false
  var firstRefusal: Int64?
  var controllerRetry: Reconnecting?
  /// The controller goes for good, and so do we once nothing is held.
  var isLeaving = false

  /// Flusterd has accepted the registration.
  var isRegistered = false
  /// Why no new work is wanted.
  var ailments = Ailments()
  var fitnessTimer: Timer?
  /// Said once until it changes: what a retried step last failed with.
  var complaints: [String: String] = [:]
  /// News of this turn, and earlier ones that may wait, sent as one message.
  var news: [Observation] = []
  /// The newest Desired of this turn that asked for a sign of life; 0: none did.
  private var question: UInt64 = 0
  private var alarm: Timer?
  /// Set while it has to go off.
  private var newsTimer: (timer: Timer, isSet: Bool)?

  /// A worker that has not looked around yet.
  init(
    loop: EventLoop, log: Logger, places: WorkerPlaces, settings: Settings, identity: Identity
  ) throws(SystemError) {
    self.loop = loop
    self.log = log
    self.places = places
    self.settings = settings
    self.identity = identity
    agent = Agent(capacity: settings.capacity)
    agent.lease = settings.lease
    logs = try KeptLogs(loop: loop, directory: places.log, log: log)
    output = try JobOutput(loop: loop, log: log)
    owners = try OwnerNames(loop: loop)
    addresses = Addresses(
      runtime: places.runtime, worker: settings.id, ports: settings.ports, log: log)
    indices = Indices(
      runtime: places.runtime, worker: settings.id, all: settings.indices, log: log)
  }

  /// Starts to look for the shim; flusterd follows once the shim has told what it holds.
  func begin() throws(SystemError) {
    alarm = try loop.timer { [unowned self] in
      step(.tick)
      finishTurn()
    }
    fitnessTimer = try loop.timer { [unowned self] in checkFitness() }
    let timer = try loop.timer { [unowned self] in
      newsTimer?.isSet = false
      sendNews()
      controller?.flush()
    }
    newsTimer = (timer, false)
    logs.onLook = { [unowned self] in checkFitness() }
    shimRetry = try Reconnecting(loop) { [unowned self] in connectShim() }
    controllerRetry = try Reconnecting(loop) { [unowned self] in connectController() }
    output.onFinish = { [unowned self] uid in drained(uid) }
    owners.onName = { [unowned self] uid in
      spawnWaiting(for: uid)
      finishTurn()
    }
    Notify.ready(status: "looking for the shim")
    connectShim()
  }

  var now: Moment {
    Moment(
      monotonic: Instant(nanoseconds: Clock.monotonicNanoseconds()),
      wall: WallTime(milliseconds: Clock.wallMilliseconds()))
  }

  /// Tells the agent, and does what it wants done.
  func step(_ input: AgentInput) {
    for effect in agent.step(input, at: now) { perform(effect) }
  }

  private func perform(_ effect: AgentEffect) {
    switch effect {
    case .spawn(let uid): spawn(uid)
    case .signal(let uid, let number):
      shim?.send(.signal(uid: uid.bytes, number: Int32(number)))
    case .freeze(let uid, let isFrozen): shim?.send(.freeze(uid: uid.bytes, isFrozen))
    case .kill(let uid): kill(uid)
    case .acknowledge(let uid): shim?.send(.acknowledge(uid: uid.bytes))
    case .lease(let end): tell(lease: end)
    case .forget(let uid): facts[uid] = nil
    case .report(let observations, let sequence, full: true):
      sendNews()
      send(observations, sequence: sequence, isFull: true)
    case .report(let observations, let sequence, full: false):
      news += observations
      question = max(question, sequence)
    case .wake(let time?): alarm?.set(at: time.nanoseconds)
    case .wake(nil): alarm?.disarm()
    case .odd(let oddity): log.warning("\(oddity)")
    }
  }

  /// After whatever happened: tells the controller what there is to tell.
  func finishTurn() {
    if agent.isForeign { dropController("attempts of another store have turned up") }
    registerIfReconciled()
    if question > 0 || !agent.mayWait(news) {
      sendNews()
    } else if !news.isEmpty, newsTimer?.isSet == false {
      newsTimer?.isSet = true
      newsTimer?.timer.set(at: Clock.monotonicNanoseconds() + Self.patience)
    }
    controller?.flush()
    logs.watch()
    if isLeaving, agent.holdsNothing, news.isEmpty {
      shim?.send(.quit)
      exit(ExitStatus.done)
    }
  }

  private func sendNews() {
    guard question > 0 || !news.isEmpty else { return }
    send(news, sequence: question, isFull: false)
    news = []
    question = 0
  }

  private func send(_ observations: [Observation], sequence: UInt64, isFull: Bool) {
    var observed = WireObserved()
    observed.sequence = sequence
    observed.full = isFull
    observed.observations = observations.map { WireObservation(described($0)) }
    controller?.send(WireEnvelope(request: 0, .observed(observed)))
  }

  /// Says what keeps us from something, unless it has been said.
  func complain(_ what: String, _ reason: String) {
    guard complaints[what] != reason else { return }
    complaints[what] = reason
    log.warning("\(what): \(reason)")
  }

  /// Leaves the loop with this status.
  func exit(_ status: Int32) {
    Notify.stopping()
    loop.exit(status)
  }

  /// Reads the configuration again; a file that is refused changes nothing.
  func reload(_ options: Options) {
    Notify.reloading()
    do {
      let new = try Settings(options, path: places.configuration)
      let isKnownDifferently =
        new.id != settings.id || new.attributes != settings.attributes
        || new.lease != settings.lease || new.cpuLimit != settings.cpuLimit
      let hasChanged = isKnownDifferently || new.capacity != settings.capacity
      if new.id != settings.id { log.warning("the id changes only with a restart") }
      let id = settings.id
      settings = new
      settings.id = id
      agent.lease = settings.lease
      addresses.ports = settings.ports
      indices.all = settings.indices
      checkFitness()
      step(.resized(settings.capacity))
      log.info("read the configuration again")
      // A registration says it all, so a new one says what is new.
      if hasChanged { dropController("the configuration has changed") }
      finishTurn()
    } catch {
      log.error("the configuration is left as it was: \(StartFailure(of: error).message)")
    }
    Notify.ready(status: "configuration read again")
  }
}
