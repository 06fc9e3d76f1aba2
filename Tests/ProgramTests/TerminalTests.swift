import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("on a terminal")
  struct Terminals {
    @Test("Ctrl-C goes to the job of fluster-run once, and a second one kills it")
    func interrupts() throws {
      try Instance.with { instance in
        let run = { (script: String) in
          try Terminal(
            ["fluster-run", "-n", "held", "sh", "-c", script], environment: instance.environment,
            directory: instance.files)
        }
        let polite = try run("trap 'echo bye; exit 5' INT; echo up; while :; do sleep 0.05; done")
        try polite.shows("up")
        polite.type("\u{3}")
        try polite.shows("bye")
        #expect(try polite.finish() == 5)
        let stubborn = try run(
          "trap 'echo no' INT; trap '' TERM; echo up; while :; do sleep 0.05; done")
        try stubborn.shows("up")
        stubborn.type("\u{3}")
        try stubborn.shows("no")
        stubborn.type("\u{3}")
        #expect(try stubborn.finish() == 137)
      }
    }

    @Test("Ctrl-C ends a wait and a followed log, not the job")
    func waits() throws {
      try Instance.with { instance in
        let id = try instance.submit("-c", "echo up; exec sleep 1000")
        try instance.waitUntil(id, is: "running")
        for words in [["fluster-wait", "-v", id], ["fluster-log", "-v", "-f", id]] {
          let terminal = try Terminal(
            words, environment: instance.environment, directory: instance.files)
          try terminal.shows("answers")
          terminal.type("\u{3}")
          #expect(try terminal.finish() == 130, "\(words)")
        }
        #expect(try instance.column("STATE", of: id) == "running")
        try instance.run("fluster-kill", id)
      }
    }

    @Test("states are coloured for a person, not into a pipe, nor against NO_COLOR")
    func colour() throws {
      try Instance.with { instance in
        let id = try instance.submit("--", "false")
        #expect(try instance.wait(id) == 1)
        func shown(_ words: [String], _ variables: [String: String] = [:]) throws -> String {
          let environment = instance.environment.merging(variables) { $1 }
          let terminal = try Terminal(
            words, environment: environment, directory: instance.files)
          #expect(try terminal.finish() == 0)
          return terminal.screen
        }
        #expect(try shown(["fluster-ls"]).contains("\u{1b}["))
        #expect(try !shown(["fluster-ls"], ["NO_COLOR": "1"]).contains("\u{1b}["))
        #expect(try shown(["fluster-ls"], ["NO_COLOR": ""]).contains("\u{1b}["))
        #expect(try !shown(["fluster-ls"], ["TERM": "dumb"]).contains("\u{1b}["))
        #expect(try !shown(["fluster-ls", "--color=never"]).contains("\u{1b}["))
        #expect(try !shown(["sh", "-c", "fluster-ls | cat"]).contains("\u{1b}["))
        let asked = try instance.run("fluster-ls", "--color=always").output
        #expect(asked.contains("\u{1b}["))
      }
    }

    @Test("who waits for a list to come in sees how far it is, and nothing of that afterwards")
    func progress() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let list = "\(instance.files)/list"
        mkfifo(list, 0o600)
        let terminal = try Terminal(
          ["sh", "-c", "fluster-submit --each-line list -- echo {}; echo done"],
          environment: instance.environment, directory: instance.files)
        let writer = open(list, O_WRONLY | O_CLOEXEC)
        #expect(writer >= 0)
        try eventually("it tells of lines") {
          #expect(Glibc.write(writer, "line\n", 5) == 5)
          return terminal.screen.contains("fluster-submit: read ")
        }
        close(writer)
        try terminal.shows("done")
        #expect(try terminal.finish() == 0)
        let shown = terminal.screen
        let last = try #require(shown.ranges(of: "fluster-submit: read ").last)
        #expect(shown[last.upperBound...].contains("\r\u{1b}[K"), "\(shown.debugDescription)")
        mkfifo("\(list)2", 0o600)
        let quiet = try Program(
          ["fluster-submit", "--each-line", "list2", "--", "echo", "{}"],
          environment: instance.environment, directory: instance.files)
        try write("a\nb\n", to: "\(list)2")
        let finished = try quiet.finish()
        #expect(finished.status == 0 && !finished.errors.contains("read "), "\(finished)")
      }
    }

    @Test("rows are cut to the width that the terminal has now, and whole in a pipe")
    func width() throws {
      try Instance.with { instance in
        let name = String(repeating: "long", count: 30)
        let id = try instance.submit("--hold", "-n", name, "--", "true")
        let script = "fluster-ls; read line; fluster-ls; fluster-ls | cat"
        let terminal = try Terminal(
          ["sh", "-c", script], environment: instance.environment, directory: instance.files,
          columns: 60)
        try terminal.shows("ID")
        try eventually("the first list is shown") { terminal.screen.contains(id) }
        let first = terminal.screen
        #expect(first.split(separator: "\r\n").allSatisfy { $0.count <= 60 + 20 }, "\(first)")
        #expect(!first.contains(name))
        terminal.resize(columns: 300)
        terminal.type("\n")
        #expect(try terminal.finish() == 0)
        let second = terminal.screen.dropFirst(first.count)
        #expect(second.split(separator: "\r\n").count { $0.contains(name) } == 2, "\(second)")
        try instance.run("fluster-kill", id)
      }
    }

    @Test("who stops reading ends a list quietly, as any filter is ended")
    func closedPipe() throws {
      try Instance.with { instance in
        let id = try instance.submit("--hold", "-a", "1-20000", "--", "true")
        for command in ["fluster-ls --tasks", "fluster-ls --tasks --json", "fluster-ls --tasks -q"]
        {
          let read = try instance.run(
            "bash", "-c", "\(command) | head -n 1 >/dev/null; echo ${PIPESTATUS[*]}")
          #expect(read.output == "141 0\n" && read.errors.isEmpty, "\(command): \(read)")
        }
        try instance.run("fluster-kill", id)
      }
    }
  }
}
