import FlusterCore
import FlusterSystem

/// How far a long piece of work has come: one line on standard error that changes, for a person at
/// a terminal. Work of less than a second shows nothing, and at its end the line is gone.
package struct Progress {
  /// Between two changes of the line.
  private static let pause = Span(milliseconds: 200)

  private let program: String
  private let isWanted: Bool
  private var next: Instant
  private var isShown = false

  /// Of work that begins now; never shown with `-q`, nor where a line cannot be rewritten.
  package init(_ voice: Voice) {
    program = voice.program
    isWanted =
      !voice.isQuiet && StandardStream.error.isTerminal
      && Environment.variable("TERM") != "dumb"
    next = Pause.now + .seconds(1)
  }

  /// Says how far it is, if it is time to; `text` is not made otherwise.
  package mutating func reach(_ text: @autoclosure () -> String) {
    guard isWanted, Pause.now >= next else { return }
    next = Pause.now + Self.pause
    isShown = true
    write("\(program): \(text())")
  }

  /// Takes the line away; before anything else is said.
  package mutating func end() {
    guard isShown else { return }
    isShown = false
    write("")
  }

  private func write(_ text: String) {
    // To the beginning of the line, and nothing right of what is written there.
    _ = StandardStream.error.write(Array("\r\(text)\u{1b}[K".utf8))
  }
}
