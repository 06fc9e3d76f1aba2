import ArgumentParser
import FlusterClient
import Glibc

/// The words of a command line that begin the submitted command.
///
/// The parser captures everything from the first word that is no option of ours, so that
/// `fluster-submit ls -l` works; but it captures a mistyped option, too.
enum CommandWords {
  /// The command in captured words: a leading `--` goes, an unknown option is a usage error.
  /// Empty if there is no command.
  static func command(in captured: [String]) throws(Failure) -> ArraySlice<String> {
    guard let first = captured.first else { return [] }
    if first == "--" { return captured.dropFirst() }
    guard !first.hasPrefix("-") || first == "-" else {
      throw .usage(
        "unknown option \(first)", wayOut: "--help shows the options")
    }
    return captured[...]
  }

  /// Why there is no job without a command where no script can come on standard input, either.
  static func missing() -> Failure {
    .usage(
      "no command is given",
      wayOut:
        "the command comes after the options, and has none of ours: [--] command [argument ...]")
  }

  /// The bytes of the last `words.count` arguments of this process: captured words are its tail,
  /// and need not be UTF-8.
  static func raw(_ words: [String]) -> [[UInt8]] {
    let all = CommandLine.unsafeArgv
    let count = Int(CommandLine.argc)
    return (max(0, count - words.count)..<count).compactMap { index in
      all[index].map { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
    }
  }

  /// Refuses options that are not UTF-8: what has been read of them is not what was written.
  static func checkOptions(before words: [String]) throws(Failure) {
    let all = CommandLine.unsafeArgv
    for index in 1..<max(1, Int(CommandLine.argc) - words.count) {
      guard let word = all[index], String(validatingCString: word) == nil else { continue }
      throw .usage(
        "\"\(String(cString: word))\" is not UTF-8",
        wayOut: "only the command's own words may be other bytes, and what -e NAME passes on")
    }
  }

  /// Whether `option` stands among the options, also when something else is wrong with them.
  static func haveOption(_ option: String, _ arguments: [String]) -> Bool {
    var rest = arguments[...]
    while let word = rest.popFirst(), word.hasPrefix("-"), word != "--", word != "-" {
      // With a value it is wrong, and yet what was meant.
      if word == option || word.hasPrefix("\(option)=") { return true }
      let isKnown = SubmitCommand.values[word] != nil
      let isFlag = isFlagName(word) || word.contains("=") || isJoined(word)
      // The value of an option that there is not cannot be told from the command.
      if isKnown || (!isFlag && rest.first?.hasPrefix("-") == false) { rest = rest.dropFirst() }
    }
    return false
  }

  /// The arguments with `-eNAME=VALUE` written as `-e NAME=VALUE`, and `--mem=` as `--mem ''`: the
  /// parser would take the first for a long option called `eNAME`, and for the second the next word
  /// as its value. The command stays as it is.
  static func separated(_ arguments: [String]) -> [String] {
    var result: [String] = []
    var rest = arguments[...]
    while let word = rest.first, word.hasPrefix("-"), word != "--", word != "-" {
      rest = rest.dropFirst()
      if isJoined(word), SubmitCommand.values[String(word.prefix(2))] != nil {
        result += [String(word.prefix(2)), String(word.dropFirst(2))]
      } else if word.hasSuffix("="), SubmitCommand.values[String(word.dropLast())] != nil {
        result += [String(word.dropLast()), ""]
      } else {
        result.append(word)
        guard SubmitCommand.values[word] != nil, let value = rest.popFirst() else { continue }
        result.append(value)
      }
    }
    return result + rest
  }

  /// What is asked of a command itself: its help or its version. The parser leaves everything to a
  /// command that captures words, its own flags included.
  static func answer<Command: FlusterCommand>(
    to arguments: [String], _ command: Command.Type
  ) -> String? {
    if ["-h", "--help"].contains(where: { haveOption($0, arguments) }) {
      return command.helpMessage()
    }
    return haveOption("--version", arguments) ? command.configuration.version : nil
  }

  private static func isFlagName(_ word: String) -> Bool {
    SubmitCommand.flags[word] != nil || ["-h", "--help", "--version"].contains(word)
  }

  private static func isJoined(_ word: String) -> Bool {
    !word.hasPrefix("--") && word.count > 2
  }
}
