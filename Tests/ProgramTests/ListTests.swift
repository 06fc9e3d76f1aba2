import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("what the commands show")
  struct Lists {
    @Test("-l of a task is about that task alone, its attempts, and how they ended")
    func oneTask() throws {
      try Instance.with { instance in
        let id = try instance.submit("-a", "1-9", "--", "sh", "-c", "exit $FLUSTER_TASK_INDEX")
        try instance.run("fluster-wait", id)
        let shown = try instance.run("fluster-ls", "-l", "\(id).7")
        #expect(shown.lines.first?.hasPrefix("task \(id).7 (sh) of ") == true, "\(shown)")
        let attempts = shown.lines.filter { $0.contains("attempt") }
        #expect(attempts.count == 1, "\(shown)")
        #expect(attempts.first?.contains("task 7 attempt 0 on w1: exit code 7") == true)
        #expect(shown.output.contains("command:     sh -c 'exit $FLUSTER_TASK_INDEX'"), "\(shown)")
        let json = try instance.run("fluster-ls", "-l", "--json", "\(id).7")
        #expect(json.lines.count == 1, "\(json)")
        #expect(json.output.contains("\"attempts\":[{\"task\":7,"), "\(json)")
        #expect(!json.output.contains("\"task\":6"), "\(json)")
      }
    }

    @Test("why one task was killed is shown with that task")
    func killReason() throws {
      try Instance.with { instance in
        let id = try instance.submit("-a", "1-2", "--", "sleep", "1000")
        try instance.waitUntil("\(id).2", is: "running")
        let killed = try instance.run("fluster-kill", "-r", "wrong data", "\(id).2")
        #expect(killed.status == 0)
        #expect(try instance.wait("\(id).2") == 143)
        let told = "killed (signal 15, TERM): wrong data"
        #expect(try instance.column("REASON", of: "\(id).2") == told)
        let detail = try instance.run("fluster-ls", "-l", id).output
        #expect(detail.contains("task 2 attempt 0 on w1: \(told)"), "\(detail)")
        #expect(try instance.run("fluster-wait", "\(id).2").errors.contains(told))
        try instance.run("fluster-kill", id)
      }
    }

    @Test("fluster-wait --json tells the cause and the usage also of what had ended before")
    func past() throws {
      try Instance.with { instance in
        let id = try instance.submit("--", "true")
        #expect(try instance.wait(id) == 0)
        let told = try instance.run("fluster-wait", "--json", id)
        #expect(told.output.contains("\"succeeded\",\"status\":0,\"cause\":\"exit\""), "\(told)")
        #expect(told.output.contains("\"usage\":{\"wall_seconds\""), "\(told)")
      }
    }

    @Test("a flusterd that does not answer is told of, and waited for")
    func silence() throws {
      try Instance.with { instance in
        let id = try instance.submit("--", "true")
        #expect(try instance.wait(id) == 0)
        kill(try instance.pid(of: .controller), SIGSTOP)
        defer { _ = try? kill(instance.pid(of: .controller), SIGCONT) }
        let list = try instance.launch(["fluster-ls", "-q", "-v"])
        let wait = try instance.launch(["sh", "-c", "exec fluster-wait \(id) 2>said"])
        try eventually("fluster-wait says that it waits", within: 20) {
          let said = (try? text(at: "\(instance.files)/said")) ?? ""
          return said.contains("listens, and does not answer; still waiting")
        }
        kill(try instance.pid(of: .controller), SIGCONT)
        let (listed, waited) = (try list.finish(), try wait.finish())
        #expect(listed.status == 0 && listed.output == "\(id)\n", "\(listed)")
        #expect(!listed.errors.contains("still waiting"), "\(listed)")
        #expect(waited.status == 0, "\(waited)")
      }
    }

    @Test("--name, --user and --since choose among the jobs, and --sort orders them")
    func choosing() throws {
      try Instance.with { instance in
        let small = try instance.submit(
          "-n", "alpha", "--cpus", "0.5", "--comment", "to be kept", "--", "true")
        #expect(try instance.wait(small) == 0)
        let large = try instance.submit("-n", "beta", "--cpus", "2", "--hold", "--", "true")
        let middle = try instance.submit("-n", "gamma", "--hold", "--", "true")
        func ids(_ options: String...) throws -> [String] {
          let listed = try instance.launch(["fluster-ls", "-q"] + options).finish()
          #expect(listed.status == 0, "\(listed)")
          return listed.lines
        }
        #expect(try ids("--name", "al*", "--name", "g?mma") == [small, middle])
        #expect(try ids("--name", "nothing*") == [])
        #expect(try ids("--sort", "cpus") == [small, middle, large])
        #expect(try ids("--sort", "-cpus", "--tasks") == [large, middle, small])
        #expect(try ids("--sort", "-ended") == [small, large, middle])
        #expect(try ids("--since", "now") == [large, middle])
        #expect(try ids("--since", "-5m") == [small, large, middle])
        #expect(try ids("--user", "\(geteuid())") == [small, large, middle])
        #expect(try ids("--user", "4711") == [])
        let together = try instance.run("fluster-ls", "--name", "alpha", small)
        #expect(together.status == 64, "\(together)")
        #expect(try instance.column("COMMENT", of: small) == "to be kept")
        #expect(
          try instance.run("fluster-ls", "-l", small).output.contains("comment:     to be kept"))
        // What is not named stays.
        #expect(try instance.run("fluster-kill", "--name", "b*").status == 0)
        #expect(try ids("--state", "pending") == [middle])
        #expect(try instance.run("fluster-kill", "--user", "4711").status == 66)
        #expect(try instance.run("fluster-kill", "--user", "\(geteuid())").status == 0)
        #expect(try ids("--state", "pending") == [])
      }
    }

    @Test("fluster-wait --state waits until jobs are so, or are over without it")
    func states() throws {
      try Instance.with { instance in
        let gate = "\(instance.files)/gate"
        mkfifo(gate, 0o600)
        let id = try instance.submit("--hold", "--", "sh", "-c", "read line <gate")
        let early = try instance.run("fluster-wait", "--state", "running", "--timeout", "0", id)
        #expect(early.status == 124, "\(early)")
        let running = try instance.launch(["fluster-wait", "--state", "running", id])
        let both = try instance.launch(
          ["fluster-wait", "-v", "--state", "succeeded,failed", id, "name:*"])
        #expect(try instance.run("fluster-set", id, "release").status == 0)
        let seen = try running.finish()
        #expect(seen.status == 0 && seen.output == "", "\(seen)")
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        try write("\n", to: gate)
        let over = try both.finish()
        #expect(over.status == 0, "\(over)")
        let past = try instance.run("fluster-wait", "--state", "running", id)
        #expect(past.status == 0, "\(past)")
        let never = try instance.run("fluster-wait", "--state", "killed", id)
        #expect(never.status == 1 && never.errors.contains("is over: succeeded"), "\(never)")
        let array = try instance.submit("-a", "1-2", "--", "true")
        let tasks = try instance.run("fluster-wait", "--state", "succeeded", "\(array).1-2")
        let expected: Set = ["\(array).1 succeeded", "\(array).2 succeeded"]
        #expect(tasks.status == 0 && Set(tasks.lines) == expected, "\(tasks)")
        let json = try instance.run("fluster-wait", "--json", "--state", "succeeded", array)
        #expect(json.output.contains("\"state\":\"succeeded\""), "\(json)")
      }
    }

    @Test("--tasks of many jobs, --json and the plain list tell of all of them, in order")
    func many() throws {
      try Instance.with { instance in
        let array = try instance.submit("--hold", "-a", "1-700", "-n", "many", "--", "true")
        let single = try instance.submit("--hold", "-n", "one", "--", "true")
        let tasks = try instance.run("fluster-ls", "--tasks", "--no-header", "-o", "id,cpus")
        let expected = (1...700).map { "\(array).\($0)" } + [single]
        let words = tasks.lines.map { $0.split(separator: " ").map(String.init) }
        #expect(words.map(\.first) == expected)
        #expect(words.allSatisfy { $0.last == "1" })
        #expect(try instance.run("fluster-ls", "--tasks", "-q").lines == expected)
        #expect(try instance.run("fluster-ls", "--tasks", "--json").lines.count == 701)
        #expect(try instance.run("fluster-ls", "-q").lines == [array, single])
        let none = try instance.run("fluster-ls", "--state", "failed")
        #expect(none.lines.count == 1 && none.output.hasPrefix("ID"), "\(none)")
        try instance.run("fluster-kill", array, single)
      }
    }
  }
}
