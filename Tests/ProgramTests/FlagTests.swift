import FlusterTesting
import Testing

extension Programs {
  /// Each option of each command, with what it takes and what it refuses. The names come from
  /// --help: an option without a row is a failure.
  @Suite("every option")
  struct Flags {
    /// An option that takes a value.
    struct Row {
      /// Any of its names.
      let flag: String
      /// What it stands beside.
      var with: [String] = []
      /// Values that are taken.
      let good: [String]
      /// Values that are no such thing: 64.
      let bad: [String]
      /// Values that are one, and ask for what cannot be: 65 or 66.
      var vain: [String: Int32] = [:]
    }

    /// A command, what its options stand before and behind, and its rows.
    struct Table {
      let command: String
      let before: [String]
      var behind: [String] = []
      let rows: [Row]
      /// The status of every failure, where the command carries a task's.
      var failure: Int32?
      /// Options without a value that cannot stand alone here, or never end.
      var alone: [String: [String]] = [:]
    }

    @Test("takes what it should, refuses everything else, and has the status of the pages")
    func values() throws {
      try Instance.with(
        worker: ["--cpus", "2", "--mem", "2G", "-r", "gpu=1", "--attribute", "zone=b"]
      ) { instance in
        let ended = try instance.submit("-n", "ended", "-E", "errors", "--", "true")
        #expect(try instance.wait(ended) == 0)
        try write("true\n", to: "\(instance.files)/a-script")
        let held = try instance.submit("--hold", "--", "true")
        for table in FlagRows.tables(ended: ended, held: held) {
          let known = try options(of: table.command, instance)
          for (names, takesValue) in known {
            if takesValue {
              let row = table.rows.first { names.contains($0.flag) }
              guard let row else {
                Issue.record("\(table.command) \(names[0]) has no row in FlagRows.swift")
                continue
              }
              for name in names { try check(row, name, table, instance) }
            } else {
              for name in names { try check(flag: name, table, instance) }
            }
          }
          let all = Set(known.flatMap(\.names))
          #expect(Set(table.rows.map(\.flag)).subtracting(all).isEmpty, "\(table.command)")
        }
      }
    }

    /// Scenarios 97, 98.
    @Test("a nameless variable or an unknown option before -- is an error, and submits nothing")
    func nothing() throws {
      try Instance.with { instance in
        for words in [
          ["-e", "=x"], ["-e", ""], ["-e"], ["--no-such"], ["-Z"], ["--cpus=1", "-x"],
        ] {
          let refused = try instance.launch(["fluster-submit"] + words + ["--", "true"]).finish()
          #expect(refused.status == 64 && refused.output.isEmpty, "\(words): \(refused)")
        }
        #expect(try instance.run("fluster-ls", "-A", "-q").output.isEmpty)
      }
    }

    private func options(
      of command: String, _ instance: Instance
    ) throws -> [(names: [String], takesValue: Bool)] {
      let help = try instance.run(command, "--help")
      #expect(help.status == 0 && help.errors.isEmpty, "\(command): \(help)")
      return help.output.split(separator: "\n").filter { $0.hasPrefix("  -") }.map { line in
        let names = line.prefix { $0 != "<" }.dropFirst(2).split(separator: "  ")[0]
          .split { ", /".contains($0) }.map(String.init)
        return (names, line.contains("<"))
      }
    }

    private func check(
      _ row: Row, _ name: String, _ table: Table, _ instance: Instance
    ) throws {
      func run(_ words: [String]) throws -> Finished {
        try instance.launch([table.command] + table.before + row.with + words + table.behind)
          .finish()
      }
      let joined = name.hasPrefix("--") ? "\(name)=" : name
      for value in row.good {
        let finished = try run([name, value])
        #expect(finished.status == 0, "\(table.command) \(name) \(value): \(finished)")
        let together = try run(["\(joined)\(value)"])
        #expect(together.status == 0, "\(table.command) \(joined)\(value): \(together)")
      }
      for value in row.bad {
        let finished = try run([name, value])
        let expected = table.failure ?? 64
        #expect(finished.status == expected, "\(table.command) \(name) \(value): \(finished)")
        #expect(finished.output.isEmpty, "\(table.command) \(name) \(value): \(finished)")
        let lines = finished.errors.split(separator: "\n")
        #expect((1...2).contains(lines.count), "\(table.command) \(name) \(value): \(finished)")
        #expect(lines.allSatisfy { $0.hasPrefix("\(table.command): ") }, "\(finished)")
      }
      for (value, status) in row.vain {
        let finished = try run([name, value])
        #expect(
          finished.status == table.failure ?? status,
          "\(table.command) \(name) \(value): \(finished)")
      }
      // Without any value.
      let bare = try instance.launch([table.command] + table.before + [name]).finish()
      #expect(bare.status == table.failure ?? 64, "\(table.command) \(name): \(bare)")
    }

    private func check(flag name: String, _ table: Table, _ instance: Instance) throws {
      let with = table.alone[name] ?? []
      guard with != ["skip"] else { return }
      let finished = try instance.launch(
        [table.command] + table.before + with + [name] + table.behind
      ).finish()
      #expect(finished.status == 0, "\(table.command) \(name): \(finished)")
      guard name.hasPrefix("--"), !["--help", "--version"].contains(name) else { return }
      let given = try instance.launch(
        [table.command] + table.before + with + ["\(name)=x"] + table.behind
      ).finish()
      #expect(given.status == table.failure ?? 64, "\(table.command) \(name)=x: \(given)")
    }
  }
}
