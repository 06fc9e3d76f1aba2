import FlusterSystem
import FlusterSystemd

/// The process an attempt was started as. Until it is reaped, which comes last, its number is also
/// that of its session and process group and of nothing else.
struct Leader {
  let pid: Int32
  let pidfd: Descriptor
  let ticks: UInt64
  /// CLOCK_MONOTONIC.
  let nanoseconds: Int64
  /// Milliseconds since 1970.
  let wall: Int64
}

/// Everything of an attempt being killed, again and again until nothing is left.
struct Sweep {
  /// After this long something that is still alive is told to be stuck.
  static let patience: Int64 = 30_000_000_000

  let since: Int64
  var rounds = 0
  var isToldStuck = false

  /// When to look again: soon at first, for most processes die at once.
  func next(after now: Int64) -> Int64 {
    if isToldStuck { return now + 1_000_000_000 }
    return now + min(1_000_000 << Int64(min(rounds, 7)), 100_000_000)
  }
}

/// Why an attempt did not start: a number of `StartReason` and an errno.
struct StartFailure {
  let reason: UInt8
  let errno: Int32
}

/// An attempt that the shim holds: from the request to the acknowledgement of its end.
struct Attempt {
  enum Phase {
    /// Its owner's groups are being looked up; nothing has been made yet.
    case resolving
    /// On its way from clone to exec.
    case starting
    case running
    /// Left over by an earlier shim.
    case remains
    /// `notStarted` or `ended`, kept until it is acknowledged.
    case over(ShimNotice)
  }

  /// How long it may take from clone to exec.
  static let startLimit: Int64 = 30_000_000_000

  let uid: [UInt8]
  let owner: UInt32
  /// Whose it is, in the worker's words.
  let tag: [UInt8]
  var phase: Phase
  var keepsOutput = false
  var keepsErrors = false

  var file: AttemptFile?
  var cgroup: ControlGroup?
  /// Those that it has to itself.
  var processors: ProcessorSet?
  /// The kept logs, open for as long as the attempt is.
  var output: Descriptor?
  var errors: Descriptor?
  /// Of an attempt whose output the worker reads; they stay, as its log does, until its end is
  /// acknowledged, for something may stand in them.
  var pipes: OutputPipes?

  var leader: Leader?
  var marks: Marks
  /// When the leader died, of both clocks; it is not reaped yet.
  var death: (nanoseconds: Int64, wall: Int64)?
  var failure: StartFailure?
  /// The shim that held it died, or is about to.
  var isLost = false
  /// Lost, because the worker's lease was over.
  var isLapsed = false
  /// When an earlier shim started it.
  var former: (nanoseconds: Int64, wall: Int64)?
  /// Whether anything of it can be alive.
  var isOfThisBoot = true
  var sweep: Sweep?
  /// For how long it stood still before `since`, and since when it does; of CLOCK_MONOTONIC.
  var frozen: (total: Int64, since: Int64?) = (0, nil)
  /// When something is to be done if nothing happens.
  var deadline: Int64?

  var status: (descriptor: Descriptor, source: Source)?
  var watch: Source?

  /// It has no log: what stands at its place is not from us.
  var neverStarted: Bool {
    switch phase {
    case .over(.notStarted): true
    case .over, .resolving, .starting, .running, .remains: false
    }
  }

  /// An attempt that has been asked for.
  init(_ spawn: ShimSpawn) {
    uid = spawn.uid
    owner = spawn.owner
    tag = spawn.tag
    phase = .resolving
    keepsOutput = spawn.keepsOutput
    keepsErrors = spawn.errors == .kept
    marks = Marks(
      leader: 0, ticks: 0, owner: spawn.owner, variable: Marks.variable(of: spawn.uid),
      isFormer: false)
  }

  /// An attempt that an earlier shim left behind, as its file tells.
  init(uid: [UInt8], entries: [ShimEntry], bootID: [UInt8]) {
    var intent: ShimIntent?
    var start: (pid: Int32, ticks: UInt64)?
    var tag = ShimWire.noTag
    var end: ShimNotice?
    for entry in entries {
      switch entry {
      case .intent(let found):
        intent = found
        tag = found.tag
      case .started(let pid, let ticks, let nanoseconds, let wall):
        start = (pid, ticks)
        former = (nanoseconds, wall)
      case .notStarted(let reason, let errno):
        end = .notStarted(uid: uid, tag: tag, reason: reason, errno: errno)
      case .ended(let record): end = .ended(uid: uid, tag: tag, record)
      }
    }
    self.uid = uid
    self.tag = tag
    phase = end.map(Phase.over) ?? .remains
    owner = intent?.owner ?? UInt32.max
    keepsOutput = intent?.keepsOutput ?? false
    keepsErrors = intent?.keepsErrors ?? false
    marks = Marks(
      leader: start?.pid ?? 0, ticks: start?.ticks ?? 0, owner: owner,
      variable: Marks.variable(of: uid), isFormer: true)
    isLost = true
    isOfThisBoot = intent.map { $0.bootID == bootID } ?? true
    if let path = intent?.cgroup, !path.isEmpty { cgroup = ControlGroup(path: path) }
  }

  /// The end is known; it waits for its acknowledgement.
  var isOver: Bool {
    if case .over = phase { true } else { false }
  }

  /// It is at its command.
  var isRunning: Bool {
    if case .running = phase { true } else { false }
  }

  /// What is told of its start.
  var started: ShimStarted? {
    leader.map {
      ShimStarted(
        uid: uid, tag: tag, pid: $0.pid, startedNanoseconds: $0.nanoseconds, startedWall: $0.wall,
        cgroup: cgroup?.path ?? "")
    }
  }
}
