import FlusterProtocol
import FlusterSystem
import FlusterTesting
import Glibc
import SwiftProtobuf
import Testing

extension Programs {
  @Suite("sockets that were passed in")
  struct Activation {
    private let idle = "[Controller]\nIdleExitSec=1\n"

    @Test("systemd-socket-activate starts flusterd, which serves who woke it")
    func activates() throws {
      guard canActivate() else { return }
      try Instance.with(daemons: [.shim]) { instance in
        try activate(instance, names: "control:worker")
        let idOfFlusterd = try instance.pid(of: .controller)
        #expect(Processes.commandLine(idOfFlusterd).hasPrefix("systemd-socket-activate"))
        let id = try instance.submit("--", "sh", "-c", "exit 7")
        #expect(!Processes.commandLine(idOfFlusterd).hasPrefix("systemd-socket-activate"))
        try instance.start(.worker)
        #expect(try instance.wait(id) == 7)
        #expect(try instance.end(.controller, by: SIGTERM).status == 0)
        #expect(access(instance.controlSocket, F_OK) == 0, "it is not flusterd's to remove")
      }
    }

    @Test("a socket under an unknown name is refused with the names there are")
    func unknownName() throws {
      guard canActivate() else { return }
      try Instance.with(daemons: []) { instance in
        try activate(instance, names: "control:web")
        _ = try? Talker(to: instance.controlSocket)
        #expect(try instance.finish(.controller).status == 65)
        #expect(
          instance.said(by: .controller).suffix(2) == [
            "flusterd: a socket named \"web\" was passed in",
            "FileDescriptorName= must be control or worker",
          ])
      }
    }

