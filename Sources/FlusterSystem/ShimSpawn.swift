/// Where one of an attempt's three standard streams comes from or goes.
package enum ShimStream: Sendable, Hashable {
  /// /dev/null.
  case discard
  /// A log that the shim makes and keeps; output only.
  case kept
  /// A pipe that the worker reads, to write a log that the shim makes and keeps; of standard error,
  /// a pipe of its own beside that of standard output, and the same log.
  case piped
  /// Opened by the attempt itself as its owner, relative to its directory; output is appended.
  case path([UInt8])
  /// Wherever standard output goes; standard error only.
  case likeOutput
}

/// One resource limit, as in setrlimit(2).
package struct ShimLimit: Sendable, Hashable {
  /// The number of RLIMIT_NOFILE and so on.
  package let resource: UInt32
  /// 2^64 - 1 is no limit.
  package let soft: UInt64
  package let hard: UInt64

  /// Takes the numbers as they are; the shim clamps them to its own limits.
  package init(resource: UInt32, soft: UInt64, hard: UInt64) {
    self.resource = resource
    self.soft = soft
    self.hard = hard
  }

  /// The limits by their numbers on Linux: the position in the list.
  package static let names = [
    "cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks",
    "sigpending", "msgqueue", "nice", "rtprio", "rttime",
  ]

  /// The number of the limit called `name` ("nofile"); nil if there is none.
  package static func resource(named name: String) -> UInt32? {
    names.firstIndex(of: name).map { UInt32($0) }
  }
}

/// Everything the shim is told about an attempt that it starts.
package struct ShimSpawn: Sendable, Hashable {
  /// The attempt's uid, 16 bytes.
  package var uid: [UInt8]
  /// The user it becomes; group and groups are the shim's own knowledge.
  package var owner: UInt32
  /// Whose attempt it is: 16 bytes that the worker chooses, and that the shim keeps and gives back.
  package var tag = ShimWire.noTag
  /// The first is the command, looked up in the environment's PATH unless it holds a slash.
  package var argv: [[UInt8]]
  /// What the command interprets, if it does; does not cross with the rest, but in a sealed memfd
  /// of its own, which the shim passes on without looking at it.
  package var script: [UInt8] = []
  /// The word of argv that becomes the path under which all processes of the attempt find the
  /// script; not the first. Nil: there is none.
  package var scriptWord: Int?
  /// NAME=VALUE, without zero bytes; the shim adds FLUSTER_ATTEMPT_UID if it is missing.
  package var environment: [[UInt8]]
  package var directory: [UInt8]
  package var umask: UInt32 = 0o022
  /// The niceness, -20 to 19; never made better than the shim's ceiling.
  package var nice: Int32 = 0
  package var limits: [ShimLimit] = []
  /// What it is charged, in thousandths of a CPU: becomes cpu.weight.
  package var cpuMillis: UInt64 = 1000
  /// To enforce, in thousandths of a CPU (cpu.max); nil: none.
  package var cpuQuotaMillis: UInt64?
  /// Whether it is to have as many whole processors as it is charged to itself, and attempts that
  /// have none to themselves share the others (cpuset.cpus).
  package var wantsProcessors = false
  /// Its share of disks against other attempts, 1 to 10000 (io.weight).
  package var ioWeight: UInt32 = 100
  /// To enforce, in bytes (memory.max); nil: none.
  package var memoryLimit: UInt64?
  /// To enforce, in processes and threads (pids.max); nil: none.
  package var processLimit: UInt64?
  /// `discard` or `path`.
  package var input: ShimStream = .discard
  /// `discard`, `kept`, `piped` or `path`.
  package var output: ShimStream = .kept
  /// Any; `piped` only where standard output is.
  package var errors: ShimStream = .likeOutput

  /// Of a piped attempt: what the worker wants to find in front of the memory in which it notes how
  /// far it is with the pipes. The shim keeps that memory and never looks at it.
  package var ledger: [UInt8] = []

  /// An attempt with a kept log for both outputs and no limits.
  package init(
    uid: [UInt8], owner: UInt32, argv: [[UInt8]], environment: [[UInt8]], directory: [UInt8]
  ) {
    self.uid = uid
    self.owner = owner
    self.argv = argv
    self.environment = environment
    self.directory = directory
  }

  /// Whether a log is kept of standard output.
  package var keepsOutput: Bool { output == .kept || output == .piped }

  /// The descriptors that a spawn comes with: its bulk, its script and its ledger, if it has them.
  package var descriptorCount: Int {
    1 + (scriptWord == nil ? 0 : 1) + (output == .piped ? 1 : 0)
  }

  /// The name of a kept log in the log directory: `<uid>.log`, `<uid>.err`.
  package static func logName(of uid: [UInt8], errors: Bool) -> String {
    hexadecimal(uid) + (errors ? ".err" : ".log")
  }

  /// The 32 digits of an attempt uid, as they name files, cgroups and FLUSTER_ATTEMPT_UID.
  package static func hexadecimal(_ uid: [UInt8]) -> String {
    String(unsafeUninitializedCapacity: 2 * uid.count) { digits in
      for (place, byte) in uid.enumerated() {
        digits[2 * place] = digit(byte >> 4)
        digits[2 * place + 1] = digit(byte & 15)
      }
      return 2 * uid.count
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
