import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("completion")
  struct Completions {
    private static let directory =
      #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/\($1)" }
      + "/contrib/completion"

    /// What each shell is started with, so that it takes nothing from the machine.
    private static let shells: [String: [String]] = [
      "bash": ["bash", "--norc", "--noprofile", "-i"],
      "zsh": ["zsh", "-f", "-i"],
      "fish": ["fish", "--no-config", "-i"],
    ]

    private static let beginnings: [String: String] = [
      "bash": "bind 'set completion-query-items 0'; bind 'set page-completions off'\n"
        + "bind 'set show-all-if-ambiguous on'\n"
        + "source \(directory)/fluster.bash; PS1=; echo re''ady\n",
      "zsh": "fpath=(\(directory) $fpath); autoload -U compinit; compinit -u -D; LISTMAX=10000; "
        + "PS1=; echo re''ady\n",
      "fish": "source \(directory)/fluster.fish; echo re''ady\n",
    ]

    private static func isInstalled(_ shell: String) -> Bool {
      ["/bin", "/usr/bin"].contains { access("\($0)/\(shell)", X_OK) == 0 }
    }

    private func offered(
      _ instance: Instance, _ line: String, in shell: String
    ) throws -> Set<String> {
      let finished: Finished
      switch shell {
      case "fish":
        finished = try instance.run(
          "fish", "--no-config", "-c",
          "source \(Self.directory)/fluster.fish; complete -C (string trim -c '|' -- '\(line)|')")
      default:
        finished = try instance.run(
          "bash", "-c",
          """
          source \(Self.directory)/fluster.bash
          COMP_LINE=$1; COMP_POINT=${#1}; _fluster; printf '%s\\n' "${COMPREPLY[@]}"
          """, "bash", line)
      }
      return Set(
        finished.lines.map { String($0.split(separator: "\t").first ?? "") }.filter { !$0.isEmpty })
    }

    @Test("jobs, names, keys and workers are offered as they are now, and nothing without flusterd")
    func live() throws {
      try Instance.with { instance in
        let first = try instance.submit("-n", "two words", "-k", "a", "--", "sleep", "1000")
        let second = try instance.submit("-n", "other", "--hold", "--", "true")
        let ended = try instance.submit("--", "true")
        try instance.run("fluster-wait", ended)
        try instance.waitUntil(first, is: "running")
        for shell in ["bash", "fish"] where Self.isInstalled(shell) {
          let offered = { (line: String) in try self.offered(instance, line, in: shell) }
          #expect(try offered("fluster-kill ") == [first, second, "@last", "name:", "key:"])
          #expect(try offered("fluster kill ").contains(first))
          #expect(try offered("fluster-log ").isSuperset(of: [first, second, ended]))
          #expect(try offered("fluster-ctl drain ") == ["w1"])
          #expect(try offered("fluster-submit -k ") == ["a"])
          #expect(try offered("fluster-set \(first) ").isSuperset(of: ["hold", "release", second]))
          #expect(try offered("fluster-set \(first) band b") == ["batch"])
          #expect(try offered("fluster-submit --band p") == ["production"])
          #expect(try offered("fluster-ls --state running,pe").contains("running,pending"))
          #expect(try offered("fluster l") == ["ls", "log"])
          let names = try offered("fluster-wait name:o")
          #expect(names == [shell == "bash" ? "other" : "name:other"], "\(names)")
          let enumerated = try offered("fluster-submit --if-exists=r")
          let prefix = shell == "bash" ? "" : "--if-exists="
          #expect(enumerated == ["\(prefix)return", "\(prefix)replace"], "\(enumerated)")
        }
        try instance.end(.controller, by: SIGKILL)
        let silent = try instance.run("fluster", "complete", "fluster-kill", "")
        #expect(silent.status == 0 && silent.errors.isEmpty, "\(silent)")
        #expect(silent.lines.allSatisfy { !$0.hasPrefix(first) })
        try instance.start(.controller)
        try instance.run("fluster-kill", first, second)
      }
    }

    @Test("every option that a command knows is offered, by each shell")
    func options() throws {
      try Instance.with(daemons: []) { instance in
        let commands = try instance.run("fluster", "complete", "fluster", "").lines
          .compactMap { $0.split(separator: "\t").first.map(String.init) }
          .filter { !$0.hasPrefix("-") && !["up", "down", "help"].contains($0) }
        #expect(commands.count >= 9)
        for command in commands {
          let help = try instance.run("fluster-\(command)", "--help").output
          let known = Set(
            help.split(separator: "\n").filter { $0.hasPrefix("  -") }.flatMap { line in
              line.prefix { $0 != "<" }.split(separator: " ").map { $0.filter { $0 != "," } }
                .prefix { $0.hasPrefix("-") }.flatMap { $0.split(separator: "/").map(String.init) }
            })
          #expect(known.count >= 4)
          for shell in ["bash", "fish"] where Self.isInstalled(shell) {
            let found = try offered(instance, "fluster-\(command) -", in: shell)
            #expect(known.subtracting(found).isEmpty, "\(shell) \(command)")
          }
        }
      }
    }

    @Test("a key pressed in a real shell shows the jobs", arguments: ["bash", "zsh", "fish"])
    func pressed(shell: String) throws {
      guard Self.isInstalled(shell), let words = Self.shells[shell] else {
        #expect(maySkip(because: "\(shell) is not installed"))
        return
      }
      try Instance.with { instance in
        let ids = try (1...2).map { try instance.submit("-n", "job\($0)", "--hold", "--", "true") }
        let terminal = try Terminal(
          words, environment: instance.environment, directory: instance.files, columns: 100)
        terminal.type(Self.beginnings[shell] ?? "")
        try terminal.shows("ready")
        terminal.type("fluster-kill name:j\t\t")
        try terminal.shows("job1")
        try terminal.shows("job2")
        terminal.type("\u{15}fluster-kill @l\t; echo do''ne\n")
        try terminal.shows("done")
        try instance.waitUntil(ids[1], is: "killed")
        terminal.type("\u{15}exit\n")
        _ = try terminal.finish()
        try instance.run("fluster-kill", ids[0])
      }
    }
  }
}
