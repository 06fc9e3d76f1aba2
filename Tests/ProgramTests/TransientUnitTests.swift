import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("fluster up and down with a service manager")
  struct TransientUnits {
    private static let shim = "fluster-up-shim.service"
    private static let worker = "fluster-up-worker.service"
    private static let controller = "fluster-up-flusterd.service"

    /// Hands over an instance that is up, and its manager.
    private func with(_ body: (Instance, PrivateSystemd) throws -> Void) throws {
      try Instance.with(daemons: []) { instance in
        guard let manager = try PrivateSystemd.start(in: instance.runtime) else { return }
        let up = try instance.run("fluster", "up")
        try #require(up.status == 0, "\(up)")
        #expect(up.errors.contains("started \(Self.controller), \(Self.shim), \(Self.worker);"))
        try body(instance, manager)
        let down = try instance.run("fluster", "down", "--now")
        #expect(down.status == 0, "\(down)")
        try instance.waitUntilOnlyDaemonsRun()
        #expect(try manager.units().isEmpty)
      }
    }

    /// Starts a job that runs until it is killed; its id and its process.
    private func endless(_ instance: Instance) throws -> (id: String, pid: Int32) {
      let before = Set(instance.strays)
      let id = try instance.submit("--", "sleep", "1000")
      var found: Int32?
      try eventually("the job runs") {
        found = instance.strays.first {
          !before.contains($0) && Processes.commandLine($0) == "sleep 1000"
        }
        return found != nil
      }
      return (id, try #require(found))
    }

    private func cgroup(of pid: Int32) throws -> String {
      try text(at: "/proc/\(pid)/cgroup").split(separator: "\n")
        .first { $0.hasPrefix("0::") }.map(String.init) ?? ""
    }

    @Test("jobs are in the cgroup of the shim's unit, each in its own")
    func placement() throws {
      try with { instance, _ in
        let (first, second) = (try endless(instance), try endless(instance))
        for job in [first, second] {
          #expect(try cgroup(of: job.pid).contains("/app.slice/\(Self.shim)/"))
        }
        #expect(try cgroup(of: first.pid) != cgroup(of: second.pid))
        let lacks = try instance.run("fluster-ls", "-A", "--no-header", "-o", "STATE")
        #expect(lacks.lines == ["running", "running"], "\(lacks)")
      }
    }

    @Test("a job goes on while flusterd and worker are restarted, and when they crash")
    func restart() throws {
      try with { instance, manager in
        let job = try endless(instance)
        try manager.systemctl("restart", Self.controller, Self.worker)
        #expect(try instance.run("fluster-submit", "--wait", "--", "true").status == 0)
        try manager.systemctl("kill", "--signal=KILL", Self.controller, Self.worker)
        // Nobody says up: the manager does it.
        try eventually("flusterd serves again") {
          try instance.run("fluster-submit", "--wait", "--", "true").status == 0
        }
        #expect(Processes.isAlive(job.pid))
        #expect(try instance.column("STATE", of: job.id) == "running")
      }
    }

    @Test("a job goes on while flusterd and worker are stopped, until up mends it")
    func stopped() throws {
      try with { instance, manager in
        let job = try endless(instance)
        let held = try instance.run("fluster", "up")
        #expect(held.status == 0 && held.errors.contains("already up"), "\(held)")
        try manager.systemctl("stop", Self.controller, Self.worker)
        let refused = try instance.run("fluster", "down")
        #expect(refused.status == 69, "\(refused)")
        #expect(Processes.isAlive(job.pid))
        let mended = try instance.run("fluster", "up")
        #expect(mended.status == 0, "\(mended)")
        #expect(mended.errors.contains("started \(Self.controller), \(Self.worker);"), "\(mended)")
        #expect(try instance.column("STATE", of: job.id) == "running")
        #expect(try instance.run("fluster", "down").status == 75)
        #expect(try instance.run("fluster", "down", "--now").status == 0)
        #expect(try manager.units().isEmpty)
        #expect(!Processes.isAlive(job.pid))
        #expect(try instance.run("fluster", "up").status == 0)
        #expect(try instance.column("STATE", of: job.id) == "killed")
      }
    }

    @Test("a shim that crashes is started again, and takes its jobs with it")
    func crashedShim() throws {
      try with { instance, manager in
        let job = try endless(instance)
        try manager.systemctl("kill", "--kill-who=main", "--signal=KILL", Self.shim)
        try eventually("the job has ended") { !Processes.isAlive(job.pid) }
        let next = try instance.run("fluster-submit", "--wait", "--", "true")
        #expect(next.status == 0, "\(next)")
        try instance.waitUntil(job.id, is: "running")
      }
    }

    @Test("a daemon that cannot start is told of, and nothing is left")
    func refused() throws {
      try Instance.with(settings: "nonsense", daemons: []) { instance in
        guard let manager = try PrivateSystemd.start(in: instance.runtime) else { return }
        let up = try instance.run("fluster", "up")
        #expect(up.status == 69, "\(up)")
        #expect(up.errors.contains("cannot start \(Self.controller)"), "\(up)")
        #expect(up.errors.contains("journalctl --user"), "\(up)")
        #expect(try manager.units().isEmpty)
      }
    }

    @Test("what was started without a service manager is left alone and stopped all the same")
    func mixed() throws {
      try Instance.with(daemons: []) { instance in
        #expect(try instance.run("fluster", "up").status == 0)
        guard let manager = try PrivateSystemd.start(in: instance.runtime) else { return }
        #expect(try instance.run("fluster", "up").errors.contains("already up"))
        #expect(try manager.units().isEmpty)
        #expect(try instance.run("fluster", "down").status == 0)
        try instance.waitUntilOnlyDaemonsRun()
      }
    }
  }
}
