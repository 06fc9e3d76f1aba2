/// How a command talks on standard error: `fluster-ls: sentence`, one line each.
package struct Voice: Sendable {
  /// The name before each line.
  package let program: String
  /// No notices.
  package let isQuiet: Bool
  /// Says what usually goes without saying.
  package let isVerbose: Bool

  /// The voice of the command called `program`.
  package init(program: String, isQuiet: Bool = false, isVerbose: Bool = false) {
    self.program = program
    self.isQuiet = isQuiet
    self.isVerbose = isVerbose
  }

  /// The same without notices and details.
  package var silenced: Voice { Voice(program: program, isQuiet: true) }

  /// A failure: its sentence, and the way out on a second line.
  package func complain(_ failure: Failure) {
    say(failure.message)
    if let wayOut = failure.wayOut { say(wayOut) }
  }

  /// Something the caller should know; nothing with `-q`.
  package func notice(_ sentence: String) {
    if !isQuiet { say(sentence) }
  }

  /// Something the caller asked to know with `-v`.
  package func detail(_ sentence: String) {
    if isVerbose { say(sentence) }
  }

  /// A line whatever the options are. What standard error does not take is lost.
  package func say(_ sentence: String) {
    let line = sentence.split(separator: "\n").joined(separator: "; ")
    _ = StandardStream.error.write(Array("\(program): \(line)\n".utf8))
  }
}
