import Glibc

/// What /proc tells of the machine's processes.
package enum Processes {
  /// The environment of this process.
  package static let environment: [String: String] = {
    var all: [String: String] = [:]
    for entry in (try? bytes(at: "/proc/self/environ"))?.split(separator: 0) ?? [] {
      let parts = entry.split(separator: UInt8(ascii: "="), maxSplits: 1)
      guard let name = parts.first else { continue }
      all[String(decoding: name, as: UTF8.self)] =
        parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : ""
    }
    return all
  }()

  /// Every process there is.
  package static var all: [Int32] { names(in: "/proc").compactMap { Int32($0) } }

  /// Processes whose first environment holds `marker`; zombies have none.
  package static func carrying(_ marker: String) -> [Int32] {
    let wanted = Array(marker.utf8)
    return all.filter { pid in
      guard let environment = try? bytes(at: "/proc/\(pid)/environ") else { return false }
      return environment.split(separator: 0).contains { $0.elementsEqual(wanted) }
    }
  }

  /// Ends every process whose first environment holds `marker`. Shims are asked to, and waited for
  /// some seconds: killed, they would leave their directory in the cgroup tree. The rest is killed.
  package static func end(carrying marker: String) {
    let shims = carrying(marker).filter { pid in
      (try? text(at: "/proc/\(pid)/comm")) == "fluster-shim\n"
    }
    for pid in shims { kill(pid, SIGTERM) }
    try? eventually("the shims end", within: 5) { !shims.contains(where: isAlive) }
    for pid in carrying(marker) { kill(pid, SIGKILL) }
  }

  /// The words it was started with, for messages.
  package static func commandLine(_ pid: Int32) -> String {
    guard let words = try? bytes(at: "/proc/\(pid)/cmdline"), !words.isEmpty else {
      return "process \(pid)"
    }
    return words.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      .joined(separator: " ")
  }

  /// Whether it exists and is not a zombie.
  package static func isAlive(_ pid: Int32) -> Bool {
    guard let status = try? text(at: "/proc/\(pid)/stat"),
      let end = status.lastIndex(of: ")")
    else { return false }
    return !status[end...].dropFirst(2).hasPrefix("Z")
  }

  /// Whether a signal to the whole process waits to be taken.
  package static func isSignalPending(_ signal: Int32, for pid: Int32) -> Bool {
    let status = (try? text(at: "/proc/\(pid)/status")) ?? ""
    let mask = status.split(separator: "\n").first { $0.hasPrefix("ShdPnd:") }?
      .split(separator: "\t").last.flatMap { UInt64($0, radix: 16) }
    return (mask ?? 0) >> UInt64(signal - 1) & 1 == 1
  }

  /// How many descriptors it has open.
  package static func descriptors(of pid: Int32) -> Int { names(in: "/proc/\(pid)/fd").count }
}

/// Says why a layer of the tests cannot run here.
///
/// - Returns: false where continuous integration should have had the layer, which is a failure.
package func maySkip(because reason: String) -> Bool {
  let line = "skipped, because \(reason)\n"
  _ = line.withCString { Glibc.write(2, $0, line.utf8.count) }
  return Processes.environment["CI"] != "true"
}
