import FlusterTesting
import Testing

extension Programs {
  @Suite("changing jobs")
  struct SetJobs {
    @Test("what waits goes in the order of its new band and priority, also after a crash")
    func ranks() throws {
      try Instance.with(worker: ["--cpus", "1", "--mem", "1G"]) { instance in
        let holder = try instance.submit("sleep", "1000")
        try instance.waitUntil(holder, is: "running")
        let jobs = try (0..<4).map { _ in
          try instance.submit("-c", "echo $FLUSTER_JOB_ID >> order")
        }
        for words in [
          [jobs[3], "priority", "7"], [jobs[2], "band", "production"],
          [jobs[0], "priority", "-3"], [jobs[1], "band", "batch"],
        ] {
          let set = try instance.launch(["fluster-set"] + words).finish()
          #expect(set.status == 0, "\(set)")
          #expect(set.output.isEmpty && set.errors.isEmpty, "\(set)")
        }
        _ = try instance.end(.controller, by: 9)
        try instance.start(.controller)
        let row = try instance.run("fluster-ls", "--json", jobs[3])
        #expect(row.output.contains(#""priority":7"#), "\(row)")
        let feed = try instance.run(
          "sh", "-c", "fluster-ls --follow -n 100 \(jobs[2]) | grep -m 1 job_changed")
        #expect(feed.output.contains("band production"), "\(feed)")
        try instance.run("fluster-kill", holder)
        _ = try instance.launch(["fluster-wait"] + jobs).finish()
        let order = try instance.run("cat", "order").lines
        #expect(order == [jobs[2], jobs[3], jobs[0], jobs[1]])
      }
    }

    @Test("the time limit of what runs is watched over as it is now, whoever restarts")
    func timeLimit() throws {
      try Instance.with { instance in
        let longer = try instance.submit("--time", "3s", "--", "sleep", "1000")
        let shorter = try instance.submit("--time", "1h", "--grace", "1s", "--", "sleep", "1000")
        try instance.waitUntil(longer, is: "running")
        try instance.waitUntil(shorter, is: "running")
        #expect(try instance.run("fluster-set", longer, "time", "none").status == 0)
        _ = try instance.end(.worker, by: 9)
        try instance.start(.worker)
        #expect(try instance.run("fluster-set", shorter, "time", "5s").status == 0)
        #expect(try instance.wait(shorter) == 143)
        let row = try instance.run("fluster-ls", "--json", shorter)
        #expect(row.output.contains(#""cause":"time-limit""#), "\(row)")
        #expect(row.output.contains(#""time_limit_seconds":5"#), "\(row)")
        #expect(try instance.column("STATE", of: longer) == "running")
        try instance.run("fluster-kill", longer)
      }
    }

    @Test("what is frozen stands still over restarts, its limit with it, and goes on or is ended")
    func freeze() throws {
      try Instance.with { instance in
        let script = "while :; do date +%s%N; sleep 0.05; done"
        let job = try instance.submit("--time", "5s", "-c", script)
        try instance.waitUntil(job, is: "running")
        let set = try instance.run("fluster-set", job, "freeze")
        guard !instance.said(by: .shim).contains(where: { $0.contains("cgroup") }) else {
          #expect(set.status == 65 && set.errors.contains("has no cgroups"), "\(set)")
          return
        }
        #expect(set.status == 0, "\(set)")
        #expect(try instance.column("REASON", of: job) == "frozen")
        func lines() throws -> Int { try instance.log(of: job).split(separator: "\n").count }
        var before = -1
        try eventually("it stands still") {
          defer { before = (try? lines()) ?? -1 }
          return try lines() == before
        }
        for daemon in [Instance.Daemon.controller, .worker] {
          _ = try instance.end(daemon, by: 9)
          try instance.start(daemon)
        }
        let row = try instance.run("fluster-ls", "--json", job)
        #expect(row.output.contains(#""frozen_count":1"#), "\(row)")
        #expect(try instance.run("fluster-wait", "--timeout", "6s", job).status == 124)
        #expect(try lines() == before)
        #expect(try instance.run("fluster-set", job, "thaw").status == 0)
        try eventually("it goes on") { try lines() > before }
        #expect(try instance.column("REASON", of: job) == "-")
        #expect(try instance.run("fluster-set", job, "freeze").status == 0)
        try instance.run("fluster-kill", job)
        #expect(try instance.wait(job) == 143)
      }
    }

