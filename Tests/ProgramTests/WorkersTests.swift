import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("administering workers")
  struct Workers {
    @Test("a worker is shown with its room and what it runs, in the table and as JSON")
    func shown() throws {
      try Instance.with { instance in
        try instance.waitForWorker("w1", "ready")
        let id = try instance.submit("--mem", "1G", "--", "sleep", "1000")
        try instance.waitUntil(id, is: "running")
        let table = try instance.run("fluster-ctl", "workers")
        #expect(table.lines.first?.hasPrefix("ID") == true, "\(table)")
        let words = table.lines.last?.split(separator: " ").map(String.init) ?? []
        #expect(Array(words.prefix(5)) == ["w1", "ready", "1/2", "1G/2G", "1"], "\(table)")
        #expect(try instance.run("fluster-ls", "--workers").output == table.output)
        #expect(try instance.run("fluster", "ctl", "-q", "workers").output == "w1\n")
        let json = try instance.run("fluster-ctl", "workers", "--tasks", "--json", "w1").output
        #expect(json.hasPrefix(#"{"schema":1,"id":"w1","state":"ready","connected":true,"#))
        #expect(json.contains(#""free":{"cpus":1,"mem_bytes":1073741824}"#), "\(json)")
        #expect(json.contains(#""tasks":[{"id":"\#(id)","job":\#(id),"name":"sleep","#), "\(json)")
        let long = try instance.run("fluster-ctl", "workers", "-l", "w1")
        #expect(long.lines.first == "worker w1: ready", "\(long)")
        #expect(long.output.contains("task \(id) (sleep) of "), "\(long)")
        let status = try instance.run("fluster-ctl", "status", "--json").output
        #expect(status.contains(#""open_attempts":1,"workers":1,"ready_workers":1}"#), "\(status)")
        #expect(status.contains(#""uptime_seconds":"#), "\(status)")
        try instance.run("fluster-kill", id)
        #expect(try instance.wait(id) == 143)
      }
    }

    @Test("a drained worker goes on with what it runs and takes nothing new, over a restart, too")
    func drained() throws {
      try Instance.with { instance in
        let old = try instance.submit("--", "sleep", "1000")
        try instance.waitUntil(old, is: "running")
        #expect(try instance.run("fluster-ctl", "drain", "w1").status == 0)
        let new = try instance.submit("--", "true")
        #expect(try instance.column("REASON", of: new) == "worker w1 is drained")
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        try instance.waitForWorker("w1", "drained")
        #expect(try instance.column("STATE", of: old) == "running")
        #expect(try instance.column("STATE", of: new) == "pending")
        #expect(try instance.run("fluster-ctl", "resume", "w1").status == 0)
        #expect(try instance.wait(new) == 0)
        try instance.run("fluster-kill", old)
        #expect(try instance.wait(old) == 143)
      }
    }

    @Test("only a worker that is away is forgotten, and one that is unknown is told of")
    func forgotten() throws {
      try Instance.with { instance in
        try instance.waitForWorker("w1", "ready")
        let connected = try instance.run("fluster-ctl", "forget", "nobody", "w1")
        #expect(connected.status == 66, "\(connected)")
        #expect(connected.errors.contains("there is no worker nobody"), "\(connected)")
        #expect(connected.errors.contains("worker w1 is connected"), "\(connected)")
        #expect(try instance.run("fluster-ctl", "forget", "w1").status == 65)
        #expect(try instance.run("fluster-ctl", "workers", "nobody").status == 66)
        #expect(try instance.run("fluster-ctl", "drain").status == 64)
        #expect(try instance.run("fluster-ctl", "mend", "w1").status == 64)
        try instance.end(.worker, by: SIGTERM)
        try instance.waitForWorker("w1", "away")
        #expect(try instance.run("fluster-ctl", "forget", "w1").status == 0)
        #expect(try instance.run("fluster-ctl", "-q", "workers").output.isEmpty)
      }
    }

    @Test("an expected worker is missing until it is seen, and counts by its declared size")
    func expected() throws {
      let settings = """
        [Controller]
        ExpectedWorkers=w1:cpus=2:mem=2G big:cpus=64:mem=256G
        """
      try Instance.with(settings: settings, daemons: [.shim, .controller]) { instance in
        try instance.waitForWorker("w1", "missing")
        let large = try instance.submit("--cpus", "64", "--", "true")
        let never = try instance.run("fluster-submit", "--cpus", "65", "--", "true")
        #expect(never.status == 65, "\(never)")
        #expect(never.errors.contains("worker big, which is expected, has only"), "\(never)")
        try instance.start(.worker)
        try instance.waitForWorker("w1", "ready")
        try instance.waitForWorker("big", "missing")
        #expect(try instance.column("STATE", of: large) == "pending")
        let config = "\(instance.directory)/config/fluster/fluster.conf"
        try write("[Controller]\nExpectedWorkers=w1\n", to: config)
        kill(try instance.pid(of: .controller), SIGHUP)
        try eventually("big is not expected any more") {
          try instance.run("fluster-ctl", "workers", "big").status == 66
        }
        let json = try instance.run("fluster-ctl", "workers", "--json").output
        #expect(json.split(separator: "\n").count == 1, "\(json)")
        try instance.run("fluster-kill", large)
      }
    }

    @Test("a worker is still expected when the store could not be written for a while")
    func expectedAgain() throws {
      let settings = "[Controller]\nExpectedWorkers=big:cpus=64:mem=256G\n"
      try Instance.with(settings: settings, daemons: [.controller]) { instance in
        try instance.waitForWorker("big", "missing")
        try instance.limitFiles(to: "0")
        #expect(try instance.run("fluster-submit", "--", "true").status == 75)
        try instance.limitFiles(to: "unlimited")
        try eventually("jobs are taken") {
          try instance.run("fluster-submit", "--hold", "--", "true").status == 0
        }
        try instance.waitForWorker("big", "missing", within: 5)
      }
    }

    @Test("everybody may look at workers, and only administrators may change them")
    func others() throws {
      try SystemInstance.with { instance in
        let id = try instance.submit(as: .alice, "--", "sleep", "1000")
        try eventually("the job runs") {
          try instance.run(as: .alice, "fluster-ls", "--state", "running", "-q").output == "\(id)\n"
        }
        let own = try instance.run(as: .alice, "fluster-ctl", "workers", "-l")
        #expect(own.output.contains("task \(id) (sleep) of alice"), "\(own)")
        let other = try instance.run(as: .bob, "fluster-ctl", "workers", "-l")
        #expect(other.lines.last == "  1 more task", "\(other)")
        let refused = try instance.run(as: .bob, "fluster-ctl", "drain", "w1")
        #expect(refused.status == 77, "\(refused)")
        #expect(try instance.run(as: .root, "fluster-ctl", "drain", "w1").status == 0)
        #expect(try instance.run(as: .bob, "fluster-ctl", "workers").output.contains("drained"))
        #expect(try instance.run(as: .alice, "fluster-kill", id).status == 0)
      }
    }
  }
}

extension Instance {
  /// Waits until a worker stands as the word says.
  func waitForWorker(_ id: String, _ word: String, within seconds: Double = 30) throws {
    try eventually("worker \(id) is \(word)", within: seconds) {
      let words = try run("fluster-ctl", "workers", "--no-header", id).output.split(separator: " ")
      return words.count > 1 && words[1] == word
    }
  }
}
