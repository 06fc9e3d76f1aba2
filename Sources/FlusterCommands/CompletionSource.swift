import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem

/// Where the words of a completion come from: what is known of an option's value, and what flusterd
/// has now.
struct CompletionSource {
  /// Words with what they are, and what the shell is to add.
  typealias Found = (candidates: [(word: String, help: String)], directive: String?)

  private let command: String
  /// The options on the command line, by their first name.
  private let given: [String: String]

  init(command: String, given: [String: String]) {
    self.command = command
    self.given = given
  }

  /// What the value of an option may be, of which `current` has been written.
  mutating func values(of option: OptionTable.Option, _ current: String) -> Found {
    guard let value = option.value else { return ([], nil) }
    switch value {
    case "file", "path": return ([], ":files")
    case "directory": return ([], ":directories")
    case "path|user|system": return (Self.plain(["user", "system"]), ":files")
    case "number|all": return (Self.plain(["all"]), nil)
    case "state": return (Self.listed(TaskState.allCases.map(\.word), current), nil)
    case "column,...": return (Self.listed(ListColumn.allCases.map(\.title), current), nil)
    case "signal": return (Self.plain((1...31).compactMap { Signal.name($0) }), nil)
    case "key": return (keys(prefix: ""), nil)
    case "cursor": return (Self.plain(["start"]), nil)
    case "name[=value]":
      let names = Environment.entries().compactMap { entry in
        entry.split(separator: UInt8(ascii: "=")).first.map { String(decoding: $0, as: UTF8.self) }
      }
      return (Self.plain(names), nil)
    case "selector": return (selectors(current), nil)
    case "selector,...":
      let start = current.lastIndex(of: ",").map { String(current[...$0]) } ?? ""
      return (selectors(String(current.dropFirst(start.count))).map { (start + $0.0, $0.1) }, nil)
    case let words where words.contains("|") && !words.contains(where: { "<[:= ".contains($0) }):
      return (Self.plain(words.split(separator: "|").map(String.init)), nil)
    default: return ([], nil)
    }
  }

  /// What the next operand may be.
  mutating func operands(_ table: OptionTable, _ before: [String], _ current: String) -> Found {
    switch command {
    case "fluster-ls" where given["--workers"] != nil: return (workers(), nil)
    case "fluster-ls", "fluster-wait", "fluster-log", "fluster-kill":
      return (selectors(current), nil)
    case "fluster-set":
      switch before.last {
      case "band": return (Self.plain(Band.allCases.map(\.word)), nil)
      case "time": return (Self.plain(["none"]), nil)
      case "priority", "mem": return ([], nil)
      default: break
      }
      let verbs = before.isEmpty ? [] : table.verbs.map { (word: $0.word, help: $0.value) }
      return (verbs + selectors(current), nil)
    case "fluster-ctl":
      guard let verb = before.first else { return (table.verbs.map { ($0.word, $0.value) }, nil) }
      switch verb {
      case "workers", "drain", "resume", "forget": return (workers(), nil)
      case "backup": return ([], ":files")
      default: return ([], nil)
      }
    case "fluster-endpoint":
      return before.isEmpty ? (table.verbs.map { ($0.word, $0.value) }, nil) : ([], nil)
    default: return ([], nil)
    }
  }

  private static func plain(_ words: [String]) -> [(word: String, help: String)] {
    words.map { ($0, "") }
  }

  /// Words of a list with commas, behind those that are there.
  private static func listed(_ words: [String], _ current: String) -> [(word: String, help: String)]
  {
    let start = current.lastIndex(of: ",").map { current[...$0] } ?? ""
    let isUpper = words.first?.first?.isUppercase == true
    let wantsLower = isUpper && current.last(where: \.isLetter)?.isLowercase == true
    return words.map { ("\(start)\(wantsLower ? $0.lowercased() : $0)", "") }
  }

  // MARK: Asking flusterd

  private func session() -> Session? {
    guard let instance = try? Instance.choose(option: given["--socket"]) else { return nil }
    return Session(with: instance, voice: Voice(program: "fluster", isQuiet: true))
  }

  /// The caller's jobs, the newest first: those that can still be changed where that is the point.
  private func jobs(ended: Bool) -> [WireJobRow] {
    guard var session = session() else { return [] }
    var list = WireList()
    list.newest = 500
    list.allAges = ended
    if !ended && ["fluster-kill", "fluster-set"].contains(command) {
      list.states = TaskState.allCases.filter { !$0.isFinal }.map { WireState($0) }
    }
    let page = try? session.listing(list, until: Pause.now + .seconds(1))
    return page?.jobs.reversed() ?? []
  }

  private func selectors(_ current: String) -> [(word: String, help: String)] {
    if current.hasPrefix("name:") {
      return unique(jobs(ended: true).map { ("name:\($0.name)", "") })
    }
    if current.hasPrefix("key:") { return keys(prefix: "key:") }
    return jobs(ended: false).map { ("\($0.job)", "\($0.name), \($0.state.word)") }
      + [("@last", "the newest job"), ("name:", "by name"), ("key:", "by key")]
  }

  private func keys(prefix: String) -> [(word: String, help: String)] {
    unique(jobs(ended: true).filter(\.hasKey).map { ("\(prefix)\($0.key)", $0.name) })
  }

  private func workers() -> [(word: String, help: String)] {
    guard var session = session(), let rows = try? session.workers(WireListWorkers()) else {
      return []
    }
    return rows.map { ($0.id, $0.state) }
  }

  private func unique(
    _ candidates: [(word: String, help: String)]
  ) -> [(word: String, help: String)] {
    var seen: Set<String> = []
    return candidates.filter { seen.insert($0.word).inserted }
  }
}
