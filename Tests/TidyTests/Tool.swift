import FlusterTesting
import Glibc

/// A program of the system's that a test asks for its opinion.
enum Tool {
  /// Whether `name` is somewhere on PATH.
  static func isInstalled(_ name: String) -> Bool {
    (Processes.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").contains {
      isExecutable("\($0)/\(name)")
    }
  }

  /// Whether the file at `path` may be executed.
  static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

  /// Whether there is anything at `path`.
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Where the programs of this build stand: beside the test itself; nil if they were not built.
  static let products: String? = {
    if let given = Processes.environment["FLUSTER_PROGRAMS"] { return given }
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { return nil }
    let executable = String(
      decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let candidates = [executable] + CommandLine.arguments.filter { $0.hasSuffix(".xctest") }
    return candidates.map { $0.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } }
      .first { isExecutable("\($0)/flusterd") }
  }()
}
