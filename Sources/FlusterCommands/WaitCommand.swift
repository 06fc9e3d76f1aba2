package import ArgumentParser
package import FlusterClient
import FlusterCore
import FlusterProtocol

/// fluster-wait: blocks until tasks have ended, and carries their status.
package struct WaitCommand: AskingCommand {
  package static let configuration = CommandConfiguration(
    commandName: "fluster-wait", abstract: "Wait for jobs, and exit as they did.",
    usage: "fluster-wait [options] selector ...",
    version: "fluster-wait \(FlusterVersion.software)")

  @Flag(help: "Until one of them has ended.")
  var any = false

  @Flag(help: "Until all of them have ended (the default).")
  var all = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Until they are in this state, or over.", valueName: "state"))
  var state: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Not longer than this; then exit 124.", valueName: "span"))
  var timeout: String?

  @Flag(help: "One JSON object a task, for one task, too.")
  var json = false

  @OptionGroup package var shared: SharedOptions

  @Argument(help: ArgumentHelp("What to wait for.", valueName: "selector"))
  var selectors: [String] = []

  /// Nothing given; filled in by the parser.
  package init() {}

  package static func quick(_ arguments: [String]) -> WaitCommand? {
    guard let selectors = onlySelectors(in: arguments) else { return nil }
    var command = WaitCommand()
    (command.any, command.all, command.json) = (false, false, false)
    (command.state, command.timeout) = (nil, nil)
    (command.shared, command.selectors) = (.unset, selectors)
    return command
  }

  /// The program: runs and exits.
  package static func start() -> Never { Runner.main(self) }

  package static func carriesStatus(_ arguments: [String]) -> Bool { true }

  package func execute(_ voice: Voice) throws(Failure) -> Int32 {
    guard !(any && all) else { throw .usage("--any and --all exclude each other") }
    guard !selectors.isEmpty else {
      throw .usage("nothing to wait for was named", wayOut: SelectorArgument.forms)
    }
    let deadline = try timeout.map { (text) throws(Failure) in
      Pause.now + max(try QuantityArgument.span("--timeout", text), Waiting.leastTime)
    }
    let state = try state.map { (word) throws(Failure) in try StateArgument.parse(all: [word]) }
    let chosen = try SelectorArgument.parse(all: selectors)
    guard !chosen.isEmpty else {
      // A status of 0 here would tell a pipeline whose submit failed that all is well.
      throw Failure(.notFound, "no ids on standard input")
    }
    var session = try session(voice)
    if let state {
      var watch = StateWatch(
        for: chosen, state, any: any, deadline: deadline, isJSON: json, voice: voice)
      return try watch.run(over: &session)
    }
    var waiting = Waiting(for: chosen, any: any, deadline: deadline, voice: voice)
    waiting.output = json ? .json : .lines
    return try waiting.run(over: &session)
  }
}
