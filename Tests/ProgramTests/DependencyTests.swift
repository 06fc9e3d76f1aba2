import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("jobs that wait for others")
  struct Dependencies {
    @Test("a pipeline runs in its order, and its end tells how it went")
    func pipeline() throws {
      try Instance.with { instance in
        let gate = "until test -e go; do sleep 0.05; done; echo one >>trace"
        let first = try instance.submit("-n", "first", "--", "sh", "-c", gate)
        let second = try instance.submit("--after-ok", first, "--", "sh", "-c", "echo two >>trace")
        let third = try instance.submit(
          "--after-ok", "\(first),\(second)", "--after", "name:first", "--", "sh", "-c",
          "echo three >>trace; exit 7")
        #expect(
          try instance.column("REASON", of: second) == "waits for job \(first) to succeed")
        let why = try instance.run("fluster-ls", "--why", third).output
        #expect(why.contains("Waits for job \(first) to end, and for 2 more."), "\(why)")
        try write("", to: "\(instance.files)/go")
        #expect(try instance.wait(third) == 7)
        #expect(try text(at: "\(instance.files)/trace") == "one\ntwo\nthree\n")
        let detail = try instance.run("fluster-ls", "-l", third).output
        #expect(detail.contains("after \(first), after-ok \(first) \(second)"), "\(detail)")
        let json = try instance.run("fluster-ls", "--json", third).output
        #expect(json.contains(#""after_ok":["\#(first)","\#(second)"]"#), "\(json)")
      }
    }

    @Test("what cannot be met any more ends at once, whoever waits for it, and says why")
    func unmet() throws {
      try Instance.with { instance in
        let bad = try instance.submit(
          "--", "sh", "-c", "until test -e go; do sleep 0.05; done; exit 3")
        let next = try instance.submit("-a", "1-3", "--after-ok", bad, "--", "touch", "never")
        let last = try instance.submit("--after-ok", next, "--", "touch", "never")
        let cleaner = try instance.submit("--after-fail", last, "--", "touch", "cleaned")
        try write("", to: "\(instance.files)/go")
        #expect(try instance.wait(cleaner) == 0)
        let words = "--after-ok \(bad): job \(bad) has ended (failed)"
        for _ in 0..<2 {
          let waited = try instance.run("fluster-wait", next)
          #expect(waited.status == 1)
          #expect(
            waited.errors.contains("\(next).1-3 killed: dependency not met: \(words)"), "\(waited)")
        }
        let alone = try instance.run("fluster-wait", "--json", last)
        #expect(alone.status == 126)
        #expect(alone.output.contains(#""state":"killed","status":126,"cause":"dependency""#))
        #expect(
          try instance.column("REASON", of: next) == "3 killed; dependency not met: \(words)")
        let json = try instance.run("fluster-ls", "--json", last).output
        #expect(json.contains(#""cause":"dependency""#) && !json.contains("killed_by"), "\(json)")
        let task = try instance.run("fluster-ls", "--tasks", "--json", "\(next).2").output
        #expect(task.contains(#""cause":"dependency""#), "\(task)")
        // Known to be so at the submit already.
        let late = try instance.run("fluster-submit", "--after-ok", next, "--", "touch", "never")
        #expect(late.status == 0)
        #expect(late.errors.contains("ends without being started: --after-ok \(next)"), "\(late)")
        let carried = try instance.run("fluster-run", "--after-ok", next, "--", "touch", "never")
        #expect(carried.status == 126)
        #expect(carried.errors.contains("dependency not met: --after-ok \(next)"), "\(carried)")
        let dry = try instance.run("fluster-submit", "--dry-run", "--after-ok", next, "true")
        #expect(dry.errors.contains("would end without being started"), "\(dry)")
        let feed = try instance.run("fluster-ls", "--cursor", "start", "--json").output
        #expect(feed.contains(#""cause":"dependency","status":126,"text":"\#(words)""#), "\(feed)")
        #expect(access("\(instance.files)/never", F_OK) != 0)
      }
    }

    @Test("what is waited for, and what has come of it, survives the death of flusterd")
    func crash() throws {
      try Instance.with { instance in
        let gate = "until test -e go.$FLUSTER_TASK_INDEX; do sleep 0.05; done"
        let array = try instance.submit(
          "-a", "1-2", "--cpus", "0.5", "--", "sh", "-c", "\(gate); exit 4")
        let failing = try instance.submit("--", "false")
        let task = try instance.submit("--after", "\(array).1", "--", "true")
        let all = try instance.submit("--after", array, "--", "true")
        let cleaner = try instance.submit("--after-fail", "\(failing),\(all)", "--", "true")
        let never = try instance.submit("--after-fail", "\(all)", "--", "true")
        _ = try instance.wait(failing)
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        try write("", to: "\(instance.files)/go.1")
        #expect(try instance.wait(task) == 0)
        #expect(try instance.column("STATE", of: all) == "pending")
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        try write("", to: "\(instance.files)/go.2")
        #expect(try instance.wait(all) == 0)
        #expect(try instance.wait(cleaner) == 0)
        let waited = try instance.run("fluster-wait", never)
        #expect(waited.status == 126)
        #expect(
          waited.errors.contains("--after-fail \(all): job \(all) has succeeded"), "\(waited)")
      }
    }

    @Test("jobs that ended long ago count, by id, by key and by name, and strangers are named")
    func past() throws {
      try Instance.with { instance in
        let good = try instance.submit("-n", "good", "-k", "daily", "--", "true")
        let bad = try instance.submit("-n", "bad", "-a", "1-2", "-c", "exit $FLUSTER_TASK_INDEX")
        _ = try instance.run("fluster-wait", good, bad)
        for selector in [good, "name:go*", "key:daily"] {
          let id = try instance.submit("--after-ok", selector, "--after", bad, "--", "true")
          #expect(try instance.wait(id) == 0)
        }
        for selector in ["name:bad", "\(bad).2"] {
          #expect(try instance.wait(instance.submit("--after-fail", selector, "--", "true")) == 0)
          #expect(try instance.wait(instance.submit("--after-ok", selector, "--", "true")) == 126)
        }
        for (selector, words) in [
          ("999", "there is no job 999"), ("name:x", "no job of yours is named \"x\""),
          ("key:x", "no job of yours has the key \"x\""), ("\(bad).7", "job \(bad) has no task 7"),
        ] {
          let refused = try instance.run("fluster-submit", "--after", selector, "true")
          #expect(refused.status == 66)
          #expect(refused.errors.contains(words), "\(refused)")
        }
        for words in ["", "x", "\(good),", "7."] {
          let refused = try instance.run("fluster-submit", "--after-ok", words, "true")
          #expect(refused.status == 64)
          #expect(refused.errors.contains("fluster-submit: --after-ok: \""), "\(refused)")
        }
      }
    }

    @Test("what begins later waits for its time, and what is too late says so")
    func times() throws {
      try Instance.with(worker: ["--cpus", "1", "--mem", "1G"]) { instance in
        let soon = try instance.submit("--begin", "now+2s", "--", "true")
        #expect(try instance.column("REASON", of: soon).hasPrefix("begins at 20"))
        let later = try instance.submit("--begin", "tomorrow 03:00", "--", "true")
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        #expect(try instance.wait(soon) == 0)
        let json = try instance.run("fluster-ls", "--json", later).output
        #expect(json.contains("T03:00:00.000Z") && json.contains(#""code":"begin""#), "\(json)")
        let holder = try instance.submit("sleep", "1000")
        try instance.waitUntil(holder, is: "running")
        let late = try instance.submit("--deadline", "now+1s", "true")
        let next = try instance.submit("--after-ok", late, "true")
        let waited = try instance.run("fluster-wait", "--json", late)
        #expect(waited.status == 126)
        #expect(
          waited.output.contains(#""state":"unschedulable","status":126,"cause":"deadline""#),
          "\(waited)")
        #expect(waited.errors.contains("\(late) unschedulable: deadline passed"), "\(waited)")
        #expect(try instance.wait(next) == 126)
        #expect(try instance.column("REASON", of: late) == "deadline passed")
        for (status, words) in [
          (65, ["--deadline", "2020-01-01"]), (65, ["--deadline", "now+1h", "--begin", "now+2h"]),
          (64, ["--begin", "8x"]), (64, ["--begin", ""]),
        ] {
          let refused = try instance.launch(["fluster-submit"] + words + ["true"]).finish()
          #expect(refused.status == Int32(status), "\(refused)")
        }
        try instance.run("fluster-kill", holder, later)
      }
    }
  }
}
