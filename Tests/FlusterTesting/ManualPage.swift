/// The examples of a manual page: what a reader is told to write, and what it is said to print.
package struct ManualPage {
  /// A display of a page.
  package struct Example {
    /// Where it begins, from 1.
    package let line: Int
    package let lines: [String]

    /// What kind of text it is.
    package enum Kind {
      /// Lines with the prompt `$ `, or `# ` for root, and below each what it prints.
      case transcript([Step])
      /// Sections of a configuration file or of a unit.
      case settings
      /// A shell script, without prompts.
      case script
      /// Lines of a crontab.
      case crontab
      /// Files of systemd units: each begins with a comment that is its name.
      case units([(name: String, text: String)])
    }
  }

  /// A command and what it prints: nothing in particular if that is empty.
  package struct Step {
    package var command: String
    package var output: [String] = []
  }

  package let examples: [Example]

  /// The displays of the sections EXAMPLES and, of a page that is all examples, of every section.
  package init(_ source: String, everywhere: Bool) {
    var examples: [Example] = []
    var isWanted = everywhere
    var display: (line: Int, lines: [String])?
    for (index, line) in source.split(separator: "\n", omittingEmptySubsequences: false)
      .enumerated()
    {
      if line.hasPrefix(".Sh ") { isWanted = everywhere || line == ".Sh EXAMPLES" }
      guard isWanted else { continue }
      if line.hasPrefix(".Dl ") {
        examples.append(Example(line: index + 1, lines: [Self.plain(line.dropFirst(4))]))
      } else if line.hasPrefix(".Bd -literal") {
        display = (index + 1, [])
      } else if line == ".Ed", let ended = display {
        examples.append(Example(line: ended.line, lines: ended.lines))
        display = nil
      } else if display != nil {
        display?.lines.append(Self.plain(line))
      }
    }
    self.examples = examples
  }

  /// As the reader sees it.
  private static func plain(_ line: Substring) -> String {
    String(line).replacing("\\(dq", with: "\"").replacing("\\e", with: "\\").replacing(
      "\\&", with: ""
    )
    .replacing("\\(aq", with: "'").replacing("\\-", with: "-")
  }
}

extension ManualPage.Example {
  /// Told by its first line.
  package var kind: Kind {
    if lines.contains(where: Self.isPrompt) { return .transcript(steps) }
    if lines[0].hasPrefix("[") { return .settings }
    if lines.contains("[Unit]") || lines.contains("[Timer]") { return .units(units) }
    if lines.allSatisfy({ $0.contains(/^(@[a-z]+|([0-9*\/,-]+ +){5})/) }) { return .crontab }
    return .script
  }

  private var steps: [ManualPage.Step] {
    var steps: [ManualPage.Step] = []
    var isOpen = false
    for line in lines {
      if Self.isPrompt(line) {
        steps.append(ManualPage.Step(command: String(line.dropFirst(2))))
      } else if isOpen, !steps.isEmpty {
        steps[steps.count - 1].command += "\n" + line
      } else if !steps.isEmpty {
        steps[steps.count - 1].output.append(line)
        continue
      }
      isOpen = steps.last.map { Self.isOpen($0.command) } ?? false
    }
    return steps
  }

  /// Whether a line begins a command; a unit's comment looks like root's.
  private static func isPrompt(_ line: String) -> Bool {
    line.hasPrefix("$ ") || line.hasPrefix("# ") && !line.contains(/^# [\w@-]+\.\w+$/)
  }

  /// Whether a command goes on in the next line.
  private static func isOpen(_ command: String) -> Bool {
    if command.hasSuffix("\\") || command.hasSuffix("|") || command.hasSuffix("&&") { return true }
    var quote: Character?
    var isEscaped = false
    for character in command {
      if isEscaped {
        isEscaped = false
      } else if character == "\\", quote != "'" {
        isEscaped = true
      } else if character == quote {
        quote = nil
      } else if quote == nil, "'\"".contains(character) {
        quote = character
      }
    }
    let words = command.split(whereSeparator: { " \n;".contains($0) })
    return quote != nil || words.count { $0 == "do" } > words.count { $0 == "done" }
  }

  private var units: [(name: String, text: String)] {
    var units: [(name: String, text: String)] = []
    for line in lines {
      if let match = line.wholeMatch(of: /# ([\w@-]+\.(?:service|timer|socket|path))/) {
        units.append((String(match.1), ""))
      } else if !units.isEmpty {
        units[units.count - 1].text += line + "\n"
      }
    }
    return units
  }
}