    @Test("what has ended is run again, each time as a job of its own")
    func rerun() throws {
      try Instance.with { instance in
        let first = try instance.submit(
          "-n", "again", "-k", "once", "-e", "WORD=hello", "--retries", "2", "--priority", "3",
          "-c", "echo $WORD $FLUSTER_JOB_ID; test -e go")
        try instance.run("fluster-wait", first)
        try instance.run("touch", "go")
        let run = try instance.run("fluster-set", first, "key:once", "rerun")
        #expect(run.status == 0 && run.errors.isEmpty, "\(run)")
        let new = run.lines
        try #require(new.count == 2)
        for id in new {
          #expect(try instance.wait(id) == 0)
          #expect(try instance.log(of: id) == "hello \(id)\n")
          let row = try instance.run("fluster-ls", "--json", id).output
          #expect(row.contains(#""name":"again""#) && row.contains(#""priority":3"#), "\(row)")
          #expect(row.contains(#""retries":2"#) && !row.contains(#""key""#), "\(row)")
        }
        #expect(try instance.column("STATE", of: first) == "failed")
        let held = try instance.submit("--hold", "--", "true")
        for (words, status, sentence) in [
          ([held, "rerun"], 65, "job \(held) has not ended (pending)"),
          ([first + ".0", "rerun"], 65, "cannot be run again by itself"),
          (["name:a*", "rerun"], 64, "may stand for many jobs"), (["rerun"], 64, "was named"),
          (["4711", "rerun"], 66, "there is no job 4711"),
        ] {
          let set = try instance.launch(["fluster-set"] + words).finish()
          #expect(set.status == Int32(status), "\(words) \(set)")
          #expect(set.errors.contains(sentence) && set.output.isEmpty, "\(words) \(set)")
        }
        try instance.run("fluster-kill", held)
      }
    }

    @Test("a job is warned before its limit, and one that cannot be is refused")
    func warn() throws {
      try Instance.with { instance in
        let script = "trap 'echo warned; exit 3' USR1; while :; do sleep 0.1; done"
        let job = try instance.submit("--time", "1h", "--warn", "USR1@59m58s", "-c", script)
        #expect(try instance.wait(job) == 3)
        #expect(try instance.log(of: job).hasSuffix("warned\n"))
        let row = try instance.run("fluster-ls", "--json", job).output
        #expect(row.contains(#""warn_signal":10,"warn_seconds":3598"#), "\(row)")
        for (options, sentence) in [
          (["--warn", "USR1@5m"], "needs a time limit"),
          (["--time", "5m", "--warn", "USR1@5m"], "is not between 0s and the time limit"),
          (["--time", "5m", "--warn", "USR1"], "is not SIGNAL@SPAN"),
          (["--time", "5m", "--warn", "BANG@1m"], "\"BANG\" is no signal"),
          (["--time", "5m", "--warn", "USR1@"], "is no span of time"),
        ] {
          let refused = try instance.launch(["fluster-submit"] + options + ["true"]).finish()
          #expect(refused.status == 64 && refused.errors.contains(sentence), "\(refused)")
        }
      }
    }

    @Test("memory changes while a job waits, and a change that cannot be made says why")
    func memory() throws {
      try Instance.with(worker: ["--cpus", "2", "--mem", "2G"]) { instance in
        let holder = try instance.submit("--mem", "1500M", "--", "sleep", "1000")
        try instance.waitUntil(holder, is: "running")
        let job = try instance.submit("--mem", "1G", "--", "sleep", "1000")
        #expect(try instance.run("fluster-set", job, "mem", "256M").status == 0)
        try instance.waitUntil(job, is: "running")
        #expect(try instance.column("MEM", of: job) == "256M")
        for (words, status, sentence) in [
          ([job, "mem", "1G"], 65, "job \(job) runs: its memory can be changed only while"),
          ([job + ".0", "priority", "1"], 65, "has no priority of its own"),
          ([job, "priority"], 64, "wants to know what from now on"),
          ([job, "priority", "1000001"], 64, "is no number from"),
          ([job, "time", ""], 64, "is no span of time"),
          ([job, "mem", "0"], 64, "nothing runs in 0 bytes"),
          ([job, "band", "best"], 64, "production, interactive or batch"),
          ([job, "--frob", "hold"], 64, "there is no option --frob"),
          (["4711", "priority", "1"], 66, "there is no job 4711"),
        ] {
          let set = try instance.launch(["fluster-set"] + words).finish()
          #expect(set.status == Int32(status), "\(words) \(set)")
          #expect(set.errors.contains(sentence), "\(words) \(set)")
        }
        let held = try instance.submit("--hold", "--", "true")
        let never = try instance.run("fluster-set", held, "mem", "9T")
        #expect(never.status == 65 && never.errors.contains("has only 2G"), "\(never)")
        try instance.run("fluster-kill", holder, job, held)
        let ended = try instance.run("fluster-set", job, "time", "1h")
        #expect(ended.status == 65 && ended.errors.contains("it cannot be changed"), "\(ended)")
      }
    }
  }
}
