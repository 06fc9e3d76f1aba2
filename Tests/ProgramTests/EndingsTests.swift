import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("how jobs end, and what is carried back")
  struct Endings {
    @Test("exit 7 is carried as 7, SIGKILL as 137, success as 0")
    func statuses() throws {
      try Instance.with { instance in
        let seven = try instance.submit("--", "sh", "-c", "exit 7")
        let shot = try instance.submit("--", "sh", "-c", "kill -KILL $$")
        let fine = try instance.submit("--", "true")
        #expect(try instance.wait(seven) == 7)
        #expect(try instance.wait(shot) == 137)
        #expect(try instance.wait(fine) == 0)
        #expect(try instance.column("STATE", of: seven) == "failed")
        #expect(try instance.column("STATE", of: shot) == "failed")
        #expect(try instance.column("STATE", of: fine) == "succeeded")
      }
    }

    /// Scenario 37.
    @Test("true succeeds with 0, false fails with 1, and what somebody ends is killed")
    func trueAndFalse() throws {
      try Instance.with { instance in
        let good = try instance.submit("--", "true")
        let bad = try instance.submit("--", "false")
        #expect(try instance.wait(good) == 0)
        #expect(try instance.wait(bad) == 1)
        let endless = try instance.submit("--", "sleep", "1000")
        try instance.waitUntil(endless, is: "running")
        #expect(try instance.run("fluster-kill", endless).status == 0)
        #expect(try instance.wait(endless) == 143)
        #expect(try instance.column("STATE", of: good) == "succeeded")
        #expect(try instance.column("STATE", of: bad) == "failed")
        #expect(try instance.column("STATE", of: endless) == "killed")
      }
    }

    @Test("fluster-submit --wait carries the status itself")
    func submitWait() throws {
      try Instance.with { instance in
        let finished = try instance.run("fluster-submit", "--wait", "--", "sh", "-c", "exit 9")
        #expect(finished.status == 9, "\(finished)")
      }
    }

    @Test("a job that could not start says why, and is no plain 127")
    func startReasons() throws {
      try Instance.with { instance in
        let files = instance.files
        try write("#!/bin/sh\nexit 0\n", to: "\(files)/not-executable", mode: 0o644)
        mkdir("\(files)/gone", 0o755)
        let cases = [
          (
            "exec: no-such-command-anywhere: no such file or directory",
            try instance.submit("-n", "x", "--", "no-such-command-anywhere")
          ),
          ("exec: \(files)/not-executable: ", try instance.submit("\(files)/not-executable")),
          (
            "directory: \(files)/gone: ",
            try instance.submit("--hold", "-C", "\(files)/gone", "--", "true")
          ),
          (
            "stdout: \(files)/no/such/dir: ",
            try instance.submit("-o", "\(files)/no/such/dir", "--", "true")
          ),
          (
            "stdin: \(files)/no-such-input: ",
            try instance.submit("--stdin", "\(files)/no-such-input", "--", "true")
          ),
        ]
        rmdir("\(files)/gone")
        try instance.run("fluster-set", cases[2].1, "release")
        for (reason, id) in cases {
          let waited = try instance.run("fluster-wait", id)
          #expect(waited.status == 126 && waited.errors.contains(reason), "\(waited)")
          #expect(try instance.column("REASON", of: id).hasPrefix("did not start: \(reason)"))
          let detail = try instance.run("fluster-ls", "-l", id).output
          #expect(detail.contains("did not start: \(reason)"), "\(detail)")
          #expect(!detail.contains("127"), "\(detail)")
          #expect(try instance.column("STATE", of: id) == "failed")
        }
      }
    }

    /// Scenario 81.
    @Test("a time limit ends the job with 143, is a failure, and is not retried")
    func timeLimit() throws {
      try Instance.with { instance in
        let id = try instance.submit("--time", "1s", "--retries", "3", "--", "sleep", "1000")
        #expect(try instance.wait(id) == 143)
        let detail = try instance.run("fluster-ls", "-l", id).output
        #expect(detail.contains("time limit reached"), "\(detail)")
        #expect(!detail.contains("attempt 1"), "\(detail)")
        #expect(try instance.column("STATE", of: id) == "failed")
      }
    }

    @Test("a failing job is tried again as often as asked, and the last status counts")
    func retries() throws {
      try Instance.with { instance in
        let id = try instance.submit(
          "--retries", "1", "--", "sh", "-c", "echo try $FLUSTER_ATTEMPT; exit 4")
        #expect(try instance.wait(id) == 4)
        let log = try instance.run("fluster-log", "--attempt", "all", id).output
        #expect(log.contains("try 0") && log.contains("try 1") && !log.contains("try 2"), "\(log)")
        let row = try instance.run("fluster-ls", "-l", "--json", id).output
        let states = row.matches(of: /"attempt":.*?"state":"([a-z-]+)"/).map(\.output.1)
        #expect(states == ["failed", "failed"], "\(row)")
      }
    }

    @Test("a job that still waits for its owner's name to be looked up is killed, and never starts")
    func killedWhileNamed() throws {
      try Instance.with(daemons: [.shim, .controller]) { instance in
        guard geteuid() == 0 else {
          #expect(maySkip(because: "a user database that does not answer needs root"))
          return
        }
        // Whoever reads it waits until somebody writes, and nobody does.
        let users = "\(instance.directory)/users"
        mkfifo(users, 0o600)
        let mount = #"mount --bind "$0" /etc/passwd && exec "$@""#
        try instance.start(
          .worker,
          wrapper: ["unshare", "--mount", "--propagation", "private", "sh", "-c", mount, users])
        let id = try instance.submit(
          "-o", "%u.out", "--", "sh", "-c", "trap '' TERM; touch started; sleep 1000")
        let threads = "/proc/\(try instance.pid(of: .worker))/task"
        try eventually("the name is being looked up") { names(in: threads).count > 1 }
        #expect(try instance.run("fluster-kill", id).status == 0)
        #expect(try instance.wait(id, within: 20) == 126)
        #expect(try instance.column("STATE", of: id) == "killed")
        #expect(access("\(instance.files)/started", F_OK) != 0)
        let next = try instance.submit("--", "true")
        #expect(try instance.wait(next) == 0)
      }
    }

    /// Scenarios 38, 39.
    @Test("killing a held job ends it without a status of its own")
    func killedBeforeStart() throws {
      try Instance.with { instance in
        let id = try instance.submit("--hold", "--", "true")
        #expect(try instance.run("fluster-kill", id).status == 0)
        #expect(try instance.wait(id) == 126)
        #expect(try instance.column("STATE", of: id) == "killed")
        #expect(try instance.run("fluster-kill", id).status == 0)
      }
    }

    /// Scenario 100.
    @Test("a wait goes on while flusterd is away, and ends as the job did")
    func away() throws {
      try Instance.with { instance in
        let id = try instance.submit(
          "-c", "until [ -e \(instance.files)/go ]; do sleep 0.05; done; exit 7")
        try instance.waitUntil(id, is: "running")
        let wait = try instance.launch(["fluster-wait", "-v", id])
        try eventually("it waits") { wait.errorsSoFar.contains("answers") }
        try instance.end(.controller, by: SIGKILL)
        try write("", to: "\(instance.files)/go")
        try eventually("it says that it goes on") { wait.errorsSoFar.contains("waiting for it") }
        try instance.start(.controller)
        #expect(try wait.finish().status == 7)
      }
    }

    @Test("waiting for several prints one line each and says whether all succeeded")
    func several() throws {
      try Instance.with { instance in
        let good = try instance.submit("--", "true")
        let bad = try instance.submit("--", "sh", "-c", "exit 3")
        let both = try instance.run("fluster-wait", good, bad)
        #expect(both.status == 1, "\(both)")
        #expect(
          Set(both.lines) == ["\(good) succeeded 0", "\(bad) failed 3"], "\(both)")
        let piped = try instance.run("fluster-wait", "-", input: "\(bad)\n")
        #expect(piped.status == 3, "\(piped)")
      }
    }
  }
}
