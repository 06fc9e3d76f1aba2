import FlusterSystem
import Glibc

/// What the worker cannot change: who may have jobs, and how good a job may have it.
struct Settings {
  /// The uids that may own jobs.
  var allowed: [ClosedRange<UInt32>]
  var noNewPrivileges = false
  /// No job is nicer to itself than this.
  var bestNice: Int32
  /// The highest hard limit by its number; others are held to the shim's own.
  var hardLimits: [UInt32: UInt64] = [:]

  private static let section = "Shim"

  /// Reads shim.conf, which must belong to `trusted` and to nobody else.
  static func load(
    path: String?, instance: Places.Instance, trusted: UInt32
  ) throws(Refusal) -> Settings {
    let own = getpriority(Int32(PRIO_PROCESS.rawValue), 0)
    var settings: Settings
    switch instance {
    case .system: settings = Settings(allowed: [1000...59999], bestNice: max(0, own))
    case .user: settings = Settings(allowed: [geteuid()...geteuid()], bestNice: own)
    }
    guard let path else { return settings }
    let limits = ShimLimit.names.map { "Limit\($0.uppercased())" }
    let keys = Set(["AllowUids", "NoNewPrivileges", "Nice"] + limits)
    do throws(ConfigurationError) {
      let file = try Configuration.load(path: path, sections: [section: keys], owner: trusted)
      try settings.apply(file, instance: instance)
    } catch {
      throw .configuration(error.description)
    }
    return settings
  }

  private mutating func apply(
    _ file: Configuration, instance: Places.Instance
  ) throws(ConfigurationError) {
    let ranges = file.words(Self.section, "AllowUids")
    if let first = ranges.first {
      guard instance == .system else {
        throw first.refused("AllowUids is for the system instance")
      }
      allowed = []
      for range in ranges { allowed.append(try Self.range(range)) }
    }
    if let value = file.string(Self.section, "NoNewPrivileges") {
      guard let flag = ["yes": true, "no": false][value.text] else {
        throw value.refused("expected yes or no")
      }
      noNewPrivileges = flag
    }
    if let value = file.string(Self.section, "Nice") {
      guard let nice = Int32(value.text), (-20...19).contains(nice) else {
        throw value.refused("expected a number from -20 to 19")
      }
      bestNice = nice
    }
    for (number, name) in ShimLimit.names.enumerated() {
      guard let value = file.string(Self.section, "Limit\(name.uppercased())") else { continue }
      guard let limit = value.text == "infinity" ? UInt64.max : UInt64(value.text) else {
        throw value.refused("expected a number or infinity")
      }
      hardLimits[UInt32(number)] = limit
    }
  }

  private static func range(
    _ value: Configuration.Value
  ) throws(ConfigurationError) -> ClosedRange<UInt32> {
    let ends = value.text.split(separator: "-", omittingEmptySubsequences: false)
      .map { UInt32($0) }
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
      first <= last
    else {
      throw value.refused("expected a uid or a range of uids, as in 1000-59999")
    }
    return first...last
  }

  /// Root, the overflow uid and "no uid" never have jobs in the system instance, whatever the file
  /// says; in a user instance there is no other uid to become.
  func allows(_ uid: UInt32, instance: Places.Instance) -> Bool {
    let isNobody = uid == PeerCredential.overflow || uid == UInt32.max
    switch instance {
    case .system: return uid != 0 && !isNobody && allowed.contains { $0.contains(uid) }
    case .user: return uid == geteuid()
    }
  }
}
