import FlusterTesting

/// Tests/scenarios.txt: which test shows which numbered behaviour.
///
/// A line that begins with a number names the behaviour; indented lines below it are the tests,
/// each `FILE: SENTENCE`. Behind the line `open` stand those without a test yet, each with the
/// reason in the indented line below it.
struct ScenarioTable {
  static let path = "Tests/scenarios.txt"

  /// By number, the tests that are said to show it.
  private(set) var shown: [Int: Set<String>] = [:]
  /// By number, why no test shows it yet.
  private(set) var open: [Int: String] = [:]
  /// Lines that make no sense where they are.
  private(set) var odd: [String] = []

  init(_ file: SourceFile) {
    var number: Int?
    var isOpen = false
    for line in file.lines where !line.isEmpty && !line.hasPrefix("#") {
      if line == "open" {
        isOpen = true
        number = nil
      } else if line.hasPrefix("  "), let number {
        let text = String(line.drop { $0 == " " })
        if isOpen {
          open[number, default: ""] += text
        } else {
          shown[number, default: []].insert(text)
        }
      } else if let match = line.wholeMatch(of: /(\d+) \S.*/), let next = Int(match.1),
        shown[next] == nil, open[next] == nil
      {
        number = next
        if isOpen { open[next] = "" } else { shown[next] = [] }
      } else {
        odd.append(line)
      }
    }
  }
}

/// What tests say of themselves, by comments like `/// Scenarios 12, 13.` right above them.
struct ScenarioComments {
  /// By number, `FILE: SENTENCE` of the tests that say that they show it.
  private(set) var tests: [Int: Set<String>] = [:]
  /// Lines that speak of a numbered scenario in another form, or above no test.
  private(set) var odd: [String] = []

  init(_ files: [SourceFile]) {
    for file in files {
      for (place, line) in file.lines.enumerated() {
        guard line.contains(/[Ss]cenarios? +\d/) else { continue }
        guard let match = line.wholeMatch(of: /\ *\/\/\/ Scenarios? (\d+(?:, \d+)*)[.,].*/),
          let sentence = Self.sentence(below: place, in: file)
        else {
          odd.append("\(file):\(place + 1): \(line)")
          continue
        }
        for number in match.1.split(separator: ", ").compactMap({ Int($0) }) {
          tests[number, default: []].insert("\(file.path.dropFirst("Tests/".count)): \(sentence)")
        }
      }
    }
  }

  /// The sentence of the test that the comment belongs to.
  private static func sentence(below place: Int, in file: SourceFile) -> String? {
    let below = file.lines[(place + 1)...].drop { $0.contains(/^ *\/\/\//) }
    let text = below.prefix(2).joined(separator: "\n")
    return text.prefixMatch(of: /\s*@Test\(\s*"((?:[^"\\]|\\.)+)"/).map { String($0.1) }
  }
}
