import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("fluster-run stands for its command")
  struct Runs {
    /// Runs a shell line, in which fluster-run stands.
    private func shell(_ line: String, in instance: Instance) throws -> Finished {
      try instance.run("bash", "-c", line)
    }

    @Test("input, output and exit status are the command's")
    func streams() throws {
      try Instance.with { instance in
        let filter = try instance.run("fluster-run", "tr", "a-z", "A-Z", input: "hello\n")
        #expect(filter.status == 0 && filter.output == "HELLO\n", "\(filter)")
        let many = try shell("seq 300000 | fluster-run cat | tail -n 1", in: instance)
        #expect(many.output == "300000\n", "\(many)")
        let slow = try shell(
          "{ echo one; sleep 0.3; echo two; } | fluster-run sh -c 'read a; read b; echo $b $a'",
          in: instance)
        #expect(slow.output == "two one\n", "\(slow)")
        #expect(try instance.run("fluster-run", "sh", "-c", "exit 7").status == 7)
        #expect(try instance.run("fluster-run", "sh", "-c", "kill -9 $$").status == 137)
        // Often, since there is an end without a log that may not have reached the disk yet.
        for _ in 0..<20 {
          let missing = try instance.run("fluster-run", "no-such-command")
          #expect(missing.status == 126 && missing.errors.contains("no-such-command"), "\(missing)")
        }
        // Nothing of its own is left where the pipes were.
        #expect(names(in: instance.runtime) == ["fluster"])
      }
    }

    @Test("the error is kept apart where ours is, and in its order where it is not")
    func errors() throws {
      try Instance.with { instance in
        let script = "echo 1; echo 2 >&2; echo 3; echo 4 >&2"
        let apart = try instance.run("fluster-run", "-q", "sh", "-c", script)
        #expect(apart.output == "1\n3\n" && apart.errors == "2\n4\n", "\(apart)")
        let together = try shell("fluster-run sh -c '\(script)' 2>&1", in: instance)
        #expect(together.output == "1\n2\n3\n4\n", "\(together)")
        // What the caller sends elsewhere does not come here.
        let sent = try instance.run("fluster-run", "-o", "out", "sh", "-c", script)
        #expect(sent.output == "" && sent.errors == "", "\(sent)")
        #expect(try text(at: "\(instance.files)/out") == "1\n2\n3\n4\n")
      }
    }

    @Test("a loop keeps its own input with --stdin none, and a file is the job's to open")
    func inputs() throws {
      try Instance.with { instance in
        let loop = "while read -r x; do fluster-run --stdin none sh -c 'cat; echo got '$x; done"
        let looped = try instance.run("bash", "-c", loop, input: "a\nb\n")
        #expect(looped.output == "got a\ngot b\n", "\(looped)")
        try write("from a file\n", to: "\(instance.files)/given")
        let given = try instance.run("fluster-run", "--stdin", "given", "cat", input: "x")
        #expect(given.output == "from a file\n", "\(given)")
        let loose = try instance.run("fluster-run", "--no-tie", "cat", input: "x")
        #expect(loose.output == "" && loose.status == 0, "\(loose)")
        let asked = try instance.run("fluster-run", "--no-tie", "--stdin", "-", "cat", input: "x\n")
        #expect(asked.output == "x\n", "\(asked)")
      }
    }

    @Test("input that somebody made non-blocking is passed on to its end")
    func nonBlocking() throws {
      try Instance.with { instance in
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        let run = try Program(
          ["bash", "-c", "exec fluster-run -n held cat <&3"], environment: instance.environment,
          directory: instance.files, passing: [ends[0]])
        close(ends[0])
        try instance.waitUntil("name:held", is: "running")
        #expect(Glibc.write(ends[1], "late\n", 5) == 5)
        close(ends[1])
        let finished = try run.finish()
        #expect(finished.status == 0 && finished.output == "late\n", "\(finished)")
      }
    }

    @Test("an array's tasks are shown in order, and one that fails makes the status 1")
    func array() throws {
      try Instance.with { instance in
        let script = "echo task $FLUSTER_TASK_INDEX; [ $FLUSTER_TASK_INDEX != 2 ]"
        let array = try instance.run("fluster-run", "-a", "1-3", "sh", "-c", script)
        #expect(array.output == "task 1\ntask 2\ntask 3\n" && array.status == 1, "\(array)")
      }
    }

    @Test("two with one key stand for one job, which ends when both have gone")
    func key() throws {
      try Instance.with { instance in
        let script = "until [ -e go ]; do sleep 0.1; done; echo done"
        let words = ["-k", "once", "sh", "-c", script]
        let (first, id) = try started(words, in: instance)
        let second = try instance.launch(["fluster-run", "-v", "-n", "held"] + words)
        try eventually("the other has found the job") {
          second.errorsSoFar.contains("fluster-run: job \(id)\n")
        }
        first.signal(SIGKILL)
        _ = try first.finish()
        try write("", to: "\(instance.files)/go")
        let finished = try second.finish()
        #expect(finished.status == 0 && finished.output == "done\n", "\(finished)")
      }
    }

    @Test("what cannot be is refused with 125 and submits nothing")
    func refusals() throws {
      try Instance.with(daemons: [.controller]) { instance in
        for words in [
          ["--wait", "true"], ["--frob", "true"], ["-a", "1-2", "--stdin", "-", "true"], [],
          ["--tie=yes", "true"], ["--stdin", "", "true"],
        ] {
          let refused = try instance.launch(["fluster-run"] + words).finish()
          #expect(refused.status == 125 && refused.errors.hasPrefix("fluster-run: "), "\(refused)")
        }
        #expect(try instance.run("fluster-ls", "-q", "-A").output == "")
      }
    }

    /// Starts it, and waits until its job runs; the job's id comes from the listing.
    private func started(_ words: [String], in instance: Instance) throws -> (Program, String) {
      let program = try instance.launch(["fluster-run", "-n", "held"] + words)
      var id = ""
      try eventually("the job runs") {
        id = try instance.run("fluster-ls", "-q", "--state", "running", "name:held").output.trimmed
        return !id.isEmpty && !id.contains("\n")
      }
      return (program, id)
    }

    /// Scenario 99.
    @Test("an interrupt goes to the job and its children, and with --no-tie leaves it be")
    func interrupt() throws {
      try Instance.with { instance in
        let script = "fluster-submit -n child -- sleep 600 > child; sleep 600"
        let (tied, id) = try started(["-C", instance.files, "sh", "-c", script], in: instance)
        try instance.waitUntil("name:child", is: "running")
        tied.signal(SIGINT)
        #expect(try tied.finish().status == 130)
        #expect(try instance.column("STATE", of: id) == "failed")
        try instance.waitUntil("name:child", is: "killed")

        let (loose, other) = try started(["--no-tie", "sleep", "600"], in: instance)
        loose.signal(SIGINT)
        let left = try loose.finish()
        #expect(left.status == 130 && left.errors.contains("job \(other) runs on"), "\(left)")
        #expect(try instance.column("STATE", of: other) == "running")
        #expect(try instance.run("fluster-kill", other).status == 0)
      }
    }

    @Test(
      "a job that ignores an interrupt is killed by the second, and one that waits by the first")
    func secondInterrupt() throws {
      try Instance.with { instance in
        let script = "trap '' INT; echo deaf; while :; do sleep 1; done"
        let (deaf, _) = try started(["--grace", "600s", "sh", "-c", script], in: instance)
        try eventually("it is deaf") { deaf.outputSoFar == "deaf\n" }
        deaf.signal(SIGINT)
        try eventually("the signal has been sent") {
          // The second must not overtake the first, which Linux would make one.
          !Processes.isSignalPending(SIGINT, for: deaf.pid)
        }
        deaf.signal(SIGINT)
        #expect(try deaf.finish().status == 137)

        let waits = try instance.launch(["fluster-run", "-n", "waits", "--hold", "true"])
        try instance.waitUntil("name:waits", is: "pending")
        waits.signal(SIGTERM)
        #expect(try waits.finish().status == 143)
        #expect(try instance.column("STATE", of: "name:waits") == "killed")
      }
    }

    @Test("a job whose fluster-run has gone ends after five seconds, and says why")
    func tie() throws {
      try Instance.with { instance in
        let (tied, id) = try started(["sleep", "600"], in: instance)
        let before = Deadline.now
        tied.signal(SIGKILL)
        _ = try tied.finish()
        try instance.waitUntil(id, is: "killed")
        #expect(Deadline.now - before >= 5_000_000_000)
        #expect(try instance.column("REASON", of: id).contains("tied to has gone"))
      }
    }

    @Test("a closed pipe ends it quietly, and its job")
    func closedPipe() throws {
      try Instance.with { instance in
        let closed = try shell(
          "fluster-run -q -n endless yes | head -n 1; echo ${PIPESTATUS[0]}", in: instance)
        #expect(closed.output == "y\n141\n" && closed.errors == "", "\(closed)")
        try instance.waitUntil("name:endless", is: "killed")
        #expect(names(in: instance.runtime) == ["fluster"])
      }
    }

    @Test("a flusterd that is killed and comes back finds the job held")
    func restart() throws {
      try Instance.with { instance in
        let script = "until [ -e go ]; do sleep 0.1; done; echo done"
        let (tied, id) = try started(["-C", instance.files, "sh", "-c", script], in: instance)
        for _ in 0..<2 {
          try instance.end(.controller, by: SIGKILL)
          try instance.start(.controller)
        }
        try write("", to: "\(instance.files)/go")
        let finished = try tied.finish()
        #expect(finished.status == 0 && finished.output == "done\n", "\(finished)")
        #expect(try instance.column("STATE", of: id) == "succeeded")

        let (lost, other) = try started(["-v", "sleep", "600"], in: instance)
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        try eventually("it is held again") { lost.errorsSoFar.contains("holds job \(other) again") }
        lost.signal(SIGKILL)
        _ = try lost.finish()
        // Nobody who had not come back would have been given up so soon.
        try instance.waitUntil(other, is: "killed", within: 25)
      }
    }
  }
}
