package import ArgumentParser
package import FlusterClient
package import FlusterProtocol

/// fluster-kill: ends jobs, or signals them.
package struct KillCommand: AskingCommand {
  package static let configuration = CommandConfiguration(
    commandName: "fluster-kill", abstract: "End jobs, or send them a signal.",
    usage: "fluster-kill [options] selector ...",
    version: "fluster-kill \(FlusterVersion.software)")

  @Option(
    name: .customShort("s", allowingJoined: true), parsing: .unconditional,
    help: ArgumentHelp("Only send this signal.", valueName: "signal"))
  var signal: String?

  @Option(
    name: .customShort("r", allowingJoined: true), parsing: .unconditional,
    help: ArgumentHelp("Why; stored and shown.", valueName: "text"))
  var reason = ""

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Only tasks in this state.", valueName: "state"))
  var state: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Those whose name matches.", valueName: "glob"))
  var name: [String] = []

  @Option(parsing: .unconditional, help: ArgumentHelp("Those of this user.", valueName: "user"))
  var user: String?

  @OptionGroup package var shared: SharedOptions

  @Argument(help: ArgumentHelp("What to end.", valueName: "selector"))
  var selectors: [String] = []

  /// Nothing given; filled in by the parser.
  package init() {}

  package static func quick(_ arguments: [String]) -> KillCommand? {
    guard let selectors = onlySelectors(in: arguments) else { return nil }
    var command = KillCommand()
    (command.signal, command.reason, command.user) = (nil, "", nil)
    (command.state, command.name) = ([], [])
    (command.shared, command.selectors) = (.unset, selectors)
    return command
  }

  /// The program: runs and exits.
  package static func start() -> Never { Runner.main(self) }

  package func execute(_ voice: Voice) throws(Failure) -> Int32 {
    let request = try request()
    return try perform(.kill(request), on: request.selectors, voice)
  }

  /// What is asked of flusterd.
  package func request() throws(Failure) -> WireKill {
    var request = WireKill()
    request.states = try StateArgument.parse(all: state)
    if let signal { request.signal = UInt32(try Signal.parse(signal)) }
    request.reason = reason
    if let user { request.user = try UserArgument.parse("--user", user) }
    guard name.allSatisfy({ !$0.isEmpty }) else { throw .usage("--name: the pattern is empty") }
    request.selectors = try SelectorArgument.parse(all: selectors + name.map { "name:\($0)" })
    guard request.selectors.isEmpty, selectors.isEmpty else { return request }
    if !state.isEmpty || user != nil {
      request.selectors = [try SelectorArgument.parse("name:*")]
    } else {
      throw .usage("nothing to end was named", wayOut: SelectorArgument.forms)
    }
    return request
  }
}
