import FlusterTesting
import Glibc
import Testing

/// What the examples find around them: the programs that they call, and the jobs that they name.
struct ExampleStage {
  /// Of the worker, for examples with constraints.
  static let attributes = [
    "--attribute", "ssd=yes", "--attribute", "ghz=5", "--attribute", "rack=3",
  ]

  /// Examples that cannot be run here, by words in them, and why.
  private static let unrunnable = [
    ("fluster up", "it starts daemons that outlive the test; PrivateInstanceTests does"),
    ("fluster down", "it stops those"),
    ("journalctl", "there may be no journal"),
    ("freeze", "without control groups nothing is frozen"),
    ("curl", "it is for a program inside a job"),
  ]

  /// Programs that do nothing, and those that have something to do.
  private static let programs = [
    "backup", "clean", "client", "convert", "fetch", "import", "index", "mesh", "publish", "report",
    "server", "simulate", "step1", "step2", "train", "build",
  ]

  private let instance: Instance
  private let directory: String
  /// What the numbers of the page are here.
  private var ids: [String: String] = [:]

  init(_ instance: Instance) throws {
    self.instance = instance
    directory = instance.files
    mkdir("\(directory)/bin", 0o700)
    for program in Self.programs {
      for path in ["\(directory)/\(program)", "\(directory)/bin/\(program)"] {
        try write("#!/bin/sh\nexit 0\n", to: path)
        chmod(path, 0o700)
      }
    }
    try write("#!/bin/sh\nexec sleep 1000\n", to: "\(directory)/server")
    chmod("\(directory)/server", 0o700)
    try write("b\na\n", to: "\(directory)/big.txt")
    try write("big.txt\n", to: "\(directory)/list")
    for name in ["one.csv", "two.csv"] { try write("1\n", to: "\(directory)/\(name)") }
    try write("all: one two\none two:\n\t@true\n", to: "\(directory)/Makefile")
    // The pages' job 42 is an array that runs.
    try eventually("the worker is there") {
      try instance.run("fluster-ctl", "workers").output.contains("ready")
    }
    ids["42"] = try instance.submit("-a", "1-9%2", "-n", "sweep", "-c", "echo error: x; sleep 1000")
    ids["44"] = try instance.submit("--hold", "-n", "nightly", "--", "true")
    ids["43"] = try instance.submit("--", "true")
    try instance.waitUntil("\(ids["42"] ?? "").1", is: "running")
  }

  /// Why an example is not run; nil: it is.
  static func skipped(_ example: ManualPage.Example) -> String? {
    let text = example.lines.joined(separator: "\n")
    return unrunnable.first { text.contains($0.0) }?.1
  }

  /// Ends what the examples have left.
  func clear() throws {
    try instance.run("sh", "-c", "fluster-ls -q | fluster-kill -")
  }

  // MARK: Running

