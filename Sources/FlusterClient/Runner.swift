package import ArgumentParser
package import FlusterProtocol
import Glibc

/// A command: its options, and what it does with them.
package protocol FlusterCommand: ParsableCommand {
  /// How much it talks.
  var talk: TalkOptions { get }

  /// Whether these arguments, well formed or not, ask it to carry the status of a task. Then every
  /// failure of Fluster itself is 125.
  static func carriesStatus(_ arguments: [String]) -> Bool

  /// The arguments in the form that the parser understands.
  static func prepared(_ arguments: [String]) -> [String]

  /// What a well-formed command line means, if the command can tell without the parser.
  static func quick(_ arguments: [String]) -> Self?

  /// What these arguments ask the program about itself, where the parser would not see it.
  static func answer(to arguments: [String]) -> String?

  /// Does it. Returns the exit status.
  func execute(_ voice: Voice) throws(Failure) -> Int32
}

extension FlusterCommand {
  package static func carriesStatus(_ arguments: [String]) -> Bool { false }

  package static func prepared(_ arguments: [String]) -> [String] { arguments }

  package static func quick(_ arguments: [String]) -> Self? { nil }

  package static func answer(to arguments: [String]) -> String? { nil }
}

/// A command that asks flusterd for something.
package protocol AskingCommand: FlusterCommand {
  /// What all of them take.
  var shared: SharedOptions { get }
}

extension AskingCommand {
  package var talk: TalkOptions { shared.talk }

  /// The arguments, if they are selectors and nothing else; nil otherwise. The parser takes 2
  /// milliseconds, as long as all the rest of such a command together.
  package static func onlySelectors(in arguments: [String]) -> [String]? {
    arguments.isEmpty || arguments.contains { $0.hasPrefix("-") || $0.isEmpty } ? nil : arguments
  }

  /// The instance the options mean, in a session.
  package func session(_ voice: Voice) throws(Failure) -> Session {
    Session(with: try Instance.choose(option: shared.socket), voice: voice)
  }

  /// Has something done to what `selectors` name, and returns the exit status. To no job at all,
  /// which an empty standard input names, there is nothing to be done.
  package func perform(
    _ body: WireEnvelope.OneOf_Body, on selectors: [WireSelector], _ voice: Voice
  ) throws(Failure) -> Int32 {
    guard !selectors.isEmpty else {
      voice.notice("no ids on standard input")
      return ExitStatus.done.rawValue
    }
    var session = try session(voice)
    try session.perform(body)
    return ExitStatus.done.rawValue
  }
}

/// From the words of a command line to an exit status, the same for all commands.
package enum Runner {
  /// What a command line came to before anything was done.
  package enum Parsed<Command: FlusterCommand> {
    case command(Command)
    /// Help, version or a completion script: to be printed, and nothing else done.
    case answer(String)
    case wrong(Failure)
  }

  /// Runs the command with this process's arguments, and exits.
  package static func main<Command: FlusterCommand>(_ type: Command.Type) -> Never {
    StandardStream.reserve()
    exit(run(type, Array(CommandLine.arguments.dropFirst())))
  }

  /// Runs the command with `arguments`. Returns the exit status.
  package static func run<Command: FlusterCommand>(
    _ type: Command.Type, _ arguments: [String]
  ) -> Int32 {
    var voice = Voice(program: name(of: type))
    do throws(Failure) {
      switch parse(type, arguments) {
      case .command(let command):
        voice = Voice(
          program: name(of: type), isQuiet: command.talk.quiet,
          isVerbose: command.talk.verbose)
        return try command.execute(voice)
      case .answer(let text):
        try StandardStream.print(text)
        return ExitStatus.done.rawValue
      case .wrong(let failure): throw failure
      }
    } catch {
      voice.complain(error)
      return type.carriesStatus(arguments) ? CarriedStatus.failure : error.status.rawValue
    }
  }

  /// Reads `arguments` without doing anything.
  package static func parse<Command: FlusterCommand>(
    _ type: Command.Type, _ arguments: [String]
  ) -> Parsed<Command> {
    if let command = type.quick(arguments) { return .command(command) }
    return parseFully(type, arguments)
  }

  /// Reads `arguments` by the parser.
  package static func parseFully<Command: FlusterCommand>(
    _ type: Command.Type, _ arguments: [String]
  ) -> Parsed<Command> {
    if let answer = type.answer(to: arguments) { return .answer(answer) }
    do {
      guard let command = try type.parseAsRoot(type.prepared(arguments)) as? Command else {
        // The parser's own help command; ours have no subcommands.
        return .answer(type.helpMessage())
      }
      return .command(command)
    } catch {
      let text = type.message(for: error)
      if type.exitCode(for: error).isSuccess { return .answer(text) }
      return .wrong(.usage(sentence(text), wayOut: "\(name(of: type)) --help shows its options"))
    }
  }

  /// The name of the command.
  package static func name<Command: FlusterCommand>(of type: Command.Type) -> String {
    type.configuration.commandName ?? "fluster"
  }

  /// The parser's message in our form: one line, lower case, no full stop.
  private static func sentence(_ text: String) -> String {
    let line = text.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: " ")
    let body = line.hasPrefix("Error: ") ? line.dropFirst(7) : Substring(line)
    let lowered = requoted(body.prefix(1).lowercased() + body.dropFirst())
    return lowered.hasSuffix(".") ? String(lowered.dropLast()) : lowered
  }

  /// Our own quotation marks in place of the parser's; an apostrophe in a word stays.
  private static func requoted(_ text: String) -> String {
    var before: Character = " "
    var result = ""
    for index in text.indices {
      let after = text.index(after: index) < text.endIndex ? text[text.index(after: index)] : " "
      let isEdge = before == " " || before == "(" || " .,;:?)".contains(after)
      before = text[index]
      result.append(before == "'" && isEdge ? "\"" : before)
    }
    return result
  }
}
