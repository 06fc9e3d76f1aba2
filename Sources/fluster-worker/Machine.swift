import FlusterSystem
import Glibc

/// What this machine says of itself.
enum Machine {
  /// The host's name, by which other machines may know it; `localhost` if it has none.
  static var hostName: String {
    let name = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { room in
      guard let start = room.baseAddress, gethostname(start, room.count) == 0 else { return "" }
      room[room.count - 1] = 0
      return String(cString: start)
    }
    return name.isEmpty ? "localhost" : name
  }

  /// The host's name up to the first dot.
  static var shortHostName: String { String(hostName.prefix { $0 != "." }) }

  /// The processors this process may run on, in thousandths.
  static var cpuMillis: UInt64 { UInt64(Processors.allowed) * 1000 }

  /// The machine's memory less 5 %, which the daemons and whoever is logged in need, in bytes.
  static func offeredMemory() throws(SystemError) -> UInt64 {
    let text = String(
      decoding: try Files.read("/proc/meminfo", limit: 1 << 20), as: UTF8.self)
    for line in text.split(separator: "\n") where line.hasPrefix("MemTotal:") {
      let words = line.split(separator: " ")
      if words.count >= 2, let kibibytes = UInt64(words[1]) { return kibibytes * 1024 / 100 * 95 }
    }
    throw SystemError(call: "find MemTotal in /proc/meminfo", errno: ENODATA)
  }

  /// 15 % of the processes and threads that the machine can have, as systemd gives a unit; nil if
  /// their number is not told.
  static var processLimit: UInt64? {
    let limits = ["pid_max", "threads-max"].compactMap { name -> UInt64? in
      let bytes = (try? Files.read("/proc/sys/kernel/\(name)", limit: 64)) ?? []
      return UInt64(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
    return limits.min().map { max($0 / 100 * 15, 1) }
  }

  /// The kernel's name for the time since it started.
  static func bootID() throws(SystemError) -> String {
    let bytes = try Files.read("/proc/sys/kernel/random/boot_id", limit: 256)
    return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  /// As many descriptors as the system lets us have: each running attempt costs us its logs.
  static func raiseDescriptorLimit() {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(resource, &limit)
  }
}
