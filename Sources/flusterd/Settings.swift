import FlusterCore
import FlusterStore
import FlusterSystem

/// What fluster.conf(5) says in its section [Controller], resolved: numbers instead of names.
struct Settings: Sendable {
  /// Sections and keys that may stand in the file; the worker reads the same one.
  static let sections: [String: Set<String>] = [
    "Controller": [
      "IdleExitSec", "AllowUsers", "AllowGroups", "Visibility", "SocketMode", "WorkerUsers",
      "PersonalWorkers", "ExpectedWorkers", "MaxLiveTasks", "MaxStoredBytes", "KeepEnded",
      "KeepEvents", "Unenforced",
    ],
    "Worker": [
      "Id", "Cpus", "Memory", "Resource", "Attribute", "Address", "KeepLogs", "EndStore", "Lease",
      "Ports", "MemoryPressure", "CpuLimit", "Pids",
    ],
  ]

  /// How long nothing must be left to do before a socket-activated daemon exits.
  var idleExit = Span.seconds(60)
  /// Who may submit in the system instance; nil: whoever is in `allowGroups`, or everybody.
  var allowUsers: Set<UserID>?
  var allowGroups: Set<UInt32>?
  /// The gid of fluster-admin, where there is such a group.
  var administrators: UInt32?
  /// Who may connect a worker to the system instance, beside root.
  var workerUsers: Set<UserID> = []
  /// Whether others may connect one that is given their own jobs only.
  var allowsPersonalWorkers = false
  /// Workers that will come.
  var expectedWorkers: [ExpectedWorker] = []
  /// Whether listings show the jobs of others to everybody.
  var othersAreVisible = false
  /// The mode of control.sock.
  var socketMode: UInt32 = 0o600
  /// Unfinished jobs plus tasks with an attempt, for each uid.
  var maxLiveTasks = 2_000_000
  /// What the store holds of the jobs of one uid, ended ones too.
  var maxStoredBytes = 4 << 30
  /// How long the records of ended jobs are kept.
  var keepEnded = Span(milliseconds: 90 * 86_400_000)
  /// How many entries of the feed are kept.
  var keepEvents = Feed.usualLimit
  /// Whether a limit that no worker can enforce is refused.
  var refusesUnenforced = false

  /// Reads `path` and its drop-ins. May ask the name services, so not on the loop.
  static func load(
    _ path: String, for instance: Places.Instance
  ) throws(ConfigurationError) -> Settings {
    let file = try Configuration.load(path: path, sections: sections)
    var settings = Settings()
    settings.socketMode = instance == .system ? 0o666 : 0o600
    if instance == .system {
      settings.administrators = Names.group("fluster-admin")
      settings.workerUsers = Set([Names.user("fluster-worker")].compactMap { $0 })
    }
    try settings.readLimits(file)
    for value in file.words("Controller", "ExpectedWorkers") {
      settings.expectedWorkers.append(try ExpectedWorker(value))
    }
    try settings.readPeople(file)
    return settings
  }

  /// Tells the core what it goes by.
  func instruct(_ controller: inout Controller) {
    controller.expected = expectedWorkers
    controller.refusesUnenforced = refusesUnenforced
  }

  private mutating func readLimits(_ file: Configuration) throws(ConfigurationError) {
    if let value = file.string("Controller", "IdleExitSec") { idleExit = try value.span() }
    if let value = file.string("Controller", "KeepEnded") { keepEnded = try value.span() }
    if let value = file.string("Controller", "MaxLiveTasks") {
      guard let number = Int(value.text), number > 0 else {
        throw value.refused("MaxLiveTasks needs a whole number above 0, not \"\(value.text)\"")
      }
      maxLiveTasks = number
    }
    if let value = file.string("Controller", "MaxStoredBytes") {
      let bytes = try value.bytes()
      guard bytes > 0 else { throw value.refused("MaxStoredBytes=0 would let nobody submit") }
      maxStoredBytes = Int(clamping: bytes)
    }
    if let value = file.string("Controller", "KeepEvents") {
      guard let number = UInt32(value.text), number > 0 else {
        throw value.refused("KeepEvents needs a whole number above 0, not '\(value.text)'")
      }
      keepEvents = UInt64(number)
    }
    if let value = file.string("Controller", "SocketMode") {
      guard let mode = UInt32(value.text, radix: 8), mode & ~0o777 == 0, mode & 0o600 == 0o600
      else {
        throw value.refused("SocketMode needs an octal mode such as 0660, not \"\(value.text)\"")
      }
      socketMode = mode
    }
    if let value = file.string("Controller", "Visibility") {
      switch value.text {
      case "all": othersAreVisible = true
      case "own": othersAreVisible = false
      default: throw value.refused("Visibility is \"own\" or \"all\", not \"\(value.text)\"")
      }
    }
    if let value = file.string("Controller", "Unenforced") {
      switch value.text {
      case "warn": refusesUnenforced = false
      case "refuse": refusesUnenforced = true
      default: throw value.refused("Unenforced is 'warn' or 'refuse', not '\(value.text)'")
      }
    }
    if let value = file.string("Controller", "PersonalWorkers") {
      switch value.text {
      case "yes": allowsPersonalWorkers = true
      case "no": allowsPersonalWorkers = false
      default: throw value.refused("PersonalWorkers is 'yes' or 'no', not '\(value.text)'")
      }
    }
  }

  private mutating func readPeople(_ file: Configuration) throws(ConfigurationError) {
    let users = file.words("Controller", "AllowUsers")
    if !users.isEmpty { allowUsers = try Set(Settings.users(users)) }
    let groups = file.words("Controller", "AllowGroups")
    if !groups.isEmpty {
      var gids: Set<UInt32> = []
      for value in groups {
        guard let gid = UInt32(value.text) ?? Names.group(value.text) else {
          throw value.refused("there is no group \"\(value.text)\"")
        }
        gids.insert(gid)
      }
      allowGroups = gids
    }
    workerUsers.formUnion(try Settings.users(file.words("Controller", "WorkerUsers")))
  }

  private static func users(
    _ values: [Configuration.Value]
  ) throws(ConfigurationError) -> [UserID] {
    var users: [UserID] = []
    for value in values {
      guard let user = UInt32(value.text).map(UserID.init) ?? Names.user(value.text) else {
        throw value.refused("there is no user \"\(value.text)\"")
      }
      users.append(user)
    }
    return users
  }
}

extension Configuration.Value {
  fileprivate func span() throws(ConfigurationError) -> Span {
    do throws(QuantityError) {
      return Span(milliseconds: try Quantity.milliseconds(parsing: text))
    } catch {
      throw refused("\(error)")
    }
  }

  fileprivate func bytes() throws(ConfigurationError) -> UInt64 {
    do throws(QuantityError) {
      return try Quantity.bytes(parsing: text)
    } catch {
      throw refused("\(error)")
    }
  }
}
