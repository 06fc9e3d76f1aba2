import FlusterClient

/// The `#FLUSTER` lines of a script: options that stand where they belong, with what they are for.
///
/// They stand in the comments that the script begins with, and are split into words as a shell
/// would, without expanding anything.
struct ScriptOptions {
  private static let mark = Array("#FLUSTER".utf8)

  /// What is asked of the command, and not about the job; and what is run is known already.
  private static let foreign: Set<String> = [
    "-s", "-c", "--socket", "--token", "--wait", "--dry-run", "-q", "-v", "--tie", "--no-tie",
    "--json", "-h", "--help", "--version",
  ]

  /// One line's words, and where it stands.
  private struct Line {
    let place: String
    let words: [String]
  }

  /// All of them, as they would stand on a command line.
  let words: [String]

  /// Reads them. Throws data, with the name and the line, for what may not stand there and for what
  /// is malformed.
  init(_ script: SubmittedScript) throws(Failure) {
    var lines: [Line] = []
    var rest = script.bytes[...]
    var number = 0
    while !rest.isEmpty {
      number += 1
      let bytes = rest.prefix { $0 != UInt8(ascii: "\n") }
      rest = rest[bytes.endIndex...].dropFirst()
      guard let first = bytes.first(where: { !Self.isBlank($0) }) else { continue }
      guard first == UInt8(ascii: "#") else { break }
      let behind = bytes.dropFirst(Self.mark.count).first
      guard bytes.starts(with: Self.mark), behind.map(Self.isBlank) ?? true else { continue }
      let place = "\(script.source.label):\(number)"
      let text = bytes.dropFirst(Self.mark.count)
      lines.append(Line(place: place, words: try ShellWords.split(text, place)))
    }
    for line in lines { try Self.check(line) }
    words = lines.flatMap(\.words)
  }

  /// Refuses what is not plainly an option with its value.
  private static func check(_ line: Line) throws(Failure) {
    var rest = line.words[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("-"), word != "-", word != "--" else {
        throw Failure(
          .data, "\(line.place): \"\(word)\" is no option",
          wayOut: "#FLUSTER lines hold options only")
      }
      let name = word.hasPrefix("--") ? String(word.prefix { $0 != "=" }) : String(word.prefix(2))
      guard !foreign.contains(name) else {
        throw Failure(
          .data, "\(line.place): \(name) cannot stand in a script",
          wayOut: "give it on the command line")
      }
      if SubmitCommand.flags[word] != nil { continue }
      guard SubmitCommand.values[name] != nil else {
        throw Failure(
          .data, "\(line.place): unknown option \(name)",
          wayOut: "the options are those of fluster-submit --help")
      }
      guard name == word else { continue }
      guard rest.popFirst() != nil else {
        throw Failure(.data, "\(line.place): missing value for \"\(name)\"")
      }
    }
    guard let command = SubmitCommand.quick(CommandWords.separated(line.words)) else { return }
    do throws(Failure) {
      try command.checkValues()
    } catch {
      throw Failure(.data, "\(line.place): \(error.message)", wayOut: error.wayOut)
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0d].contains(byte) }
}