  /// Runs the commands of a transcript one after the other.
  mutating func run(_ steps: [ManualPage.Step], at place: String) throws {
    for step in steps {
      var shown = try shell(here(step.command), at: place)
      guard !step.output.isEmpty else {
        #expect(shown.status == 0, "\(place): \(step.command)\n\(shown)")
        continue
      }
      note(step.output, Self.told(shown))
      let expected = step.output.map(here)
      // What only looks may look again: what came before it may still be starting.
      let looks = ["fluster-ls", "fluster-endpoint"].contains { step.command.hasPrefix($0) }
      let deadline = Deadline(seconds: 10)
      while looks, !Self.matches(expected[...], Self.told(shown)[...]), !deadline.hasPassed {
        shown = try shell(here(step.command), at: place)
      }
      #expect(
        Self.matches(expected[...], Self.told(shown)[...]),
        "\(place): \(step.command)\nexpected:\n\(expected.joined(separator: "\n"))\n\(shown)")
    }
  }

  /// What a command printed, without what is so of this machine: it may have no control groups.
  private static func told(_ shown: Finished) -> [String] {
    shown.lines.filter { !$0.contains("no worker can enforce ") }
  }

  /// Runs a script as it is.
  mutating func run(script: String, at place: String) throws {
    let shown = try shell("set -e\n" + here(script), at: place)
    #expect(shown.status == 0, "\(place): \(script)\n\(shown)")
  }

  private func shell(_ script: String, at place: String) throws -> Finished {
    try write(script + "\n", to: "\(directory)/script")
    let program = try Program(
      ["bash", "-c", "PATH=$PWD/bin:$PATH; exec 2>&1; . ./script"],
      environment: instance.environment, directory: directory)
    do {
      return try program.finish(within: 20)
    } catch {
      Issue.record("\(place): \(script) does not end: \(program.outputSoFar)")
      throw error
    }
  }

  /// The page's numbers of jobs replaced by ours.
  private func here(_ text: String) -> String {
    var result = ""
    var before: Character = " "
    var rest = text[...]
    while let character = rest.first {
      let number = rest.prefix { $0.isNumber }
      // Not within a word, a time, a range or another number.
      let isWhole = !before.isLetter && !":.%-_".contains(before)
      if isWhole, let id = ids[String(number)] {
        result += id
        rest = rest.dropFirst(number.count)
        before = "0"
      } else {
        let count = max(1, number.count)
        result += rest.prefix(count)
        rest = rest.dropFirst(count)
        before = character
      }
    }
    return result
  }

  /// A number that is all a command prints is an id from now on.
  private mutating func note(_ expected: [String], _ shown: [String]) {
    for (page, ours) in zip(expected, shown) where UInt64(page) != nil && UInt64(ours) != nil {
      ids[page] = ours
    }
  }

  // MARK: Comparing

  /// Whether lines are as expected, whatever stands for `...`.
  static func matches(_ expected: ArraySlice<String>, _ shown: ArraySlice<String>) -> Bool {
    guard let first = expected.first else { return shown.isEmpty }
    if first == "..." {
      return (shown.startIndex...shown.endIndex).contains {
        matches(expected.dropFirst(), shown[$0...])
      }
    }
    guard let line = shown.first, words(first) == words(line) else { return false }
    return matches(expected.dropFirst(), shown.dropFirst())
  }

  /// The words of a line, with what differs from run to run named for what it is.
  private static func words(_ line: String) -> [String] {
    let user = String(cString: getpwuid(geteuid()).pointee.pw_name)
    return line.split(separator: " ").map(String.init).map { word in
      switch word {
      case "alice", user: "USER"
      case let word where word.contains(/^[\w.-]+:3\d{4}$/): "ADDRESS"
      case let word where word.contains(/^\d{4}-\d\d-\d\d$/): "DATE"
      case let word where word.contains(/^\d\d:\d\d:\d\d(\.\d+)?$/): "TIME"
      case let word where word.contains(/^[\d.]+(ms|s|m|h|d)[,.]?$/): "SPAN"
      case let word where word.contains(/^[\d.]+[KMGT][,.]?$/): "SIZE"
      default: word
      }
    }
  }

  // MARK: Checking

  /// Lines of a crontab: their fields, no percent sign that cron would take for an end of line, and
  /// a command that a shell can read.
  func check(crontab lines: [String], at place: String) throws {
    for line in lines {
      guard let match = line.wholeMatch(of: /(?:@[a-z]+|(?:[0-9*\/,-]+ +){4}[0-9*\/,-]+) +(.*)/)
      else {
        Issue.record("\(place): not of the form of crontab(5): \(line)")
        continue
      }
      let command = String(match.1)
      #expect(
        !command.replacing("\\%", with: "").contains("%"), "\(place): % ends a command: \(line)")
      try write(command.replacing("\\%", with: "%") + "\n", to: "\(directory)/script")
      let read = try instance.run("sh", "-n", "./script")
      #expect(read.status == 0 && read.errors.isEmpty, "\(place): \(line)\n\(read)")
    }
  }

  /// Units, by systemd's own check.
  func check(units: [(name: String, text: String)], at place: String) throws {
    #expect(!units.isEmpty, "\(place): no unit has its name in a comment")
    mkdir("\(directory)/units", 0o700)
    for unit in units { try write(unit.text, to: "\(directory)/units/\(unit.name)") }
    guard access("/usr/bin/systemd-analyze", X_OK) == 0 else {
      #expect(maySkip(because: "systemd-analyze is not installed"))
      return
    }
    for unit in units {
      let checked = try instance.run(
        "systemd-analyze", "verify", "--man=no", "./units/\(unit.name)")
      let complaints = (checked.errors + checked.output).split(separator: "\n").filter {
        $0.contains(unit.name) && !$0.contains("is not executable")
      }
      #expect(complaints.isEmpty, "\(place): \(complaints.joined(separator: "\n"))")
    }
  }
}
