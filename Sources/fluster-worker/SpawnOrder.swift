import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc

/// Why an attempt cannot even be handed to the shim.
struct StartObstacle: Error {
  let reason: StartReason
  let errno: Int32
}

/// A run of flusterd's on its way to the shim.
struct SpawnOrder {
  /// The most bytes of one argument or variable, with its zero byte (MAX_ARG_STRLEN).
  private static let stringLimit = 128 << 10
  /// PATH_MAX, with the zero byte.
  private static let pathLimit = 4096

  let run: WireRun
  let worker: String
  let socket: String
  let ownerName: String
  /// The variables of its ports and sockets.
  var addresses: [String] = []
  /// Which pieces it was given of what has numbers.
  var indices: [String: [UInt32]] = [:]
  /// Whether there are GPUs here, whoever has them.
  var hasGPUs = false
  var cpuLimit = CpuLimit.weight
  /// Where the run has none of its own.
  var processLimit: UInt64?

  /// Whether a path asks for the owner's name, which takes a look into the user database.
  static func needsOwnerName(_ run: WireRun) -> Bool {
    let launch = run.launch
    return launch.journal
      || [
        launch.hasStdin ? launch.stdin.array : [], launch.hasStdout ? launch.stdout.array : [],
        launch.hasStderr ? launch.stderr.array : [],
      ].contains { OutputPattern($0).needsOwner }
  }

  /// Everything the shim is told.
  func spawn(_ uid: [UInt8]) throws(StartObstacle) -> ShimSpawn {
    let launch = run.launch
    let argv = run.hasEntry ? launch.argv(with: run.entry.array) : launch.argv.map(\.array)
    let environment = JobEnvironment(
      run: run, worker: worker, socket: socket, addresses: addresses,
      indices: indices, hasGPUs: hasGPUs
    ).entries
    guard (argv + environment).allSatisfy({ $0.count < Self.stringLimit }) else {
      throw StartObstacle(reason: .exec, errno: E2BIG)
    }
    var spawn = ShimSpawn(
      uid: uid, owner: run.owner, argv: argv, environment: environment,
      directory: launch.directory.array)
    if launch.hasScript {
      spawn.script = run.script.array
      spawn.scriptWord = Int(launch.script.word)
    }
    spawn.umask = launch.umask
    spawn.nice = launch.nice
    spawn.cpuMillis = run.charge.cpuMillis
    switch cpuLimit {
    case .weight: break
    case .quota: spawn.cpuQuotaMillis = run.charge.cpuMillis
    case .cores: spawn.wantsProcessors = run.charge.cpuMillis % 1000 == 0
    }
    spawn.processLimit = run.hasProcessLimit ? run.processLimit : processLimit
    spawn.ioWeight = ioWeight
    spawn.memoryLimit = run.hasMemoryLimitBytes ? run.memoryLimitBytes : nil
    spawn.limits = try limits()
    if launch.hasStdin { spawn.input = try path(launch.stdin.array, .stdin) }
    if launch.hasStdout { spawn.output = try path(launch.stdout.array, .stdout) }
    if launch.hasStderr { spawn.errors = try path(launch.stderr.array, .stderr) }
    if launch.isByLine, !launch.hasStdout {
      spawn.output = .piped
      // Apart, so that an error can be told from what is none.
      if launch.journal, !launch.hasStderr { spawn.errors = .piped }
      let label = OutputLabel(run: run, worker: worker, ownerName: ownerName)
      spawn.ledger = OutputLedger.head(label)
    }
    return spawn
  }

  /// Of the disks, against other attempts; 100 is the kernel's own default.
  private var ioWeight: UInt32 {
    switch run.band {
    case .production: 200
    case .batch: 50
    case .interactive, .unspecified, .UNRECOGNIZED: 100
    }
  }

  private func limits() throws(StartObstacle) -> [ShimLimit] {
    var limits: [ShimLimit] = []
    for limit in run.launch.rlimits {
      guard let resource = ShimLimit.resource(named: limit.name), limit.soft <= limit.hard else {
        throw StartObstacle(reason: .limit, errno: EINVAL)
      }
      limits.append(ShimLimit(resource: resource, soft: limit.soft, hard: limit.hard))
    }
    return limits
  }

  private func path(
    _ pattern: [UInt8], _ reason: StartReason
  ) throws(StartObstacle) -> ShimStream {
    let path = OutputPattern(pattern).filled { letter in
      switch letter {
      case UInt8(ascii: "j"): "\(run.job)"
      case UInt8(ascii: "t"): "\(run.index)"
      case UInt8(ascii: "a"): "\(run.number)"
      case UInt8(ascii: "n"): run.name
      case UInt8(ascii: "u"): ownerName.isEmpty ? "\(run.owner)" : ownerName
      case _: nil
      }
    }
    guard path.count < Self.pathLimit else {
      throw StartObstacle(reason: reason, errno: ENAMETOOLONG)
    }
    return .path(path)
  }
}
