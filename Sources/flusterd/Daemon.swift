import FlusterCore
import FlusterProtocol
import FlusterStore
import FlusterSystem
import FlusterSystemd
import Logging

/// The shell around the core: one thread, one loop. Sources fill the inbox, a turn empties it into
/// the core, and what the core asks for is done when the disk has the facts (Turn, Release).
final class Daemon {
  /// Sources that let finished commits out go before new work, and turns after it.
  static let urgent: Int64 = -10
  static let late: Int64 = 10

  let options: Start.Choices
  let loop: EventLoop
  let log: Logger
  /// Where events are told; nil where standard error does not lead to the journal.
  let journal = Logs.leadsToJournal ? EventJournal() : nil
  let clients: Clients
  let storage: Storage
  /// Nil: it decides, and keeps the store.
  var examined: Examined?
  var settings: Settings
  var listeners: [Listener] = []
  /// When this life of the daemon began.
  let begun = Instant(nanoseconds: Clock.monotonicNanoseconds())

  var controller: Controller
  var live: LiveJobs
  var newest: [UserID: JobID] = [:]
  /// Tasks that wait, of all jobs.
  var pendingTasks: UInt64
  var stored = StoredBytes()
  var launches = LaunchCache()
  var entryLists = EntryLists()
  /// That of the job which is being submitted.
  var submittedEntries: EntryFile?
  var links: [LinkID: WorkerLink] = [:]
  var desires: [LinkID: Desire] = [:]
  /// Of workers that registered with this process, connected or not.
  var liveness: [WorkerID: Liveness] = [:]
  /// The addresses of gangs that are being told to workers.
  var gangs: [JobID: [String]] = [:]

  var inbox = Inbox()
  var turn = OpenTurn()
  var releases = Releases()
  var requests = Requests()
  var waits = Waits()
  var resolving: [RequestID: Resolving] = [:]
  var ties = Ties()
  var followers: [RequestID: Follower] = [:]
  /// Users for whose followers the store is being asked.
  var readingFeed: Set<UserID> = []
  var listings: [RequestID: Listing] = [:]
  var endpointListings: [RequestID: EndpointListing] = [:]
  var userListings: [RequestID: UserListing] = [:]
  var queueListings: [RequestID: QueueListing] = [:]
  var workerListings: [RequestID: WorkerListing] = [:]
  /// ReadHistorys that are being added up.
  var pastWork: Set<RequestID> = []
  var relays: [RequestID: LogRelay] = [:]
  /// Why jobs of a requirement wait, for one slice of listings.
  var reasons: [Wish: PendingReason] = [:]
  /// The same for the tasks of a job.
  var jobReasons: [JobID: PendingReason] = [:]
  /// The listing that was served last.
  var lastListed: UInt64 = 0
  var logWaits: [RequestID: LogWait] = [:]
  var trouble: Trouble?
  var ending = Ending.no
  private var lastRequest: UInt64 = 0

  var turnSource: Deferred?
  var wakeTimer: Timer?
  var probeTimer: Timer?
  var idleTimer: Timer?
  var statusTimer: Timer?
  var tieTimer: Timer?
  var isStatusDue = false
  var shownStatus = ""
  var reloading: Reloading?
  var reloadWakeup: Wakeup?
  var isWatchingIdle = false
  /// When the store was last told to forget, in wall-clock milliseconds.
  var lastPruned: Int64 = 0

  init(
    _ options: Start.Choices, loop: EventLoop, log: Logger, clients: Clients, storage: Storage,
    settings: Settings, restored: Restored, examined: Examined? = nil
  ) {
    self.options = options
    self.loop = loop
    self.log = log
    self.clients = clients
    self.storage = storage
    self.settings = settings
    self.examined = examined
    controller =
      if let examined {
        Controller(
          examining: restored, at: Moment(monotonic: examined.read, wall: examined.now))
      } else {
        Controller(restored: restored, random: Daemon.freshRandom())
      }
    settings.instruct(&controller)
    live = LiveJobs(controller.state)
    pendingTasks = controller.state.pendingTasks
  }

