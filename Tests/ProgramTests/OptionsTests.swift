import FlusterTesting
import Testing

extension Programs {
  @Suite("what few jobs ask for")
  struct Options {
    @Test("a gang starts on two workers at once, and its tasks are told where the others are")
    func gang() throws {
      try Instance.with(
        worker: ["--cpus", "1", "--mem", "1G", "--address", "first.example"]
      ) { instance in
        try instance.addWorker(
          "w2", ["--cpus", "1", "--mem", "1G", "--address", "second.example"])
        let script = "echo $FLUSTER_WORKER_ID $FLUSTER_GANG_ADDRESSES"
        let id = try instance.submit("-a", "0-1", "--one-per-worker", "-c", script)
        #expect(try instance.wait(id) == 0)
        #expect(
          try instance.log(of: id).split(separator: "\n")
            == ["w1 first.example second.example", "w2 first.example second.example"])
        let refused = try instance.run(
          "fluster-submit", "-a", "0-2", "--one-per-worker", "true")
        #expect(refused.status == 65)
        #expect(refused.errors.contains("could take 2 one a worker"), "\(refused)")
      }
    }

    @Test("when one of a gang fails the others end, and everybody is told why")
    func gangFails() throws {
      try Instance.with { instance in
        let script = "[ $FLUSTER_TASK_INDEX = 1 ] && exit 3; exec sleep 1000"
        let id = try instance.submit("-a", "0-1", "--gang", "-c", script)
        #expect(try instance.run("fluster-wait", id).status == 1)
        #expect(try instance.column("STATE", of: id) == "failed")
        let task = try instance.run("fluster-wait", "\(id).0")
        #expect(task.errors.contains("a task of its gang did not succeed"), "\(task)")
        #expect(task.status == 143)
      }
    }

    @Test("the failure limit ends the job, and its error names what used it up")
    func maxFailures() throws {
      try Instance.with { instance in
        let id = try instance.submit("-a", "1-9%1", "--max-failures", "1", "false")
        let waited = try instance.run("fluster-wait", id)
        #expect(waited.status == 1)
        #expect(
          waited.errors.contains(
            "\(id).3-9 killed: its job reached its failure limit"), "\(waited)")
        let listed = try instance.run("fluster-ls", "--json", id)
        #expect(
          listed.output.contains(
            "2 attempts failed, more than --max-failures 1: "
              + "\(id).1 (attempt 0), \(id).2 (attempt 0)"), "\(listed)")
        let never = try instance.run("fluster-submit", "--retries", "2", "--max-failures", "1", "x")
        #expect(never.status == 65)
      }
    }

    @Test("a task that was tried too often says how often it may be")
    func retries() throws {
      try Instance.with { instance in
        let id = try instance.submit(
          "--retries", "1", "--backoff", "0..0", "--", "sh", "-c", "exit 7")
        #expect(try instance.wait(id) == 7)
        #expect(
          try instance.column("REASON", of: id)
            == "exit code 7; task \(id) failed 2 times; --retries 1 allows 1")
        let final = try instance.submit("--retries", "5", "--no-retry-status", "7", "-c", "exit 7")
        #expect(try instance.wait(final) == 7)
        #expect(try instance.column("REASON", of: final).contains("is not tried again"))
      }
    }

    @Test("what finds no place in time is unschedulable, then and ever after")
    func scheduleTimeout() throws {
      try Instance.with(worker: ["--cpus", "1", "--mem", "1G"]) { instance in
        let holder = try instance.submit("sleep", "1000")
        try instance.waitUntil(holder, is: "running")
        let id = try instance.submit("--schedule-timeout", "1s", "true")
        for _ in 0..<2 {
          let waited = try instance.run("fluster-wait", id)
          #expect(waited.status == 126)
          #expect(
            waited.errors.contains("\(id) unschedulable: no place was found within 1s"),
            "\(waited)")
        }
        #expect(try instance.column("STATE", of: id) == "unschedulable")
        #expect(try instance.column("REASON", of: id) == "no place was found within 1s")
        let task = try instance.run("fluster-ls", "-A", "--tasks", "--json", id)
        #expect(task.output.contains(#""state":"unschedulable""#), "\(task)")
        #expect(task.output.contains("no place was found within 1s"), "\(task)")
        try instance.run("fluster-kill", holder)
      }
    }

    @Test("a status that counts as success is carried, and is success to everybody else")
    func okStatus() throws {
      try Instance.with { instance in
        let one = try instance.submit("--ok-status", "3,5-7", "--", "sh", "-c", "exit 6")
        for _ in 0..<2 { #expect(try instance.wait(one) == 6) }
        #expect(try instance.column("STATE", of: one) == "succeeded")
        #expect(try instance.column("STATUS", of: one) == "6")
        let many = try instance.submit(
          "-a", "2-4", "--ok-status", "2-4", "-c", "exit $FLUSTER_TASK_INDEX")
        let waited = try instance.run("fluster-wait", many)
        #expect(waited.status == 0)
        #expect(waited.lines.sorted() == (2...4).map { "\(many).\($0) succeeded \($0)" })
      }
    }

    @Test("a constraint leads to the worker that meets it, and none that does is refused")
    func constraint() throws {
      try Instance.with(
        worker: ["--cpus", "1", "--mem", "1G", "--attribute", "zone=south"]
      ) { instance in
        try instance.addWorker(
          "w2", ["--cpus", "1", "--mem", "1G", "--attribute", "Zone=North"])
        let id = try instance.submit(
          "-a", "0-2", "--constraint", "zone = north", "-c", "echo $FLUSTER_WORKER_ID")
        #expect(try instance.wait(id) == 0)
        #expect(try instance.log(of: id) == "w2\nw2\nw2\n")
        let refused = try instance.run("fluster-submit", "--constraint", "zone=west", "true")
        #expect(refused.status == 65)
        #expect(
          refused.errors.contains(
            "no worker meets its constraint zone = west: worker w1 has zone south, "
              + "worker w2 has zone north"), "\(refused)")
        let tried = try instance.run(
          "fluster-submit", "--dry-run", "--prefer", "zone = west", "--band", "batch", "true")
        #expect(tried.status == 0)
        #expect(tried.output.contains(#""band":"batch""#), "\(tried)")
        #expect(tried.output.contains(#""preferred":true"#), "\(tried)")
      }
    }
  }
}
