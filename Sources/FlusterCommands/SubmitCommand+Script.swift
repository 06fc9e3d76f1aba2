import FlusterClient
import Glibc

/// Whether what is submitted is a script, and which.
extension SubmitCommand {
  /// Where the script comes from; nil if there is a command instead.
  func scriptSource() throws(Failure) -> SubmittedScript.Source? {
    if let file = many.script {
      guard many.line == nil else { throw .usage("-c and -s exclude each other") }
      guard !file.isEmpty else { throw .usage("-s: the file is empty") }
      guard words.first != "-" else {
        throw .usage("-s and - exclude each other: what is run is one script")
      }
      _ = try scriptArguments()
      guard file != "-" || many.eachLine != "-" else { throw Self.inputTwice }
      return file == "-" ? .standardInput : .file(file)
    }
    guard many.line == nil else { return nil }
    if words.first == "-" {
      guard many.eachLine != "-" else { throw Self.inputTwice }
      return .standardInput
    }
    guard try CommandWords.command(in: words).isEmpty else { return nil }
    // Somebody at a terminal has forgotten the command, and should be told so.
    return isatty(STDIN_FILENO) == 1 || many.eachLine == "-" ? nil : .standardInput
  }

  private static let inputTwice = Failure.usage(
    "standard input cannot be the script and the lines of --each-line",
    wayOut: "give one of them as a file")

  /// The lines that have a task each; nil if the job is no list.
  func entryList(_ voice: Voice) throws(Failure) -> EntryList? {
    guard let path = many.eachLine else { return nil }
    return try EntryList(path, voice)
  }

  /// How many of the words are arguments of the script.
  func scriptArguments() throws(Failure) -> Int {
    // Behind a "-" everything is.
    if many.script == nil, words.first == "-" { return words.count - 1 }
    return try CommandWords.command(in: words).count
  }

  /// The script itself, read now, and the command line as if the options in the script stood before
  /// all others on it: of those that have one value the last one counts.
  ///
  /// `parse` reads the words of a command line of the command that this is part of.
  func withScript(
    _ parse: ([String]) -> Runner.Parsed<Self> = { Runner.parse(Self.self, $0) }
  ) throws(Failure) -> (command: Self, script: SubmittedScript?) {
    guard let source = try scriptSource() else { return (self, nil) }
    let script = try SubmittedScript(from: source)
    let options = try ScriptOptions(script).words
    guard !options.isEmpty else { return (self, script) }
    switch parse(options + CommandLine.arguments.dropFirst()) {
    case .command(let command): return (command, script)
    case .wrong(let failure): throw failure
    // It was none before.
    case .answer: return (self, script)
    }
  }
}