  /// Attempt uids must differ in every life of the daemon, so every core gets its own seed.
  static func freshRandom() -> Random {
    Random(seed: (Entropy.word(), Entropy.word(), Entropy.word(), Entropy.word() | 1))
  }

  /// Both clocks, now; of a store that is only looked at, when something last happened in it.
  var now: Moment {
    Moment(
      monotonic: Instant(nanoseconds: Clock.monotonicNanoseconds()),
      wall: examined?.now ?? WallTime(milliseconds: Clock.wallMilliseconds()))
  }

  var admission: Admission {
    Admission(instance: options.places.instance, own: options.own, settings: settings)
  }

  /// A request under a number of our own, which came in so many bytes.
  func request(
    _ number: UInt64, on connection: ConnectionID, _ peer: Peer, size: Int = 0
  ) -> Request {
    Request(
      id: ownRequest(), connection: connection, number: number, peer: peer, size: size,
      kind: .read)
  }

  /// A number for what the daemon itself asks of the core; nobody waits for the answer.
  func ownRequest() -> RequestID {
    lastRequest += 1
    return RequestID(lastRequest)
  }

  /// Remembers a request whose answer comes later.
  func keep(_ request: Request, as kind: Request.Kind) {
    var kept = request
    kept.kind = kind
    requests.insert(kept)
  }

  /// Answers a request at once; for what rests on no fact.
  func refuse(_ request: Request, _ refusal: Refusal) {
    requests.remove(request.id)
    clients.send(WireEnvelope(request: request.number, refusal), to: request.connection)
  }

  /// Answers a request with what was true when it was asked, once that is durable.
  func answer(_ request: Request, _ body: WireEnvelope.OneOf_Body) {
    turn.consequences.append(
      .answer(request.connection, WireEnvelope(request: request.number, body)))
  }
}

extension Daemon {
  /// Opens the doors.
  func begin() throws {
    wakeTimer = try loop.timer { [unowned self] in receive(.wake) }
    tieTimer = try loop.timer { [unowned self] in receive(.wake) }
    probeTimer = try loop.timer { [unowned self] in probe() }
    idleTimer = try loop.timer(priority: Daemon.late) { [unowned self] in exitIdle() }
    statusTimer = try loop.timer(priority: Daemon.late) { [unowned self] in refreshStatus() }
    let wakeup = try Wakeup()
    reloadWakeup = wakeup
    _ = try loop.watch(wakeup.descriptor, for: .readable) { [unowned self] _ in
      wakeup.drain()
      finishReload()
    }
    try loop.enableWatchdog()
    storage.onProgress = { [unowned self] in followWriter() }
    try beginServing()
    expectHolders()
    receive(.wake)
    if let next = controller.nextWake { wake(at: next) }
    showReady()
    log.info("serving; \(statusLine)")
  }

  /// Lets in who connects, and takes turns at what they ask.
  func beginServing() throws {
    turnSource = try loop.deferred(priority: Daemon.late) { [unowned self] in runTurn() }
    clients.deliver = { [unowned self] in receive($0) }
    clients.settled = { [unowned self] in runTurnIfDue() }
    clients.greeting = try WireEnvelope(request: 0, .hello(hello)).frame()
    for listener in listeners { try listener.start() }
    try resumeWhenRead()
  }

  private var hello: WireHello {
    var hello = WireHello(role: .controller)
    hello.store = .of(storage.id)
    hello.instance = options.places.instance.name
    return hello
  }

  /// Closes the store, and takes away the sockets that are our own.
  func finish() {
    storage.stop()
    for (door, path) in [(Door.control, options.controlSocket), (.worker, options.workerSocket)]
    where options.passed[door] == nil {
      _ = try? Files.remove(path)
    }
  }
}

extension State {
  /// Tasks that wait, counted; for the beginning only, after that the events tell.
  var pendingTasks: UInt64 {
    jobs.reduce(0) { $0 + UInt64($1.progress.counts.pending) }
  }
}

extension Places.Instance {
  /// As it stands on the wire.
  var name: String { self == .system ? "system" : "user" }
}
