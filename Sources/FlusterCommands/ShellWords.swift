import FlusterClient

/// A line as a shell splits it into words: blanks part them, quotes and backslashes keep blanks
/// together, and `#` before a word begins a comment. Nothing is expanded.
enum ShellWords {
  /// The words of a line. Throws data, naming `place`, for a quote that does not end and for what
  /// is not UTF-8.
  static func split(_ line: ArraySlice<UInt8>, _ place: String) throws(Failure) -> [String] {
    guard let text = String(validating: line, as: UTF8.self) else {
      throw Failure(.data, "\(place): the line is not UTF-8")
    }
    var words: [String] = []
    var word: String?
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      switch scalar {
      case " ", "\t", "\r":
        if let word { words.append(word) }
        word = nil
      case "#" where word == nil: return words
      case "'":
        word = (word ?? "") + (try quoted(&rest, by: "'", place))
      case "\"":
        word = (word ?? "") + (try quoted(&rest, by: "\"", place))
      case "\\":
        guard let next = rest.popFirst() else {
          throw Failure(.data, "\(place): nothing follows the last backslash")
        }
        word = (word ?? "") + String(next)
      case _: word = (word ?? "") + String(scalar)
      }
    }
    if let word { words.append(word) }
    return words
  }

  private static func quoted(
    _ rest: inout String.UnicodeScalarView.SubSequence, by quote: Unicode.Scalar, _ place: String
  ) throws(Failure) -> String {
    var text = ""
    while let scalar = rest.popFirst() {
      if scalar == quote { return text }
      var shown = scalar
      if scalar == "\\", quote == "\"", let next = rest.first,
        "\"\\$`".unicodeScalars.contains(next)
      {
        shown = next
        rest.removeFirst()
      }
      text.unicodeScalars.append(shown)
    }
    throw Failure(.data, "\(place): a \(quote) is not closed")
  }
}
