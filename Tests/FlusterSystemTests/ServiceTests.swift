import FlusterSystem
import FlusterSystemd
import Glibc
import Testing

/// Each of these runs in a process of its own, whose environment may be changed.
@Suite struct ServiceTests {
  @Test("passed sockets are taken with their names, once, and no child is told of them")
  func takesSockets() async {
    await #expect(processExitsWith: .success) {
      let (one, two) = try UnixSocket.pair(kind: .stream)
      let copies = (try one.duplicate(), try two.duplicate())
      // Copies first, lest the second overwrite the source of the first.
      let high = (fcntl(copies.0.raw, F_DUPFD, 100), fcntl(copies.1.raw, F_DUPFD, 100))
      try #require(dup2(high.0, 3) == 3 && dup2(high.1, 4) == 4)
      setenv("LISTEN_PID", "\(getpid())", 1)
      setenv("LISTEN_FDS", "2", 1)
      setenv("LISTEN_FDNAMES", "control:worker", 1)
      let taken = Activation.take()
      let isRight =
        taken.map(\.name) == ["control", "worker"] && taken.map(\.descriptor.raw) == [3, 4]
        && taken.allSatisfy { closesOnExec($0.descriptor) } && getenv("LISTEN_FDS") == nil
        && Activation.take().isEmpty
      // The descriptors may have been the test library's: leave without closing them.
      _exit(isRight ? 0 : 1)
    }
  }

  @Test("sockets that were passed to somebody else are not taken")
  func leavesOthersSockets() async {
    await #expect(processExitsWith: .success) {
      setenv("LISTEN_PID", "1", 1)
      setenv("LISTEN_FDS", "1", 1)
      _exit(Activation.take().isEmpty ? 0 : 1)
    }
  }

  @Test("the service manager hears readiness, status, reloading and stopping")
  func notifies() async {
    await #expect(processExitsWith: .success) {
      try ScratchDirectory.with { scratch in
        let manager = try notifySocket(at: scratch("notify"))
        setenv("NOTIFY_SOCKET", scratch("notify"), 1)
        Notify.ready(status: "2 jobs\nWATCHDOG=trigger")
        #expect(try message(on: manager) == "READY=1\nSTATUS=2 jobs WATCHDOG=trigger")
        Notify.status("3 jobs")
        #expect(try message(on: manager) == "STATUS=3 jobs")
        Notify.reloading()
        let reloading = try message(on: manager)
        #expect(reloading.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        Notify.extendTimeout(milliseconds: 1500)
        #expect(try message(on: manager) == "EXTEND_TIMEOUT_USEC=1500000")
        Notify.stopping()
        #expect(try message(on: manager) == "STOPPING=1")
      }
    }
  }

  @Test("the loop itself feeds the watchdog")
  func feedsWatchdog() async {
    await #expect(processExitsWith: .success) {
      try ScratchDirectory.with { scratch in
        let manager = try notifySocket(at: scratch("notify"))
        setenv("NOTIFY_SOCKET", scratch("notify"), 1)
        setenv("WATCHDOG_USEC", "200000", 1)
        setenv("WATCHDOG_PID", "\(getpid())", 1)
        let loop = try EventLoop()
        try loop.enableWatchdog()
        var pings = 0
        _ = try loop.watch(manager, for: .readable) { _ in
          if (try? message(on: manager)) == "WATCHDOG=1" { pings += 1 }
          if pings == 3 { loop.exit(0) }
        }
        let deadline = try loop.timer { loop.exit(99) }
        deadline.set(at: Clock.monotonicNanoseconds() + 10_000_000_000)
        #expect(try loop.run() == 0)
      }
    }
  }
}

/// A datagram socket in the place of systemd's.
private func notifySocket(at path: String) throws -> Descriptor {
  let manager = Descriptor(
    adopting: socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
  let result = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      bind(manager.raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }
  try #require(result == 0)
  try UnixSocket.setTimeouts(manager, milliseconds: 10_000)
  return manager
}

private func message(on socket: Descriptor) throws -> String {
  var bytes = [UInt8](repeating: 0, count: 4096)
  let count = recv(socket.raw, &bytes, bytes.count, 0)
  try #require(count >= 0)
  return String(decoding: bytes.prefix(count), as: UTF8.self)
}
