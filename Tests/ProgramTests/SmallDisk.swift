import FlusterTesting
import Glibc

/// A file system of some megabytes.
struct SmallDisk {
  let path: String
  private var filling: String { "\(path)/filling" }

  /// Nil where this is not possible: it takes root.
  init?(at path: String, megabytes: Int) {
    guard geteuid() == 0, mount("small", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
      return nil
    }
    self.path = path
  }

  /// Takes so many megabytes of it.
  func fill(megabytes: Int) throws {
    let file = open(filling, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Failed("open \(filling)") }
    defer { close(file) }
    let code = posix_fallocate(file, 0, off_t(megabytes) << 20)
    guard code == 0 else { throw Failed("fill \(filling)", number: code) }
  }

  /// Gives it back.
  func empty() { unlink(filling) }

  /// Takes it away.
  func end() { umount2(path, Int32(MNT_DETACH)) }
}
