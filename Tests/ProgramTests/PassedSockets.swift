import FlusterSystem
import Glibc

/// The listeners of an instance, held by the test in the place of systemd: flusterd may go and
/// come, they stay.
struct PassedSockets {
  private let control: Descriptor
  private let worker: Descriptor

  /// Makes both where the instance's commands and workers look for them.
  init(for instance: Instance) throws {
    mkdir("\(instance.directory)/run/fluster", 0o700)
    control = try UnixSocket.listen(at: instance.controlSocket, kind: .stream, mode: 0o600)
    worker = try UnixSocket.listen(at: instance.workerSocket, kind: .stream, mode: 0o600)
  }

  /// Starts flusterd with them under the names that units give them.
  func start(_ instance: Instance) throws {
    let variables = ["LISTEN_FDS=2", "LISTEN_FDNAMES=control:worker"]
    // The process stays the same through both programs, so the number is flusterd's own.
    let script = "exec env LISTEN_PID=$$ \"$@\""
    try instance.start(
      .controller, wrapper: ["sh", "-c", script, "sh"] + variables,
      passing: [control.raw, worker.raw])
  }

  /// Waits until a peer knocks at either, as systemd does while there is no service.
  func waitForPeer(within seconds: Double = 20) -> Bool {
    var waiting = [control, worker].map {
      pollfd(fd: $0.raw, events: Int16(POLLIN), revents: 0)
    }
    return poll(&waiting, nfds_t(waiting.count), Int32(seconds * 1000)) > 0
  }
}
