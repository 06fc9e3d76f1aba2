import FlusterClient
import FlusterSystem
import Glibc

/// A daemon that `fluster up` has started without a service manager, and is still the parent of.
struct StartedDaemon {
  let daemon: PrivateDaemon
  let child: Child
  let process: Descriptor
  /// Where its part of the log begins.
  let logStart: Int64

  /// Starts the program at `path`. `keeping` stays open in it for as long as it lives.
  init(
    _ daemon: PrivateDaemon, _ path: String, environment: [[UInt8]], log: Descriptor,
    keeping: Descriptor?
  ) throws(Failure) {
    logStart = Int64(lseek(log.raw, 0, SEEK_END))
    self.daemon = daemon
    child = try Child(
      path, [daemon.rawValue], environment: environment, output: log, keeping: keeping)
    do {
      process = try PidFD.open(pid: child.pid)
    } catch {
      throw Failure(.internal, "cannot watch \(daemon.rawValue)", error)
    }
  }

  /// Ends it.
  func end() { try? PidFD.send(signal: SIGTERM, to: process) }
}
