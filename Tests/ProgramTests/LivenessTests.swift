import FlusterProtocol
import FlusterSystem
import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("the processes behind a worker")
  struct LivenessTests {
    @Test("flusterd knows which of them is alive, whatever has become of the connection")
    func watched() throws {
      try Instance.with { instance in
        let client = try Talker(to: instance.controlSocket)
        try client.greet()
        func becomes(worker: Bool, shim: Bool) throws {
          try eventually("worker alive \(worker), shim alive \(shim)") {
            guard let row = try client.workers().first else { return false }
            return row.hasIsAlive && row.isAlive == worker && row.shimIsAlive == shim
          }
        }
        try becomes(worker: true, shim: true)
        try instance.end(.worker, by: SIGKILL)
        try becomes(worker: false, shim: true)
        try instance.start(.worker)
        try becomes(worker: true, shim: true)
        try instance.end(.worker, by: SIGKILL)
        try instance.end(.shim, by: SIGKILL)
        try becomes(worker: false, shim: false)
        #expect(
          instance.said(by: .controller).count { $0.contains("the shim of worker w1 has ended") }
            == 1)
        try instance.start(.shim)
        try instance.start(.worker)
        try becomes(worker: true, shim: true)
      }
    }

    @Test("a worker that runs something is asked for a sign of life, when there is nothing else")
    func asked() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let worker = try Talker(to: instance.workerSocket)
        #expect(try worker.register("w1")?.body == .registered(WireRegistered()))
        _ = try instance.submit("--", "true")
        var desired = WireDesired()
        while !desired.ask { desired = try #require(try worker.receive()).desired }
        #expect(desired.run.isEmpty)
      }
    }

    @Test("whose process a worker is, the kernel says")
    func kernelsWord() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let client = try Talker(to: instance.controlSocket)
        try client.greet()
        let other = try Program(["sleep", "1000"], environment: instance.environment)
        let worker = try Talker(to: instance.workerSocket)
        let shown = [try PidFD.open(pid: other.pid), try PidFD.open(pid: other.pid)]
        #expect(
          try worker.register("w1", pid: 1, with: shown)?.body == .registered(WireRegistered()))
        let row = try #require(try client.workers().first)
        #expect(row.pid == UInt32(getpid()) && row.isAlive && row.shimIsAlive, "\(row)")
        other.signal(SIGKILL)
        try eventually("the shim has ended") {
          try client.workers().first.map { !$0.shimIsAlive } ?? false
        }
        guard try PidFD.ofPeer(UnixSocket.pair(kind: .stream).0) != nil else {
          #expect(maySkip(because: "the kernel has no SO_PEERPIDFD"))
          return
        }
        #expect(try client.workers().first?.isAlive == true)
      }
    }
  }
}
