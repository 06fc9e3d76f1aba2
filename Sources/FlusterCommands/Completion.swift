import ArgumentParser
import FlusterClient
import FlusterCore
import Glibc

/// What could stand in place of the last word of a command line, for the completion of shells.
///
/// Printed are lines `word<TAB>what it is`, and for what the shell knows better `:files`,
/// `:directories` or `:commands`.
package struct Completion {
  private let words: [String]
  private var candidates: [(word: String, help: String)] = []
  private var directives: [String] = []

  /// A line up to the cursor: the command, and at the end the word that is being written.
  package init(of words: [String]) { self.words = words }

  /// Prints the candidates for a line. Says nothing of what goes wrong: whoever presses a key wants
  /// neither an error nor to wait.
  static func print(_ words: [String]) throws(Failure) {
    signal(SIGALRM) { _ in _exit(0) }
    alarm(2)
    var completion = Completion(of: words)
    try StandardStream.print(completion.lines().map { "\($0)\n" }.flatMap(\.utf8))
  }

  /// The lines to print.
  package mutating func lines() -> [String] {
    guard let command = words.first, words.count > 1 else { return [] }
    var name = String(command.split(separator: "/").last ?? "")
    var rest = words.dropFirst()
    if name == "fluster" {
      guard let verb = rest.popFirst(), !rest.isEmpty else {
        offerVerbs()
        return written(rest: words[1])
      }
      if verb == "help", rest.count == 1 {
        offerVerbs()
        return written(rest: rest.last ?? "")
      }
      name = "fluster-\(verb)"
    }
    guard let help = Self.help(of: name) else { return [] }
    offer(OptionTable(help: help), of: name, Array(rest))
    return written(rest: rest.last ?? "")
  }

  /// The help of a command, by its name.
  package static func help(of name: String) -> String? {
    switch name {
    case "fluster-submit": SubmitCommand.helpMessage(columns: 200)
    case "fluster-run": RunCommand.helpMessage(columns: 200)
    case "fluster-ls": ListCommand.helpMessage(columns: 200)
    case "fluster-wait": WaitCommand.helpMessage(columns: 200)
    case "fluster-log": LogCommand.helpMessage(columns: 200)
    case "fluster-kill": KillCommand.helpMessage(columns: 200)
    case "fluster-set": SetCommand.helpMessage(columns: 200)
    case "fluster-ctl": ControlCommand.helpMessage(columns: 200)
    case "fluster-endpoint": EndpointCommand.helpMessage(columns: 200)
    case "fluster-up": UpCommand.helpMessage(columns: 200)
    case "fluster-down": DownCommand.helpMessage(columns: 200)
    default: nil
    }
  }

  private mutating func offerVerbs() {
    for line in FrontDoor.help.split(separator: "\n")
    where line.hasPrefix("  ") && !line.hasPrefix("   ") {
      let words = line.split(separator: " ", maxSplits: 1)
      guard let verb = words.first, verb.first != "-", words.count == 2 else { continue }
      candidates.append((String(verb), String(words[1].drop { $0 == " " })))
    }
    for option in ["-h", "--help", "--version"] { candidates.append((option, "")) }
    candidates.append(("help", "show the page of a command"))
  }

  /// What of the candidates begins like the word that is being written.
  private func written(rest: String) -> [String] {
    let fitting = candidates.filter { $0.word.hasPrefix(rest) }
    return fitting.map { $0.help.isEmpty ? $0.word : "\($0.word)\t\($0.help)" } + directives
  }

  // MARK: The words of a command

  private mutating func offer(_ table: OptionTable, of name: String, _ words: [String]) {
    var operands: [String] = []
    var given: [String: String] = [:]
    var waiting: OptionTable.Option?
    var isPastOptions = false
    let takesCommand = ["fluster-submit", "fluster-run"].contains(name)
    for word in words.dropLast() {
      if let option = waiting {
        given[option.names[0]] = word
        waiting = nil
      } else if isPastOptions || !word.hasPrefix("-") || word == "-" {
        operands.append(word)
        if takesCommand { isPastOptions = true }
      } else if word == "--" {
        isPastOptions = true
      } else if let option = table.option(word) {
        if option.value != nil { waiting = option }
        given[option.names[0]] = ""
      } else if let sign = word.firstIndex(of: "="),
        let option = table.option(String(word[..<sign]))
      {
        given[option.names[0]] = String(word[word.index(after: sign)...])
      }
    }
    let current = words.last ?? ""
    var source = CompletionSource(command: name, given: given)
    if let waiting {
      add(source.values(of: waiting, current))
    } else if !isPastOptions, current.hasPrefix("--"), let sign = current.firstIndex(of: "=") {
      guard let option = table.option(String(current[..<sign])) else { return }
      let prefix = String(current[...sign])
      let (found, directive) = source.values(of: option, String(current.dropFirst(prefix.count)))
      add((found.map { (prefix + $0.0, $0.1) }, directive))
    } else if !isPastOptions, current.hasPrefix("-") {
      for option in table.options {
        for name in option.names { candidates.append((name, option.help)) }
      }
    } else if takesCommand {
      directives.append(operands.isEmpty ? ":commands" : ":files")
    } else {
      add(source.operands(table, operands, current))
    }
  }

  private mutating func add(_ found: CompletionSource.Found) {
    candidates += found.candidates
    if let directive = found.directive { directives.append(directive) }
  }
}
