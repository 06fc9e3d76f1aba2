import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("workers that are unwell")
  struct Unwell {
    /// An instance whose logs have a disk of 64 MB to themselves.
    private static func withSmallDisk(
      _ body: (Instance, _ logs: String, SmallDisk) throws -> Void
    ) throws {
      try Instance.with(daemons: []) { instance in
        let logs = "\(instance.stateDirectory)/log"
        for name in ["\(instance.directory)/state", instance.stateDirectory, logs] {
          mkdir(name, 0o700)
        }
        guard let disk = SmallDisk(at: logs, megabytes: 64) else {
          #expect(maySkip(because: "a small disk needs root"))
          return
        }
        defer { disk.end() }
        for daemon in Instance.Daemon.allCases { try instance.start(daemon) }
        try instance.waitForWorker("w1", "ready")
        try body(instance, logs, disk)
      }
    }

    /// Scenario 63.
    @Test("a worker without disk says so and gets no new work, until there is space again")
    func fullDisk() throws {
      try Self.withSmallDisk { instance, logs, disk in
        let running = try instance.submit("--", "sleep", "1000")
        try instance.waitUntil(running, is: "running")
        try disk.fill(megabytes: 62)
        try instance.waitForWorker("w1", "unwell")
        let waiting = try instance.submit("--", "true")
        let reason = try instance.column("REASON", of: waiting)
        #expect(reason.hasPrefix("worker w1 says: of the disk at \(logs) only "), "\(reason)")
        let why = try instance.run("fluster-ls", "--why", waiting).output
        #expect(why.contains("Worker w1 says: "), "\(why)")
        #expect(try instance.column("STATE", of: running) == "running")
        disk.empty()
        #expect(try instance.wait(waiting) == 0)
        try instance.run("fluster-kill", running)
        #expect(try instance.wait(running) == 143)
      }
    }

    @Test("an idle worker whose disk has filled gives back what it is given, and does not run it")
    func fullWhileIdle() throws {
      try Self.withSmallDisk { instance, logs, disk in
        try disk.fill(megabytes: 64)
        let id = try instance.submit("--", "sh", "-c", "echo ran")
        try instance.waitForWorker("w1", "unwell")
        try instance.waitUntil(id, is: "pending")
        let reason = try instance.column("REASON", of: id)
        #expect(reason.hasPrefix("worker w1 says: of the disk at \(logs) only "), "\(reason)")
        disk.empty()
        #expect(try instance.wait(id) == 0)
        #expect(try instance.log(of: id) == "ran\n")
        let detail = try instance.run("fluster-ls", "-l", id).output
        #expect(!detail.contains("preempt"), "\(detail)")
      }
    }
  }
}
