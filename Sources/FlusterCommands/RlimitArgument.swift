import FlusterClient
import FlusterCore
import FlusterProtocol

/// The argument of `--rlimit`: `NAME=SOFT[:HARD]`, on top of the caller's own limits.
enum RlimitArgument {
  private static let forms = "write, for example, --rlimit nofile=1024 or --rlimit core=0:unlimited"

  /// Changes the limit named. Throws usage for a malformed word, or for one above the caller's hard
  /// limit: a limit that is not enforced as written would be a lie.
  static func apply(_ word: String, to limits: inout [WireRlimit]) throws(Failure) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw .usage("--rlimit: \"\(word)\" is not NAME=SOFT[:HARD]", wayOut: forms)
    }
    let name = parts[0].lowercased()
    guard let place = limits.firstIndex(where: { $0.name == name }) else {
      let names = limits.map(\.name).joined(separator: " ")
      throw .usage("--rlimit: there is no limit \"\(parts[0])\"", wayOut: "the limits are \(names)")
    }
    let values = parts[1].split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(values.count) else {
      throw .usage("--rlimit: \"\(word)\" is not NAME=SOFT[:HARD]", wayOut: forms)
    }
    let soft = try value(name, String(values[0]))
    let hard = values.count == 2 ? try value(name, String(values[1])) : limits[place].hard
    guard hard <= limits[place].hard else {
      throw .usage(
        "--rlimit: \(name) cannot be above your own hard limit, \(text(limits[place].hard))")
    }
    guard soft <= hard else {
      throw .usage("--rlimit: \(name) has a soft limit above its hard one, \(text(hard))")
    }
    limits[place].soft = soft
    limits[place].hard = hard
  }

  private static func value(_ name: String, _ text: String) throws(Failure) -> UInt64 {
    if text == "unlimited" || text == "infinity" { return .max }
    return try QuantityArgument.bytes("--rlimit \(name)", text)
  }

  private static func text(_ value: UInt64) -> String {
    value == .max ? "unlimited" : "\(value)"
  }
}
