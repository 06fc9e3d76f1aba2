import FlusterTesting
import Glibc

extension Programs {
  /// Where the programs stand: what FLUSTER_PROGRAMS names, or beside the test itself.
  static func products() throws -> String {
    if let given = Processes.environment["FLUSTER_PROGRAMS"] { return given }
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { throw Failed("read /proc/self/exe") }
    let executable = String(
      decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let candidates = [executable] + CommandLine.arguments.filter { $0.hasSuffix(".xctest") }
    let directories = candidates.map {
      $0.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
    }
    guard let found = directories.first(where: { access("\($0)/flusterd", X_OK) == 0 }) else {
      throw Failed("find flusterd beside \(executable)", number: ENOENT)
    }
    return found
  }

  /// Whether somebody listens at a socket. Looks without connecting: the shim takes a new
  /// connection for a new worker.
  static func answers(_ path: String) -> Bool {
    sockets(at: path).contains { $0.contains(" 00010000 ") }
  }

  /// How many connections to a socket there are, accepted or about to be.
  static func connections(at path: String) -> Int {
    sockets(at: path).count { !$0.contains(" 00010000 ") }
  }

  private static func sockets(at path: String) -> [Substring] {
    let all = (try? text(at: "/proc/net/unix")) ?? ""
    return all.split(separator: "\n").filter { $0.hasSuffix(" \(path)") }
  }

  /// How many rounds a crash test goes.
  static var crashRounds: Int { Int(Processes.environment["FLUSTER_CRASH_ROUNDS"] ?? "") ?? 10 }
}

/// Numbers that look random and are the same for the same seed.
struct SeededNumbers: RandomNumberGenerator {
  let seed: UInt64
  private var state: UInt64

  /// From FLUSTER_SEED, else a new seed each time; tests print it when they fail.
  init() {
    let given = Processes.environment["FLUSTER_SEED"].flatMap { UInt64($0) }
    seed = given ?? .random(in: .min ... .max)
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
