import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("submitting once")
  struct Keys {
    /// Scenario 12.
    @Test("twenty who submit under one key at the same time make one job")
    func together() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let submitters = try (0..<20).map { _ in
          try instance.launch(["fluster-submit", "-k", "backup", "--", "true"])
        }
        let finished = try submitters.map { try $0.finish(within: 120) }
        for one in finished { #expect(one.status == 0 && one.lines.count == 1, "\(one)") }
        let ids = Set(finished.flatMap(\.lines))
        #expect(ids.count == 1)
        #expect(try instance.run("fluster-ls", "-q", "-A").lines == Array(ids))
        let told = finished.filter { $0.errors.contains("has the key \"backup\" already") }
        #expect(told.count == 19)
      }
    }

    /// Scenario 11.
    @Test("cron's guard: while one runs the next is refused, and after it the next may")
    func guarded() throws {
      try Instance.with { instance in
        let line = [
          "fluster-submit", "-k", "backup", "--key-scope=live", "--if-exists=fail", "-c",
          "until test -e go; do sleep 0.05; done",
        ]
        let first = try #require(try instance.launch(line).finish().lines.first)
        try instance.waitUntil(first, is: "running")
        let second = try instance.launch(line).finish()
        #expect(second.status == 65 && second.output.isEmpty, "\(second)")
        #expect(
          second.errors
            == """
            fluster-submit: job \(first) has the key "backup" and is running
            fluster-submit: wait for its end with fluster-wait \(first), or use another key

            """)
        try write("", to: "\(instance.files)/go")
        #expect(try instance.wait(first) == 0)
        let third = try instance.launch(line).finish()
        #expect(third.status == 0 && third.lines.first != first, "\(third)")
        #expect(try instance.run("fluster-wait", "key:backup").status == 0)
      }
    }

    /// Scenario 13.
    @Test("the key of a job that has ended holds over a restart, and its job is found by it")
    func ended() throws {
      try Instance.with { instance in
        let id = try instance.submit("-k", "import 7", "-c", "echo done; exit 3")
        #expect(try instance.wait("key:import 7") == 3)
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        let again = try instance.run("fluster-submit", "-k", "import 7", "-c", "echo done; exit 3")
        #expect(again.status == 0 && again.lines == [id], "\(again)")
        let refused = try instance.run(
          "fluster-submit", "-k", "import 7", "--if-exists", "fail", "true")
        #expect(refused.status == 65, "\(refused)")
        #expect(refused.errors.contains("job \(id) had the key \"import 7\", and has ended"))
        let other = try instance.run("fluster-submit", "-k", "import 7", "true")
        #expect(other.status == 65 && other.errors.contains("a different request"), "\(other)")
        #expect(try instance.log(of: "key:import 7") == "done\n")
        #expect(try instance.column("KEY", of: "key:import 7") == "import 7")
        #expect(try instance.run("fluster-ls", "-l", id).output.contains("key:         import 7"))
        #expect(
          try instance.run("fluster-ls", "--json", id).output.contains("\"key\":\"import 7\""))
        #expect(try instance.run("fluster-kill", "key:import 7").status == 0)
        #expect(try instance.run("fluster-kill", "key:other").status == 66)
        let next = try instance.submit("-k", "import 7", "--key-scope", "live", "true")
        #expect(next != id)
        #expect(try instance.column("ID", of: "key:import 7") == next)
      }
    }

    @Test("what was sent again because flusterd died is the same job, and not refused as another")
    func resend() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let line = [
          "fluster-submit", "-k", "once", "--if-exists", "fail", "--token",
          "0123abcd-4567-89ab-cdef-0123456789ab", "--", "true",
        ]
        let first = try instance.launch(line).finish()
        let script = """
          for i in $(seq 30); do
            while id=$(fluster-submit -k key-$i --if-exists=fail -- true); status=$?
              test $status = 69; do :; done
            echo $status $id >>answers
          done
          """
        let submitter = try instance.launch(["sh", "-c", script])
        let answers = { () -> [Substring] in
          (try? text(at: "\(instance.files)/answers"))?.split(separator: "\n") ?? []
        }
        for round in 1...8 {
          try eventually("some more are answered") { answers().count >= 3 * round }
          try instance.end(.controller, by: SIGKILL)
          try instance.start(.controller)
        }
        #expect(try submitter.finish(within: 120).status == 0)
        let ids = try instance.run("fluster-ls", "-q", "-A").lines
        #expect(answers().map(String.init) == ids.dropFirst().map { "0 \($0)" })
        #expect(ids.count == 31)
        #expect(try instance.launch(line).finish().lines == first.lines)
      }
    }

    @Test("what replaces a running job waits for its end, says so, and outlives a restart")
    func replace() throws {
      try Instance.with { instance in
        let stubborn = "trap 'echo asked; until test -e go; do sleep 0.05; done; exit 0' TERM; "
        let old = try instance.submit(
          "-k", "model", "--grace", "60s", "-c", stubborn + "while :; do sleep 0.05; done")
        try instance.waitUntil(old, is: "running")
        let new = try instance.submit("-k", "model", "--if-exists=replace", "-c", "test -e go")
        try eventually("the old one was told to end") {
          try instance.log(of: old).contains("asked")
        }
        let why = "waits for job \(old) to end, which it replaces"
        for _ in 0..<2 {
          #expect(try instance.column("STATE", of: new) == "pending")
          #expect(try instance.column("REASON", of: new) == why)
          let json = try instance.run("fluster-ls", "--json", "--why", new).output
          #expect(json.contains("\"code\":\"replaces\""), "\(json)")
          try instance.end(.controller, by: SIGKILL)
          try instance.start(.controller)
          try eventually("the worker is back") {
            try instance.run("fluster-submit", "--dry-run", "true").output.contains("could_run")
          }
        }
        #expect(try instance.run("fluster-ls", "--why", "key:model").output.contains("Waits for"))
        try write("", to: "\(instance.files)/go")
        #expect(try instance.wait(new) == 0)
        #expect(try instance.column("STATE", of: old) == "killed")
        let detail = try instance.run("fluster-ls", "-l", old, new).output
        #expect(detail.contains("job \(new) replaces it"), "\(detail)")
        #expect(detail.contains("replaces:    \(old)"), "\(detail)")
        let third = try instance.submit("-k", "model", "--if-exists=replace", "true")
        #expect(try instance.wait(third) == 0)
      }
    }

    @Test("a dry run says what a key would come to, and makes nothing")
    func dryRun() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let id = try instance.submit("-k", "a", "--hold", "true")
        let told = try instance.run("fluster-submit", "--dry-run", "-k", "a", "--hold", "true")
        #expect(told.status == 0 && told.output.contains("\"key\":\"a\""), "\(told)")
        #expect(told.errors.contains("job \(id) has the key"), "\(told)")
        let refused = try instance.run(
          "fluster-submit", "--dry-run", "-k", "a", "--if-exists=fail", "--hold", "true")
        #expect(refused.status == 65, "\(refused)")
        #expect(try instance.run("fluster-ls", "-q", "-A").lines == [id])
      }
    }
  }
}
