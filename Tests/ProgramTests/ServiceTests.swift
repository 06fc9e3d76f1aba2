import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("what flusterd tells its service manager")
  struct Service {
    @Test("READY comes when a client can be served, STOPPING when it is told to stop")
    func readiness() throws {
      try Instance.with(daemons: []) { instance in
        let manager = try NotifySocket(at: "\(instance.directory)/notify")
        try start(instance)
        let ready = try manager.wait(for: "READY=1")
        let client = try Talker(to: instance.controlSocket)
        try client.greet()
        _ = try client.roundTrip()
        #expect(
          ready.contains("STATUS=0 unfinished jobs, 0 tasks with a worker, 0 workers"), "\(ready)")
        #expect(manager.drain().isEmpty)
        #expect(try instance.end(.controller, by: SIGTERM).status == 0)
        #expect(manager.drain() == [["STOPPING=1"]])
      }
    }

    @Test("STATUS follows the counts")
    func status() throws {
      try Instance.with(daemons: []) { instance in
        let manager = try NotifySocket(at: "\(instance.directory)/notify")
        try start(instance)
        _ = try manager.wait(for: "READY=1")
        let id = try instance.submit("--hold", "--", "true")
        let held = "STATUS=1 unfinished jobs, 0 tasks with a worker, 0 workers"
        #expect(try manager.wait(for: held) == [held])
        try instance.run("fluster-kill", id)
        let done = "STATUS=0 unfinished jobs, 0 tasks with a worker, 0 workers"
        #expect(try manager.wait(for: done) == [done])
      }
    }

    @Test("who cannot serve never says READY")
    func neverReady() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let manager = try NotifySocket(at: "\(instance.directory)/notify")
        let second = try run(
          "flusterd",
          environment: instance.environment.merging([
            "NOTIFY_SOCKET": "\(instance.directory)/notify"
          ]) { $1 })
        #expect(second.status == 75, "\(second)")
        #expect(!manager.drain().joined().contains("READY=1"))
      }
    }

    @Test("HUP is answered with RELOADING and its time, then READY")
    func reloading() throws {
      try Instance.with(daemons: []) { instance in
        let manager = try NotifySocket(at: "\(instance.directory)/notify")
        try start(instance)
        _ = try manager.wait(for: "READY=1")
        for settings in ["[Controller]\nKeepEnded=1d\n", "nonsense"] {
          try write(settings, to: "\(instance.directory)/config/fluster/fluster.conf")
          let before = Deadline.now / 1000
          kill(try instance.pid(of: .controller), SIGHUP)
          let reloading = try manager.wait(for: "RELOADING=1")
          let field = reloading.compactMap { $0.wholeMatch(of: /MONOTONIC_USEC=(\d+)/) }.first
          let time = try #require(field.flatMap { Int64($0.1) }, "\(reloading)")
          #expect((before...Deadline.now / 1000).contains(time))
          let ready = try #require(manager.next())
          #expect(ready.first == "READY=1" && ready.last?.hasPrefix("STATUS=") == true, "\(ready)")
        }
        let said = instance.said(by: .controller).suffix(2)
        #expect(said.first?.hasPrefix("flusterd: read ") == true, "\(said)")
        #expect(
          said.last?.hasPrefix("flusterd: the configuration stays as it was: ") == true, "\(said)")
      }
    }

    @Test("the watchdog is fed for as long as the loop turns, and no longer")
    func watchdog() throws {
      try Instance.with(daemons: []) { instance in
        let manager = try NotifySocket(at: "\(instance.directory)/notify")
        try start(instance, "WATCHDOG_USEC=200000")
        for _ in 0..<3 { _ = try manager.wait(for: "WATCHDOG=1") }
        let pid = try instance.pid(of: .controller)
        kill(pid, SIGSTOP)
        try eventually("flusterd has stopped") {
          try text(at: "/proc/\(pid)/stat").contains(") T ")
        }
        _ = manager.drain()
        #expect(manager.next(within: 1) == nil, "five times the watchdog's patience")
        kill(pid, SIGCONT)
        _ = try manager.wait(for: "WATCHDOG=1")
      }
    }

    /// Starts flusterd as a service manager does that listens at `notify`.
    private func start(_ instance: Instance, _ variables: String...) throws {
      try instance.start(
        .controller,
        wrapper: ["sh", "-c", "exec env WATCHDOG_PID=$$ \"$@\"", "sh"] + variables
          + ["NOTIFY_SOCKET=\(instance.directory)/notify"])
    }
  }
}