    @Test("what is no listening socket is refused, and so is a name that comes twice")
    func unfit() throws {
      guard canActivate() else { return }
      try Instance.with(daemons: []) { instance in
        try activate(instance, names: "control:worker", ["--seqpacket"])
        _ = try? UnixSocket.connect(to: instance.controlSocket, kind: .seqpacket)
        #expect(try instance.finish(.controller).status == 65)
        #expect(
          instance.said(by: .controller).suffix(2) == [
            "flusterd: what was passed in as \"control\" is no listening Unix stream socket",
            "use ListenStream= with a path, and Accept=no",
          ])
        try activate(instance, names: "control:control")
        _ = try? Talker(to: instance.controlSocket)
        #expect(try instance.finish(.controller).status == 65)
        #expect(
          instance.said(by: .controller).suffix(2) == [
            "flusterd: two sockets named \"control\" were passed in",
            "FileDescriptorName= must differ; one socket unit holds one ListenStream=",
          ])
      }
    }

    @Test("with nothing left to do flusterd exits, and so does its idle worker")
    func idleExit() throws {
      try Instance.with(settings: idle, daemons: [.shim]) { instance in
        let sockets = try PassedSockets(for: instance)
        try sockets.start(instance)
        try instance.start(.worker)
        let id = try instance.submit("--", "true")
        #expect(try instance.wait(id) == 0)
        #expect(try instance.finish(.controller).status == 0)
        #expect(try instance.finish(.worker).status == 0)
        #expect(try instance.finish(.shim).status == 0)
      }
    }

    @Test("an idle worker is told why flusterd goes")
    func goodbye() throws {
      try Instance.with(settings: idle, daemons: []) { instance in
        let sockets = try PassedSockets(for: instance)
        try sockets.start(instance)
        let worker = try registeredWorker(of: instance)
        var last: WireEnvelope?
        while let envelope = try worker.receive() { last = envelope }
        #expect(last?.goodbye.why == .idle, "\(String(describing: last))")
        #expect(try instance.finish(.controller).status == 0)
      }
    }

    @Test("it stays while a job waits, is held or runs, and while a command is connected")
    func staysWithWork() throws {
      try Instance.with(settings: idle, daemons: [.shim]) { instance in
        let sockets = try PassedSockets(for: instance)
        try sockets.start(instance)
        let held = try instance.submit("--hold", "--", "true")
        try staysForTwoSeconds(instance)
        let waiting = try instance.submit(
          "--", "sh", "-c", "echo >started; until test -e go; do sleep 0.05; done")
        try instance.run("fluster-kill", held)
        #expect(try instance.column("STATE", of: waiting) == "pending")
        try staysForTwoSeconds(instance)
        try instance.start(.worker)
        try eventually("the job runs") { access("\(instance.files)/started", F_OK) == 0 }
        try staysForTwoSeconds(instance)
        let silent = try Talker(to: instance.controlSocket)
        try silent.greet()
        try write("", to: "\(instance.files)/go")
        #expect(try instance.wait(waiting) == 0)
        try staysForTwoSeconds(instance)
        withExtendedLifetime(silent) {}
      }
    }

    @Test("a client that says nothing puts the end off, and does not prevent it")
    func silentClient() throws {
      try Instance.with(settings: idle, daemons: []) { instance in
        let sockets = try PassedSockets(for: instance)
        try sockets.start(instance)
        do {
          let silent = try Talker(to: instance.controlSocket)
          try staysForTwoSeconds(instance)
          withExtendedLifetime(silent) {}
        }
        #expect(try instance.finish(.controller).status == 0)
      }
    }

    @Test("the time after which it goes may change while it waits for it")
    func reloadsIdleExit() throws {
      try Instance.with(settings: "[Controller]\nIdleExitSec=200000d\n", daemons: []) { instance in
        let sockets = try PassedSockets(for: instance)
        try sockets.start(instance)
        #expect(try instance.run("fluster-ls").status == 0)
        try write(idle, to: "\(instance.directory)/config/fluster/fluster.conf")
        kill(try instance.pid(of: .controller), SIGHUP)
        #expect(try instance.finish(.controller).status == 0)
      }
    }

    @Test("the next client brings it back at the same socket, and it knows what was")
    func comesBack() throws {
      try Instance.with(settings: idle, daemons: []) { instance in
        let sockets = try PassedSockets(for: instance)
        try sockets.start(instance)
        let id = try instance.submit("--hold", "-n", "remembered", "--", "true")
        try instance.run("fluster-kill", id)
        #expect(try instance.finish(.controller).status == 0)
        let listing = try instance.launch([
          "fluster-ls", "-a", "--no-header", "-o", "NAME,STATE", id,
        ])
        try #require(sockets.waitForPeer(), "a command finds the socket of who is away")
        try sockets.start(instance)
        let listed = try listing.finish()
        #expect(listed.status == 0 && listed.output.contains("remembered"), "\(listed)")
        #expect(listed.output.contains("killed"), "\(listed)")
        #expect(try instance.finish(.controller).status == 0)
      }
    }

    @Test("who made its sockets itself never exits idle")
    func ownSockets() throws {
      try Instance.with(settings: idle, daemons: [.controller]) { instance in
        try staysForTwoSeconds(instance)
        #expect(try instance.run("fluster-ls").status == 0)
        try staysForTwoSeconds(instance)
      }
    }

    // MARK: Scaffolding

    /// Says that a test is skipped where there is nothing to activate with.
    private func canActivate() -> Bool {
      if access("/usr/bin/systemd-socket-activate", X_OK) == 0 { return true }
      #expect(maySkip(because: "there is no /usr/bin/systemd-socket-activate"))
      return false
    }

    /// Has systemd-socket-activate listen for flusterd, which it becomes when somebody connects.
    private func activate(
      _ instance: Instance, names: String, _ options: [String] = []
    ) throws {
      mkdir("\(instance.directory)/run/fluster", 0o700)
      try instance.start(
        .controller,
        wrapper: ["systemd-socket-activate", "--fdname", names] + options
          + instance.environment.keys.sorted().flatMap { ["-E", $0] }
          + ["-l", instance.controlSocket, "-l", instance.workerSocket])
    }

    /// A worker made of bytes, of which flusterd knows.
    private func registeredWorker(of instance: Instance) throws -> Talker {
      let talker = try Talker(to: instance.workerSocket)
      try talker.greet(as: .worker)
      var register = WireRegister()
      register.id = "made-of-bytes"
      register.incarnation = .of([UInt8](repeating: 1, count: 16))
      register.boot = "this"
      register.capacity.cpuMillis = 1000
      register.capacity.memoryBytes = 1 << 30
      try talker.send(WireEnvelope(request: 1, .register(register)).frame())
      let answer = try talker.receive()
      try #require(answer?.request == 1 && answer?.body == .registered(WireRegistered()))
      return talker
    }

    /// Looks on for twice the time after which an idle flusterd goes.
    private func staysForTwoSeconds(_ instance: Instance) throws {
      let start = Deadline.now
      try eventually("two seconds are over") {
        try #require(instance.isRunning(.controller), "flusterd has gone")
        return Deadline.now - start > 2_000_000_000
      }
    }
  }
}
