import FlusterCore
import FlusterProtocol
import FlusterSystem
import FlusterSystemd
import Glibc

/// What the command line, fluster.conf(5) and the machine decide, in this order.
struct Settings {
  /// Sections and keys that may stand in the file; flusterd reads the same one.
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

  var id: String
  var capacity: Amounts
  /// Of resources whose pieces have numbers: these, by the resource's name.
  var indices: [String: [UInt32]] = [:]
  var attributes: [WireAttribute] = []
  /// Where the members of a gang reach each other.
  var address: String
  /// How long the log of an ended attempt is kept, in milliseconds.
  var keepLogs: UInt64 = 30 * 86_400_000
  /// Attempts are ended after so long without contact with flusterd; nil: never.
  var lease: Span?
  /// Where ports are taken from that jobs ask for.
  var ports: ClosedRange<UInt16> = 30_000...40_000
  /// The part of the time, in percent, for which something may wait for memory before no new work
  /// is wanted; nil: for ever.
  var memoryPressure: Int? = 40
  var cpuLimit = CpuLimit.weight
  /// The most processes and threads of an attempt that does not say; nil: no limit.
  var processLimit = Machine.processLimit
  /// What is held of this store is ended and forgotten when flusterd has another.
  var endStore: StoreID?

  /// Reads the file at `path` and its drop-ins, and puts the command line above them.
  init(_ options: Options, path: String) throws {
    let file = try Configuration.load(path: path, sections: Self.sections)
    id = options.id ?? file.string("Worker", "Id")?.text ?? Machine.shortHostName
    let cpus = try Self.value(options.cpus, "--cpus", file.string("Worker", "Cpus")) {
      text throws(QuantityError) in try Quantity.cpuMillis(parsing: text)
    }
    let memory = try Self.value(options.memory, "--mem", file.string("Worker", "Memory")) {
      text throws(QuantityError) in try Quantity.bytes(parsing: text)
    }
    let offers = try Self.pairs(
      options.resources, "-r", file.list("Worker", "Resource"), ResourceOffer.init)
    let gpus = GPUs(in: GPUs.directory)
    let found = offers.contains { $0.name == GPUs.resource } ? nil : gpus.offer
    let all = offers + (found.map { [$0] } ?? [])
    capacity = Amounts(
      cpuMillis: cpus ?? Machine.cpuMillis, memoryBytes: try memory ?? Machine.offeredMemory(),
      named: all.map { NamedAmount(name: $0.name, count: $0.count) })
    indices = ResourceOffer.indices(of: all)
    attributes = try Self.pairs(
      options.attributes, "--attribute", file.list("Worker", "Attribute")
    ) { key, value in
      var attribute = WireAttribute()
      attribute.key = key
      attribute.value = value
      return attribute
    }
    if let model = gpus.model, !attributes.contains(where: { $0.key == GPUs.modelAttribute }) {
      var attribute = WireAttribute()
      attribute.key = GPUs.modelAttribute
      attribute.value = model
      attributes.append(attribute)
    }
    address =
      options.address ?? file.string("Worker", "Address")?.text
      ?? (options.system ? Machine.hostName : "localhost")
    let span = try Self.value(options.lease, "--lease", file.string("Worker", "Lease")) {
      text throws(QuantityError) in try Quantity.milliseconds(parsing: text)
    }
    // A flusterd that is at work is heard once a second.
    if let span, span < 5000 {
      throw StartFailure(
        ExitStatus.usage, "a lease of \(Quantity.text(milliseconds: span)) is below 5s")
    }
    lease = span.map { Span(milliseconds: $0) }
    if let value = file.string("Worker", "EndStore") {
      guard let store = StoreID(hexadecimal: value.text) else {
        throw value.refused("EndStore needs the 32 digits of a store's id, not '\(value.text)'")
      }
      endStore = store
    }
    if let value = file.string("Worker", "Ports") {
      let ends = value.text.split(separator: "-", omittingEmptySubsequences: false)
        .map { UInt16($0) }
      guard ends.count == 2, let first = ends[0], let last = ends[1], first > 0, first <= last
      else {
        throw value.refused("Ports needs a range such as 30000-40000, not '\(value.text)'")
      }
      ports = first...last
    }
    if let value = file.string("Worker", "MemoryPressure") {
      memoryPressure = try Self.pressure(value)
    }
    try readLimits(file)
    if let value = file.string("Worker", "KeepLogs") {
      keepLogs = try Self.parse(value) { text throws(QuantityError) in
        try Quantity.milliseconds(parsing: text)
      }
    }
  }

  /// `40%`, or nil for `off`.
  private static func pressure(
    _ value: Configuration.Value
  ) throws(ConfigurationError) -> Int? {
    if value.text == "off" { return nil }
    guard value.text.last == "%", let percent = Int(value.text.dropLast()),
      (1...100).contains(percent), value.text.first != "+"
    else {
      throw value.refused(
        "MemoryPressure needs a percentage such as 40%, or off, not '\(value.text)'")
    }
    return percent
  }

  private mutating func readLimits(_ file: Configuration) throws(ConfigurationError) {
    if let value = file.string("Worker", "CpuLimit") {
      guard let limit = CpuLimit(rawValue: value.text) else {
        throw value.refused("CpuLimit is weight, quota or cores, not '\(value.text)'")
      }
      cpuLimit = limit
    }
    if let value = file.string("Worker", "Pids") {
      let count = UInt64(value.text).flatMap { Limit.processes.contains($0) ? $0 : nil }
      guard count != nil || value.text == "infinity" else {
        throw value.refused("Pids needs a whole number above 0, or infinity, not '\(value.text)'")
      }
      processLimit = count
    }
  }

  /// The option's value, else the file's; nil if neither says anything.
  private static func value(
    _ option: String?, _ flag: String, _ value: Configuration.Value?,
    _ parse: (String) throws(QuantityError) -> UInt64
  ) throws -> UInt64? {
    // A bad value in the file is refused even if it does not count.
    let set = try value.map { try Self.parse($0, parse) }
    guard let option else { return set }
    do throws(QuantityError) {
      return try parse(option)
    } catch {
      throw StartFailure(ExitStatus.usage, "\(flag): \(error)")
    }
  }

  private static func parse(
    _ value: Configuration.Value, _ parse: (String) throws(QuantityError) -> UInt64
  ) throws(ConfigurationError) -> UInt64 {
    do throws(QuantityError) {
      return try parse(value.text)
    } catch {
      throw value.refused("\(error)")
    }
  }

  /// `NAME=VALUE` of the options if there are any, else of the file.
  private static func pairs<Pair>(
    _ options: [String], _ flag: String, _ values: [Configuration.Value],
    _ make: (String, String) -> Pair?
  ) throws -> [Pair] {
    func pair(_ text: String) -> Pair? {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
      return make(String(parts[0]), String(parts[1]))
    }
    let set = try values.map {
      guard let made = pair($0.text) else {
        throw $0.refused("\"\($0.text)\" is not of the form NAME=VALUE")
      }
      return made
    }
    guard options.isEmpty else {
      return try options.map {
        guard let made = pair($0) else {
          throw StartFailure(ExitStatus.usage, "\(flag): \"\($0)\" is not of the form NAME=VALUE")
        }
        return made
      }
    }
    return set
  }
}
