import FlusterClient
import Testing

@testable import FlusterCommands

@Suite("Command lines of nothing but selectors")
struct QuickTests {
  @Test(
    "mean the same with and without the parser",
    arguments: [["1"], ["1", "2.3-4", "@last"], ["name:a*", "key:k"], ["1.0-9"]])
  func same(arguments: [String]) throws {
    let kill = try #require(KillCommand.quick(arguments))
    try #expect(kill.request() == full(KillCommand.self, arguments).request())
    #expect(kill.talk.quiet == false && kill.shared.socket == nil)
    try same(WaitCommand.quick(arguments), full(WaitCommand.self, arguments))
    try same(LogCommand.quick(arguments), full(LogCommand.self, arguments))
  }

  @Test(
    "and all others are left to the parser",
    arguments: [[], ["-"], ["-q", "1"], ["1", "--json"], ["--", "1"], ["--help"], [""]])
  func others(arguments: [String]) {
    #expect(KillCommand.quick(arguments) == nil)
    #expect(WaitCommand.quick(arguments) == nil)
    #expect(LogCommand.quick(arguments) == nil)
  }

  /// Their properties one by one: the parser's wrappers cannot be compared.
  private func same<Command: AskingCommand>(_ quick: Command?, _ full: Command) throws {
    let quick = try #require(quick)
    #expect(try wish(quick) == wish(full))
  }

  private func wish(_ command: some AskingCommand) throws -> [String] {
    switch command {
    case let wait as WaitCommand:
      ["\(wait.any) \(wait.all) \(wait.json)", wait.state ?? "-", wait.timeout ?? "-"]
        + wait.selectors
    case let log as LogCommand:
      ["\(log.follow) \(log.stdout) \(log.stderr)", log.lines ?? "-", log.attempt ?? "-"]
        + log.selectors
    case _: []
    }
  }

  private func full<Command: AskingCommand>(
    _ type: Command.Type, _ arguments: [String]
  ) throws -> Command {
    guard case .command(let command) = Runner.parseFully(type, arguments) else {
      throw Failure.usage("the parser does not understand it")
    }
    return command
  }
}
