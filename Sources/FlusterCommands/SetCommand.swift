package import ArgumentParser
package import FlusterClient
import FlusterCore
package import FlusterProtocol

/// fluster-set: changes jobs that are not over.
package struct SetCommand: AskingCommand {
  package static let configuration = CommandConfiguration(
    commandName: "fluster-set", abstract: "Hold, freeze or change jobs.",
    usage: """
      fluster-set [options] selector ... hold|release|freeze|thaw|rerun
      fluster-set [options] selector ... priority n|band word|time span|mem size
      """,
    version: "fluster-set \(FlusterVersion.software)")

  private static let verbs = """
    hold, release, freeze, thaw, rerun, priority N, band production|interactive|batch, \
    time SPAN|none, mem SIZE
    """

  @OptionGroup package var shared: SharedOptions

  // A priority may be negative, and must not be taken for options.
  @Argument(
    parsing: .allUnrecognized,
    help: ArgumentHelp("What to change, then how.", valueName: "selector"))
  var words: [String] = []

  /// Nothing given; filled in by the parser.
  package init() {}

  /// The program: runs and exits.
  package static func start() -> Never { Runner.main(self) }

  package func execute(_ voice: Voice) throws(Failure) -> Int32 {
    if words.last == "rerun" {
      let selectors = try checked(words.dropLast())
      return try rerun(selectors, voice)
    }
    let request = try request()
    return try perform(.set(request), on: request.selectors, voice)
  }

  /// What is asked of flusterd.
  package func request() throws(Failure) -> WireSet {
    var request = WireSet()
    let selectors: ArraySlice<String>
    if try take(words.last, into: &request) {
      selectors = words.dropLast()
    } else if words.count > 1, try take(words[words.count - 2], words.last, into: &request) {
      selectors = words.dropLast(2)
    } else if let word = words.last {
      throw .usage("what is to change must come last, not \"\(word)\"", wayOut: Self.verbs)
    } else {
      throw .usage("nothing to change was named", wayOut: Self.verbs)
    }
    request.selectors = try SelectorArgument.parse(all: try checked(selectors))
    return request
  }

  /// The words before the verb, with no option among them and at least one.
  private func checked(_ selectors: ArraySlice<String>) throws(Failure) -> [String] {
    if let option = selectors.first(where: { $0.hasPrefix("-") && $0 != "-" }) {
      throw .usage("there is no option \(option)")
    }
    guard !selectors.isEmpty else {
      throw .usage("nothing to change was named", wayOut: SelectorArgument.forms)
    }
    return Array(selectors)
  }

  /// A verb that stands alone; false if it is none.
  private func take(_ verb: String?, into request: inout WireSet) throws(Failure) -> Bool {
    switch verb {
    case "hold": request.verb = .hold
    case "release": request.verb = .release
    case "freeze": request.verb = .freeze
    case "thaw": request.verb = .thaw
    case "priority", "band", "time", "mem":
      throw .usage("\(verb ?? "") wants to know what from now on", wayOut: Self.verbs)
    default: return false
    }
    return true
  }

  /// A verb and what it sets; false if it is none.
  private func take(
    _ verb: String, _ value: String?, into request: inout WireSet
  ) throws(Failure) -> Bool {
    let value = value ?? ""
    switch verb {
    case "priority":
      request.verb = .priority
      request.priority = try QuantityArgument.count("priority", value, in: Limit.priorities)
    case "band":
      request.verb = .changeBand
      request.band = try BandArgument.parse("band", value)
    case "time":
      request.verb = .timeLimit
      if value != "none" {
        request.timeLimitMs = try QuantityArgument.span("time", value).milliseconds
        guard request.timeLimitMs > 0 else {
          throw .usage("time: a limit of 0s ends all at once", wayOut: "write none for no limit")
        }
      }
    case "mem":
      request.verb = .memory
      request.memoryBytes = try QuantityArgument.bytes("mem", value)
      guard request.memoryBytes > 0 else { throw .usage("mem: nothing runs in 0 bytes") }
    default: return false
    }
    return true
  }
}
