/// The options of a command as its help lists them: what may stand on its command line, from the
/// one place that is never out of date.
package struct OptionTable {
  /// One option.
  package struct Option: Hashable {
    /// With their hyphens; the first is the shorter one.
    package let names: [String]
    /// What its value is called; nil if it takes none.
    package let value: String?
    package let help: String
  }

  package private(set) var options: [Option] = []
  /// What may stand where the usage has words in place of names: `hold`, and `band word` with the
  /// value that it takes.
  package private(set) var verbs: [(word: String, value: String)] = []

  /// The table in the text of `--help`.
  package init(help: String) {
    var isUsage = false
    for line in help.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("USAGE: ") { isUsage = true }
      if line.isEmpty { isUsage = false }
      if isUsage { addVerbs(of: line) } else { addOption(of: line) }
    }
  }

  /// The option of that name.
  package func option(_ name: String) -> Option? {
    options.first { $0.names.contains(name) }
  }

  /// `  -k, --key <key>         Submit it once under this key.`
  private mutating func addOption(of line: Substring) {
    guard line.hasPrefix("  -") else { return }
    var rest = line.dropFirst(2)
    var found: [String] = []
    while rest.hasPrefix("-") {
      let name = rest.prefix { !" ,/".contains($0) }
      found.append(String(name))
      rest = rest.dropFirst(name.count).drop { ", /".contains($0) }
    }
    var value: String?
    if rest.hasPrefix("<"), let end = rest.firstIndex(of: ">") {
      value = String(rest[rest.index(after: rest.startIndex)..<end])
      rest = rest[rest.index(after: end)...].drop { $0 == " " }
    }
    options.append(Option(names: found, value: value, help: String(rest)))
  }

  /// `fluster-set [options] selector ... hold|release`
  private mutating func addVerbs(of line: Substring) {
    guard let options = line.firstRange(of: "[options] ") else { return }
    var rest = line[options.upperBound...]
    if rest.hasPrefix("selector ... ") { rest = rest.dropFirst("selector ... ".count) }
    for verb in rest.prefix(while: { $0 != "[" }).split(separator: "|") {
      let words = verb.split(separator: " ", maxSplits: 1).map(String.init)
      guard let word = words.first else { continue }
      verbs.append((word, words.count > 1 ? words[1] : ""))
    }
  }
}
