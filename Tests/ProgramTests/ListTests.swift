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
