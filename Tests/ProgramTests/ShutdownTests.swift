import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("what fluster down --now says is so")
  struct Shutdown {
    /// Starts an instance whose flusterd may be forbidden to write files, with a running job.
    private func withRunningJob(_ body: (Instance, _ job: String) throws -> Void) throws {
      try Instance.with { instance in
        let job = try instance.submit("--", "sleep", "1000")
        try instance.waitUntil(job, is: "running")
        try body(instance, job)
        for daemon in Instance.Daemon.allCases { _ = try instance.finish(daemon) }
        try instance.start(.controller)
        #expect(try instance.column("STATE", of: job) == "killed")
      }
    }

    @Test(
      "a store that takes no writes has it refused, and the job goes on",
      arguments: [
        true, false,
      ])
    func failingStore(isKnown: Bool) throws {
      try withRunningJob { instance, job in
        try instance.limitFiles(to: "0")
        if isKnown {
          #expect(try instance.run("fluster-submit", "--hold", "--", "true").status == 75)
        }
        let refused = try instance.run("fluster", "down", "--now", within: 20)
        #expect(refused.status == 75, "\(refused)")
        #expect(refused.errors.contains("cannot be written"), "\(refused)")
        #expect(try instance.column("STATE", of: job) == "running")
        try instance.limitFiles(to: "unlimited")
        try eventually("there is something that takes writes") {
          try instance.run("fluster-submit", "--", "true").status == 0
        }
        let ended = try instance.run("fluster", "down", "--now", within: 20)
        #expect(ended.status == 0, "\(ended)")
      }
    }

    @Test("a worker that was away is waited for")
    func absentWorker() throws {
      try withRunningJob { instance, _ in
        try instance.end(.worker, by: SIGKILL)
        let down = try instance.launch(["fluster", "down", "--now"])
        try eventually("flusterd is about to end") {
          try instance.run("fluster-submit", "--hold", "--", "true").status == 75
        }
        try instance.start(.worker)
        let ended = try down.finish(within: 20)
        #expect(ended.status == 0, "\(ended)")
      }
    }
  }
}
