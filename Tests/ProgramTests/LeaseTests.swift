import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("leases of workers")
  struct Leases {
    @Test("a worker that does not hear of flusterd ends what it runs, and comes back")
    func over() throws {
      let worker = ["--cpus", "2", "--mem", "2G", "--lease", "5s"]
      try Instance.with(worker: worker) { instance in
        let id = try instance.submit(
          "--retries-lost", "0", "--", "sh", "-c", "touch runs; sleep 1000")
        try instance.waitUntil(id, is: "running")
        let json = try instance.run("fluster-ctl", "workers", "--json").output
        #expect(json.contains(#""lease_seconds":5"#), "\(json)")
        kill(try instance.pid(of: .controller), SIGSTOP)
        defer { _ = try? kill(instance.pid(of: .controller), SIGCONT) }
        try eventually("nothing of the job is left", within: 30) {
          instance.strays.allSatisfy { !Processes.commandLine($0).contains("sleep 1000") }
        }
        kill(try instance.pid(of: .controller), SIGCONT)
        #expect(try instance.wait(id) == 126)
        let told = try instance.column("REASON", of: id)
        #expect(told.contains("no contact with flusterd for 5s"), "\(told)")
        let next = try instance.submit("--", "true")
        #expect(try instance.wait(next) == 0)
      }
    }

    @Test("a worker that starts again while flusterd is away gets no new lease by that")
    func restarted() throws {
      try Self.withoutController { instance, isOver in
        while !isOver() {
          try instance.end(.worker, by: SIGKILL)
          try instance.start(.worker)
          let next = Deadline(seconds: 2)
          try eventually("the next restart") { next.hasPassed || isOver() }
        }
      }
    }

    @Test("a worker that never comes back leaves nothing beyond its lease")
    func gone() throws {
      try Self.withoutController { instance, _ in try instance.end(.worker, by: SIGKILL) }
    }

    /// Runs a job that heeds no signal but KILL, stops flusterd, and has `body` do the worst. The
    /// job must be gone in time all the same, and told as lost when all are back.
    private static func withoutController(
      _ body: (Instance, () -> Bool) throws -> Void
    ) throws {
      let worker = ["--cpus", "2", "--mem", "2G", "--lease", "5s"]
      try Instance.with(worker: worker) { instance in
        let id = try instance.submit(
          "--retries-lost", "0", "--", "sh", "-c", "trap '' TERM; echo $$ >pid; exec sleep 1000")
        try instance.waitUntil(id, is: "running")
        var said: Int32?
        try eventually("the job has said who it is") {
          said = (try? text(at: "\(instance.files)/pid")).flatMap { Int32($0.trimmed) }
          return said != nil
        }
        let pid = try #require(said)
        kill(try instance.pid(of: .controller), SIGSTOP)
        defer { _ = try? kill(instance.pid(of: .controller), SIGCONT) }
        // Five of the lease, five of the grace, and the controller waits no longer than fifteen.
        let end = Deadline(seconds: 14)
        let isOver = { end.hasPassed || !Processes.isAlive(pid) }
        try body(instance, isOver)
        try eventually("the job is gone", isOver)
        #expect(!Processes.isAlive(pid))
        kill(try instance.pid(of: .controller), SIGCONT)
        if !instance.isRunning(.worker) { try instance.start(.worker) }
        #expect(try instance.wait(id) == 126)
        let told = try instance.column("REASON", of: id)
        #expect(told.contains("no contact with flusterd"), "\(told)")
        let next = try instance.submit("--", "true")
        #expect(try instance.wait(next) == 0)
      }
    }

    @Test("a lease that is too short is refused at the start")
    func tooShort() throws {
      try Instance.with(daemons: []) { instance in
        let started = try instance.run("fluster-worker", "--lease", "1s")
        #expect(started.status == 64 && started.errors.contains("below 5s"), "\(started)")
      }
    }
  }
}
