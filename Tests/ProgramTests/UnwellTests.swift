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

    /// An instance whose worker sees the pressure on memory that a test writes into a file.
    private static func withPressure(
      settings: String = "", _ body: (Instance, _ file: String) throws -> Void
    ) throws {
      guard geteuid() == 0, access("/proc/pressure/memory", R_OK) == 0 else {
        #expect(maySkip(because: "a pressure of the test's own needs root, and a kernel with it"))
        return
      }
      try Instance.with(settings: settings, daemons: [.shim, .controller]) { instance in
        let file = "\(instance.directory)/pressure"
        try press(file, "0.00")
        let script = "mount --bind \(file) /proc/pressure/memory && exec \"$@\""
        try instance.start(
          .worker,
          wrapper: ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"])
        try instance.waitForWorker("w1", "ready")
        try body(instance, file)
      }
    }

    private static func press(_ file: String, _ share: String) throws {
      try write("some avg10=\(share) avg60=0.00 avg300=0.00 total=1\n", to: file)
    }

    @Test("a worker whose machine waits for memory gets no new work, and says so, until it is over")
    func pressure() throws {
      try Self.withPressure { instance, file in
        let running = try instance.submit("--", "sleep", "1000")
        try instance.waitUntil(running, is: "running")
        try Self.press(file, "62.50")
        try instance.waitForWorker("w1", "unwell")
        let waiting = try instance.submit("--", "true")
        let text = "worker w1 says: for 62 % of the last 10s something waited for memory, and 40 %"
        let reason = try instance.column("REASON", of: waiting)
        #expect(reason.hasPrefix(text), "\(reason)")
        let why = try instance.run("fluster-ls", "--why", waiting).output
        #expect(why.contains(text.dropFirst(1)), "\(why)")
        // Below the limit, but not by enough.
        try Self.press(file, "35.00")
        #expect(try instance.column("STATE", of: running) == "running")
        #expect(try instance.column("STATE", of: waiting) == "pending")
        try Self.press(file, "12.00")
        #expect(try instance.wait(waiting) == 0)
        try instance.run("fluster-kill", running)
        #expect(try instance.wait(running) == 143)
      }
    }

    @Test("an idle worker gives back what comes under pressure; the limit is a setting")
    func pressureWhileIdle() throws {
      try Self.withPressure(settings: "[Worker]\nMemoryPressure=90%\n") { instance, file in
        try Self.press(file, "89.99")
        #expect(try instance.wait(try instance.submit("--", "true")) == 0)
        try Self.press(file, "90.00")
        let id = try instance.submit("--", "true")
        try instance.waitForWorker("w1", "unwell")
        try instance.waitUntil(id, is: "pending")
        let path = "\(instance.directory)/config/fluster/fluster.conf"
        try write("[Worker]\nMemoryPressure=lots\n", to: path)
        kill(try instance.pid(of: .worker), SIGHUP)
        try eventually("the file is refused") {
          instance.said(by: .worker).contains { $0.contains("MemoryPressure needs a percentage") }
        }
        try write("[Worker]\nMemoryPressure=off\n", to: path)
        kill(try instance.pid(of: .worker), SIGHUP)
        #expect(try instance.wait(id) == 0)
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
