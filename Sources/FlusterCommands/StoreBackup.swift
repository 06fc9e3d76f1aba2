import FlusterClient
import FlusterProtocol
import FlusterSystem
import Glibc

/// What `fluster-ctl backup` does: the copy is flusterd's, the file is the caller's.
enum StoreBackup {
  /// Asks for a copy and writes it to `path`, which must not exist. Returns when it is on the disk.
  static func write(to path: String, _ session: consuming Session) throws(Failure) {
    let file = try create(path)
    do throws(Failure) {
      let (copy, bytes) = try session.backup()
      try fill(file, from: copy, bytes, path)
      try sync(path, file)
    } catch {
      unlink(path)
      throw error
    }
  }

  private static func create(_ path: String) throws(Failure) -> Descriptor {
    let raw = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard raw >= 0 else { throw failure("create", path, errno) }
    return Descriptor(adopting: raw)
  }

  private static func fill(
    _ file: Descriptor, from copy: Descriptor, _ bytes: UInt64, _ path: String
  ) throws(Failure) {
    var left = Int(clamping: bytes)
    while left > 0 {
      let count = sendfile(file.raw, copy.raw, nil, min(left, 1 << 30))
      guard count >= 0 else { throw failure("write", path, errno) }
      guard count > 0 else { break }
      left -= count
    }
    guard left == 0 else {
      throw Failure(.internal, "the copy of the store ends \(left) bytes too early")
    }
  }

  private static func sync(_ path: String, _ file: Descriptor) throws(Failure) {
    guard fsync(file.raw) == 0 else { throw failure("write", path, errno) }
    let directory = open(Files.parent(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { return }
    defer { close(directory) }
    guard fsync(directory) == 0 else { throw failure("write", path, errno) }
  }

  private static func failure(_ what: String, _ path: String, _ number: Int32) -> Failure {
    let status: ExitStatus =
      switch number {
      case EACCES, EPERM, EROFS: .permission
      case ENOENT, ENOTDIR: .notFound
      case ENOSPC, EDQUOT: .tryAgain
      default: .data
      }
    return Failure(status, "cannot \(what) \(path): \(SystemError.reason(number))")
  }
}

extension Session {
  /// A copy of the store, open for reading, and how many bytes it has. It takes as long as it
  /// takes.
  fileprivate mutating func backup() throws(Failure) -> (copy: Descriptor, bytes: UInt64) {
    try persist { (connection, _) throws(CallError) in
      let number = try connection.ask(.backup(WireBackup()))
      guard case .body(.backedUp(let answer)) = try connection.answer(to: number),
        let copy = connection.takeDescriptors(Int(answer.descriptors)).first
      else { throw connection.unexpected() }
      return (copy, answer.bytes)
    }
  }
}
