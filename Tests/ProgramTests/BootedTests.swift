import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("on a machine that systemd has booted")
  struct Booted {
    private static let units = [
      "flusterd.socket", "flusterd-worker.socket", "flusterd.service", "fluster-worker.service",
      "fluster-shim.socket", "fluster-shim.service", "fluster.slice",
    ]
    /// Nobody is served by them until somebody enables the socket.
    private static let web = ["fluster-web.socket", "fluster-web.service"]
    private static let templates = [
      "fluster-worker@.service", "fluster-shim@.socket", "fluster-shim@.service",
    ]

    @Test("the units say what systemd understands, and close what can be closed")
    func units() throws {
      try BootedSystem.with { system in
        let all = (Self.units + Self.templates + Self.web).map { "/usr/lib/systemd/system/\($0)" }
        for path in all {
          let verified = try system.run("systemd-analyze", "verify", "--man=no", path)
          #expect(verified.status == 0 && verified.output + verified.errors == "", "\(verified)")
        }
        let alice = try system.logAliceIn()
        let own = (Self.units + Self.web).map { "/usr/lib/systemd/user/\($0)" }
        let verified = try alice(["systemd-analyze", "verify", "--user", "--man=no"] + own)
        #expect(verified.status == 0 && verified.output + verified.errors == "", "\(verified)")
        // Tenths of what systemd-analyze calls exposure.
        for (unit, most) in [("flusterd", 10), ("fluster-worker", 20), ("fluster-web", 10)] {
          let judged = try system.run(
            "systemd-analyze", "security", "--threshold=\(most)", "\(unit).service")
          #expect(judged.status == 0, "\(judged)")
        }
        for unit in Self.units where unit.hasSuffix(".socket") {
          #expect(try system.property("ActiveState", of: unit) == "active")
        }
      }
    }

    @Test("an ordinary user's first command starts what it needs, and the job runs as that user")
    func activation() throws {
      try BootedSystem.with { system in
        let id = try system.submit("id -un; exit 7", as: .alice)
        #expect(try system.run("fluster-wait", id, as: .alice).status == 7)
        #expect(try system.run("fluster-log", id, as: .alice).output == "alice\n")
        #expect(try system.property("StatusText", of: "flusterd").hasPrefix("0 unfinished jobs"))
        #expect(try system.run("journalctl", "--update-catalog").status == 0)
        var told = ""
        try eventually("the journal tells of the end and explains it") {
          told = try system.run("journalctl", "-x", "FLUSTER_JOB_ID=\(id)", "FLUSTER_USER=alice")
            .output
          return told.contains("All its tasks are final.")
        }
        #expect(told.contains("fluster-ls -l \(id)"), "\(told)")
        #expect(try system.run("fluster-log", id, as: .bob).status == 77)
        #expect(try system.run("fluster-kill", id, as: .bob).status == 77)
        #expect(try system.run("fluster-submit", "true", as: .root).status == 77)
        for socket in ["worker.sock", "shim.sock"] {
          let script = "IO::Socket::UNIX->new(Peer => '/run/fluster/\(socket)') or die \"$!\\n\""
          let refused = try system.run("perl", "-MIO::Socket::UNIX", "-e", script, as: .bob)
          #expect(refused.errors == "Permission denied\n", "\(refused)")
        }
      }
    }

    @Test("the journal tells a job's life with its output, and a killed worker leaves no line out")
    func output() throws {
      try BootedSystem.with { system in
        let script = "echo first; until [ -e /tmp/on ]; do sleep 0.05; done; echo bad >&2; exit 3"
        let submitted = try system.run(
          "fluster-submit", "-n", "teller", "--timestamps", "--journal", "-c", script, as: .alice)
        let id = try #require(submitted.lines.first, "\(submitted)")
        try eventually("the first line is there") {
          try system.run("fluster-log", id, as: .alice).output.hasSuffix("Z first\n")
        }
        try system.systemctl("kill", "--signal=KILL", "fluster-worker")
        #expect(try system.run("touch", "/tmp/on").status == 0)
        #expect(try system.run("fluster-wait", id, as: .alice).status == 3)
        let log = try system.run("fluster-log", id, as: .alice).lines
        #expect(log.map { $0.split(separator: " ").last } == ["first", "bad"], "\(log)")
        var told: [String] = []
        try eventually("the journal tells of the end") {
          told = try system.run("journalctl", "-o", "cat", "FLUSTER_JOB_ID=\(id)").lines
          return told.contains { $0.hasPrefix("job \(id) (teller) has ended") }
        }
        let first = try #require(told.firstIndex(of: "first"), "\(told)")
        let bad = try #require(told.firstIndex(of: "bad"), "\(told)")
        let start = told.firstIndex { $0.contains("was started") }
        #expect(first < bad && start != nil && told.count { $0 == "first" } == 1, "\(told)")
        let errors = try system.run("journalctl", "-o", "cat", "-p", "err", "FLUSTER_JOB_ID=\(id)")
        #expect(errors.output == "bad\n", "\(errors)")
      }
    }

    @Test("whatever is restarted, stopped, killed or reloaded but the shim, a job goes on")
    func goesOn() throws {
      try BootedSystem.with { system in
        let id = try system.submit(
          "echo $$; until [ -e /tmp/go ]; do sleep 0.05; done; exit 5", as: .alice)
        var pid = ""
        try eventually("the job has said its pid") {
          pid = try system.run("fluster-log", id, as: .alice).lines.first ?? ""
          return pid != ""
        }
        func expectAlive(_ what: String) throws {
          #expect(try system.run("kill", "-0", pid).status == 0, "after \(what)")
        }
        try system.systemctl("restart", "flusterd", "fluster-worker")
        try expectAlive("a restart")
        try system.systemctl("kill", "--signal=KILL", "flusterd", "fluster-worker")
        try eventually("systemd has started them again") {
          try system.property("NRestarts", of: "flusterd") == "1"
            && system.property("NRestarts", of: "fluster-worker") == "1"
            && system.property("ActiveState", of: "flusterd") == "active"
        }
        try expectAlive("a kill")
        try system.systemctl("reload", "flusterd", "fluster-worker", "fluster-shim")
        try expectAlive("a reload")
        try system.systemctl(
          "stop", "flusterd.socket", "flusterd-worker.socket", "flusterd", "fluster-worker")
        #expect(try system.run("systemctl", "stop", "fluster-shim.socket").status != 0)
        try expectAlive("a stop of all but the shim")
        #expect(try system.property("ActiveState", of: "fluster-shim") == "active")
        try system.systemctl("start", "flusterd.socket", "flusterd-worker.socket", "flusterd")
        #expect(try system.run("touch", "/tmp/go").status == 0)
        #expect(try system.run("fluster-wait", id, as: .alice).status == 5)
        let told = try system.run("fluster-ls", "-l", id, as: .alice).output
        #expect(told.contains("attempt 0") && !told.contains("attempt 1"), "\(told)")
      }
    }

    @Test("with nothing to do all goes but the sockets, and the next command brings it back")
    func idle() throws {
      try BootedSystem.with(settings: "[Controller]\nIdleExitSec=1\n") { system in
        let id = try system.submit("true", as: .alice)
        #expect(try system.run("fluster-wait", id, as: .alice).status == 0)
        try eventually("the daemons have gone") {
          try ["flusterd", "fluster-worker"].allSatisfy {
            try system.property("ActiveState", of: $0) == "inactive"
          }
        }
        let next = try system.submit("exit 3", as: .bob)
        #expect(try system.run("fluster-wait", next, as: .bob).status == 3)
      }
    }

    @Test("a shim that is stopped ends what it holds, and that is told as lost")
    func shim() throws {
      try BootedSystem.with { system in
        let submitted = try system.run(
          "fluster-submit", "--retries-lost", "0", "-c", "echo $$; exec sleep 1000", as: .alice)
        let id = try #require(submitted.lines.first)
        var pid = ""
        try eventually("the job has said its pid") {
          pid = try system.run("fluster-log", id, as: .alice).lines.first ?? ""
          return pid != ""
        }
        try system.systemctl("stop", "fluster-shim")
        #expect(try system.run("kill", "-0", pid).status != 0)
        let told = try system.run("fluster-wait", id, as: .alice)
        #expect(told.errors.contains("worker-failed: worker lost") && told.status == 126, "\(told)")
      }
    }
  }
}
