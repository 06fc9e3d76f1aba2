import FlusterProtocol
import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("logs")
  struct Logs {
    @Test("the last line is there before the end is visible")
    func lastLine() throws {
      try Instance.with { instance in
        for round in 0..<20 {
          let id = try instance.submit("--", "sh", "-c", "echo the last line of \(round)")
          #expect(try instance.wait(id) == 0)
          #expect(try instance.log(of: id) == "the last line of \(round)\n")
        }
      }
    }

    @Test("following shows everything and ends with the job, 0 whatever the job's status")
    func follow() throws {
      try Instance.with { instance in
        let id = try instance.submit(
          "--", "sh", "-c", "for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done; exit 3")
        let followed = try instance.run("fluster-log", "-f", id)
        #expect(followed.status == 0, "\(followed)")
        #expect(followed.output == (1...5).map { "line \($0)\n" }.joined(), "\(followed)")
      }
    }

    @Test("who opens a log is told whether it is the last that there will be of its task")
    func last() throws {
      try Instance.with { instance in
        let id = try instance.submit("--retries", "1", "--backoff", "1ms..1ms", "--", "false")
        #expect(try instance.wait(id) == 1)
        let talker = try Talker(to: instance.controlSocket)
        try talker.greet()
        for (number, isLast) in [(0, false), (1, true)] {
          var open = WireOpenLog()
          open.job = try #require(UInt64(id))
          open.attempt = UInt32(number)
          try talker.send(WireEnvelope(request: 1, .openLog(open)).frame())
          guard case .openedLog(let log)? = try talker.receive()?.body else {
            throw TimedOut(what: "a log")
          }
          #expect(log.last == isLast && log.attempts == 2, "\(log)")
        }
      }
    }

    @Test("following waits for a pending job")
    func followPending() throws {
      try Instance.with { instance in
        let id = try instance.submit("--hold", "--", "echo", "at last")
        let follower = try instance.launch(["fluster-log", "-f", id])
        let now = try instance.run("fluster-log", id)
        #expect(now.status == 0 && now.output.isEmpty && !now.errors.isEmpty, "\(now)")
        try instance.run("fluster-set", id, "release")
        let followed = try follower.finish(within: 30)
        #expect(followed.status == 0 && followed.output == "at last\n", "\(followed)")
      }
    }

    @Test("following waits for a worker that is being replaced")
    func followAway() throws {
      try Instance.with { instance in
        let id = try instance.submit(
          "--", "sh", "-c", "echo before; until [ -e go ]; do sleep 0.1; done")
        try instance.waitUntil(id, is: "running")
        try instance.end(.worker, by: SIGKILL)
        try eventually("flusterd knows that it has gone") {
          try instance.run("fluster-log", id).status == 75
        }
        let follower = try instance.launch(["fluster-log", "-f", id])
        try instance.start(.worker)
        try eventually("the log is shown") { follower.outputSoFar == "before\n" }
        try write("", to: "\(instance.files)/go")
        let followed = try follower.finish(within: 30)
        #expect(followed.status == 0 && followed.output == "before\n", "\(followed)")
      }
    }

    @Test("a task whose output cannot be had is told of, and the others are shown")
    func missing() throws {
      try Instance.with { instance in
        let id = try instance.submit(
          "-a", "1-3", "-o", "out.%t", "-c", "echo of $FLUSTER_TASK_INDEX")
        #expect(try instance.wait(id) == 0)
        unlink("\(instance.files)/out.2")
        for words in [["fluster-log", id], ["fluster-log", "-f", id], ["fluster-log", "99", id]] {
          let shown = try instance.launch(words).finish()
          #expect(shown.output == "of 1\nof 3\n" && shown.status == 66, "\(words): \(shown)")
          #expect(shown.errors.contains("\(id).2") && shown.errors.contains("out.2"), "\(shown)")
          #expect(shown.errors.contains("there is no job 99") == words.contains("99"), "\(shown)")
        }
      }
    }

    @Test("both streams are one file, unless asked apart; -n shows the last lines")
    func streams() throws {
      try Instance.with { instance in
        let script = "echo one; echo two >&2; echo three"
        let together = try instance.submit("--", "sh", "-c", script)
        let apart = try instance.submit("-E", "errors", "--", "sh", "-c", script)
        #expect(try instance.run("fluster-wait", together, apart).status == 0)
        #expect(try instance.log(of: together) == "one\ntwo\nthree\n")
        #expect(try instance.run("fluster-log", "-n", "1", together).output == "three\n")
        #expect(try instance.log(of: apart) == "one\nthree\n")
        #expect(try text(at: "\(instance.files)/errors") == "two\n")
      }
    }

    /// Scenario 78.
    @Test("of a hundred lines the last ten are shown in the order in which they were written")
    func lastTen() throws {
      try Instance.with { instance in
        let id = try instance.submit("--", "seq", "100")
        #expect(try instance.wait(id) == 0)
        let shown = try instance.run("fluster-log", "-n", "10", id)
        #expect(shown.lines == (91...100).map(String.init), "\(shown)")
      }
    }

    @Test("-o writes into a file of the owner's, by pattern, and fluster-log reads it")
    func ownFile() throws {
      try Instance.with { instance in
        let id = try instance.submit("-n", "mine", "-o", "%n-%j.txt", "--", "echo", "hello")
        #expect(try instance.wait(id) == 0)
        #expect(try text(at: "\(instance.files)/mine-\(id).txt") == "hello\n")
        #expect(try instance.log(of: id) == "hello\n")
      }
    }

    @Test("the logs of an array come in the order of its tasks")
    func array() throws {
      try Instance.with { instance in
        let id = try instance.submit(
          "-a", "1-60", "--", "sh", "-c",
          "echo $FLUSTER_TASK_INDEX; sleep 0.0$((FLUSTER_TASK_INDEX * 7 % 10))")
        let held = try instance.submit("--hold", "-n", "held", "--", "true")
        try instance.run("fluster-wait", id)
        let log = try instance.run("fluster-log", id, held, "\(id).3-5")
        let expected = (Array(1...60) + Array(3...5)).map(String.init)
        #expect(log.status == 0 && log.lines == expected, "\(log)")
        #expect(log.errors == "fluster-log: \(held) has not started; there is no output yet\n")
        let all = try instance.run("fluster-log", "--attempt", "all", "\(id).7-9", held)
        #expect(all.lines == ["7", "8", "9"], "\(all)")
        let none = try instance.run("fluster-log", "-", input: "\n")
        #expect(none.status == 0 && none.output.isEmpty && !none.errors.isEmpty, "\(none)")
        try instance.run("fluster-kill", held)
      }
    }

    @Test("a job that fills its log keeps within the cap, with its first and last part")
    func cap() throws {
      try Instance.with { instance in
        let id = try instance.submit(
          "--log-max", "1M", "--", "sh", "-c",
          "echo the beginning; for i in 1 2 3; do seq 1 300000; sleep 1.1; done; echo the end")
        #expect(try instance.wait(id) == 0)
        let log = try instance.log(of: id)
        #expect(log.hasPrefix("the beginning\n1\n2\n"))
        #expect(log.hasSuffix("\nthe end\n"))
        #expect(log.utf8.count < 2 << 20, "\(log.utf8.count) bytes")
        let gaps = log.split(separator: "\n").filter { $0.contains("left out") }
        #expect(!gaps.isEmpty, "no mark where something was left out")
      }
    }
  }
}
