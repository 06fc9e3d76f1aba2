import FlusterProtocol
import FlusterSystem
import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("administering an instance")
  struct Control {
    @Test("users are told with what they have, what they hold and what is stored for them")
    func users() throws {
      try Instance.with { instance in
        let job = try instance.submit("--mem", "64M", "-a", "1-3%1", "--", "sleep", "1000")
        try instance.waitUntil(job, is: "running")
        let table = try instance.run("fluster-ctl", "users")
        #expect(table.lines.count == 2, "\(table)")
        let words = table.lines.last?.split(separator: " ").map(String.init) ?? []
        #expect(words.dropFirst().prefix(5) == ["1", "2", "1", "1", "64M"], "\(table)")
        try instance.run("fluster-kill", job)
        try instance.run("fluster-wait", job)
        let after = try instance.run("fluster-ctl", "--no-header", "users").lines
        #expect(after.first?.split(separator: " ").dropFirst().prefix(3) == ["0", "0", "0"])
      }
    }

    @Test("the endpoints of all trees are listed, one tree after the other")
    func endpoints() throws {
      try Instance.with { instance in
        for name in ["web/b", "web/a"] {
          let job = try instance.submit("-c", "fluster-endpoint add \(name) h:1; sleep 1000")
          try eventually("\(name) is there") {
            try instance.run("fluster-endpoint", "--job", job, "get", name).status == 0
          }
        }
        let all = try instance.run("fluster-ctl", "--no-header", "endpoints")
        let names = all.lines.compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(names == ["web/b", "web/a"], "\(all)")
        let some = try instance.run("fluster-ctl", "--no-header", "endpoints", "web/a")
        #expect(some.lines.count == 1, "\(some)")
        try instance.run("sh", "-c", "fluster-ls -q | fluster-kill -")
      }
    }

    @Test("a check says what is well and what is wrong, also where flusterd is away")
    func check() throws {
      try Instance.with { instance in
        let check = try instance.run("fluster-ctl", "check")
        #expect(check.status == (check.output.contains("\nwrong") ? 1 : 0), "\(check)")
        #expect(check.lines.contains { $0.hasPrefix("ok    socket: ") }, "\(check)")
        #expect(check.lines.contains { $0.hasPrefix("ok    store: ") && $0.hasSuffix("is sound") })
        _ = try instance.end(.controller, by: 9)
        let away = try instance.run("fluster-ctl", "check")
        #expect(away.status == 1, "\(away)")
        #expect(away.lines.contains { $0.hasPrefix("wrong flusterd: cannot reach flusterd") })
        #expect(away.output.contains(" kernel: Linux"))
        try instance.start(.controller)
      }
    }

    @Test("a backup is a whole store, is made once, and never over something else")
    func backup() throws {
      try Instance.with { instance in
        let job = try instance.submit("-n", "kept", "--hold", "--", "true")
        let made = try instance.run("fluster-ctl", "backup", "copy.db")
        #expect(made.status == 0 && made.output.isEmpty && made.errors.isEmpty, "\(made)")
        let mode = try instance.run("stat", "-c", "%a", "copy.db")
        #expect(mode.output == "600\n")
        let again = try instance.run("fluster-ctl", "backup", "copy.db")
        #expect(again.status == 65 && again.errors.contains("copy.db"), "\(again)")
        let nowhere = try instance.run("fluster-ctl", "backup", "nowhere/copy.db")
        #expect(nowhere.status == 66, "\(nowhere)")
        try instance.run("fluster-kill", job)
        _ = try instance.end(.controller, by: 9)
        // Put in place of the store, it is the store.
        let restored = try instance.run(
          "sh", "-c", "cd \"$0\" && rm -f fluster.db* && cp \"$OLDPWD/copy.db\" fluster.db",
          try Self.state(of: instance))
        #expect(restored.status == 0, "\(restored)")
        try instance.start(.controller)
        #expect(try instance.column("STATE", of: job) == "pending")
        try instance.run("fluster-kill", job)
      }
    }

    @Test("who looks for what has ended waits for nobody who has the whole store checked")
    func upkeep() throws {
      try Instance.with(daemons: [.controller]) { instance in
        for number in 1...10 {
          let script = "#!/bin/sh\n" + String(repeating: "\(number)", count: 2_000_000)
          let job = try instance.run("fluster-submit", "--hold", "-", input: script).output.trimmed
          try instance.run("fluster-kill", job)
        }
        let administrator = try Talker(to: instance.controlSocket)
        try administrator.greet()
        let count = 100
        for number in 1...UInt64(count) {
          let check = WireEnvelope(request: number, .checkStore(WireCheckStore()))
          try administrator.send(check.frame())
        }
        #expect(try instance.run("fluster-ls", "-A", "-q", "name:*").lines.count == 10)
        try administrator.becomeNonblocking()
        var answers = 0
        while (try? administrator.receive()) != nil { answers += 1 }
        #expect(answers < count)
      }
    }

    private static func state(of instance: Instance) throws -> String {
      let found = try instance.run("sh", "-c", "find \"$0\" -name fluster.db", instance.directory)
      return Files.parent(of: try #require(found.lines.first))
    }
  }
}
