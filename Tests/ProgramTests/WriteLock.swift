import FlusterTesting
import Glibc

/// Keeps every other process from writing to a store: commits wait, for ten seconds at most.
final class WriteLock {
  private let descriptor: Int32

  /// Locks the database at `path`, which a flusterd has open.
  init(of path: String) throws {
    descriptor = open("\(path)-shm", O_RDWR | O_CLOEXEC)
    // The byte that SQLite locks for writing in WAL mode.
    var range = flock(
      l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 120, l_len: 1, l_pid: 0)
    guard fcntl(descriptor, F_SETLK, &range) == 0 else {
      throw TimedOut(what: "the lock of \(path)")
    }
  }

  /// Lets commits go on.
  func release() { close(descriptor) }
}
