import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc

extension PrivateInstance {
  /// Asks flusterd to end, and returns when it, its worker and its shim are gone.
  func down(now: Bool) throws(Failure) {
    guard let (status, connection) = try status() else {
      guard !shimListens else {
        throw Failure(
          .unreachable, "flusterd is gone, and its shim still runs",
          wayOut: "fluster up mends that; then try again")
      }
      // A worker alone, or what would be started again.
      try manager?.stop(PrivateDaemon.allCases)
      return voice.notice("not running")
    }
    let processes =
      [("flusterd", status.pid)]
      + status.workers.filter(\.connected).map {
        ("fluster-worker", $0.pid)
      }
    // Before they are asked to end: afterwards the numbers could be somebody else's.
    let open = processes.compactMap { name, pid in
      (try? PidFD.open(pid: Int32(clamping: pid))).map { (name, pid, $0) }
    }
    var shutdown = WireShutdown()
    shutdown.now = now
    do throws(CallError) {
      _ = try connection.call(.shutdown(shutdown))
    } catch {
      // Gone before its answer arrived: what counts is that it goes.
      guard case .lost = error else { throw error.failure }
    }
    for (name, pid, process) in open {
      guard PrivateInstance.wait(for: process) else {
        throw Failure(.tryAgain, "\(name) (\(pid)) is still there", wayOut: wayOut)
      }
    }
    try endShim()
    try manager?.stop(PrivateDaemon.allCases)
    voice.notice("stopped")
  }

  /// The worker has told the shim to end; one whose worker could not is told now.
  private func endShim() throws(Failure) {
    let deadline = Pause.now + PrivateInstance.patience
    do throws(SystemError) {
      let shim = try ShimConnection.connect(places.shimSocket)
      let peer = try PeerCredential.of(shim.descriptor)
      let known = try PidFD.ofPeer(shim.descriptor)
      let process = if let known { known } else { try PidFD.open(pid: peer.pid) }
      _ = try? shim.send(.hello(version: ShimWire.version))
      _ = try? shim.send(.quit)
      guard PrivateInstance.wait(for: process, until: deadline) else {
        throw SystemError(call: "end fluster-shim (\(peer.pid))", errno: ETIMEDOUT)
      }
    } catch {
      // Nobody listens, or it went meanwhile: that is what was wanted.
      guard error.errno == ETIMEDOUT else { return }
      throw Failure(.tryAgain, "fluster-shim still holds something", wayOut: wayOut)
    }
  }

  /// Whether the process ends in time.
  private static func wait(for process: Descriptor, until deadline: Instant? = nil) -> Bool {
    var interests = [pollfd(fd: process.raw, events: Int16(POLLIN), revents: 0)]
    return Pause.poll(&interests, until: deadline ?? Pause.now + patience)
  }
}
