import FlusterSystem
import Glibc

/// The directory of the attempts' files: what a shim leaves to the one that comes after it. It lies
/// on a file system that need not survive a power cut, because no attempt does, so nothing is
/// synced; one write an entry is whole or absent when the shim is killed. Nor is room for the later
/// entries reserved: all of them fit into the block that the intent has.
final class AttemptFiles {
  /// More than any file has.
  private static let sizeLimit = 1 << 16

  private let directory: Descriptor
  private let lock: Descriptor
  private let path: String

  /// Makes the directory if it is missing and keeps other shims out of it: EWOULDBLOCK if one is
  /// there, EPERM if it is not ours alone.
  ///
  /// `lock` keeps others out already: the program that had this process before took it.
  init(path: String, lock held: Descriptor? = nil) throws(SystemError) {
    try Files.makeDirectory(path, mode: 0o700)
    let raw = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard raw >= 0 else { throw SystemError.last("open \(path)") }
    directory = Descriptor(adopting: raw)
    self.path = path
    var status = stat()
    guard fstat(raw, &status) == 0, status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
      throw SystemError(call: "use \(path), which must be its owner's alone", errno: EPERM)
    }
    if let held { lock = held } else { lock = try Self.lock("\(path).lock") }
  }

  /// The number of the descriptor that keeps others out.
  var lockNumber: Int32 { lock.raw }

  /// Looks at the files as a shim would that takes them over, and changes nothing.
  static func examine(path: String) throws(SystemError) {
    for name in try Files.names(in: path) where uid(of: name) != nil {
      _ = try entries(at: "\(path)/\(name)")
    }
  }

  /// A record lock, because a child of this process does not inherit it: a lock of flock's kind
  /// would stay with a job that has not reached exec yet when the shim dies, and keep the next shim
  /// out. The file must not be opened a second time; closing it would give the lock away.
  private static func lock(_ path: String) throws(SystemError) -> Descriptor {
    let raw = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard raw >= 0 else { throw SystemError.last("open \(path)") }
    let file = Descriptor(adopting: raw)
    var whole = flock(
      l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
    guard fcntl(file.raw, F_SETLK, &whole) == 0 else {
      throw SystemError(
        call: "lock \(path) against other shims", errno: errno == EACCES ? EAGAIN : errno)
    }
    return file
  }

  /// Begins the file of an attempt; EEXIST if there is one.
  func begin(_ intent: ShimIntent) throws(SystemError) -> AttemptFile {
    let name = ShimSpawn.hexadecimal(intent.uid)
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND
    let raw = openFile(name, flags)
    guard raw >= 0 else { throw SystemError.last("create \(path)/\(name)") }
    let file = AttemptFile(descriptor: Descriptor(adopting: raw), name: "\(path)/\(name)")
    do throws(SystemError) {
      try file.append(.intent(intent))
    } catch {
      remove(intent.uid)
      throw error
    }
    return file
  }

  /// Opens the file of an attempt of an earlier shim, to append to it. What that one left
  /// unfinished goes: behind it nothing could be read.
  func reopen(_ uid: [UInt8]) throws(SystemError) -> AttemptFile {
    let name = ShimSpawn.hexadecimal(uid)
    let raw = openFile(name, O_WRONLY | O_APPEND)
    guard raw >= 0 else { throw SystemError.last("open \(path)/\(name)") }
    let file = AttemptFile(descriptor: Descriptor(adopting: raw), name: "\(path)/\(name)")
    let bytes = try Files.read(file.name, limit: Self.sizeLimit)
    try file.cut(to: (try? ShimEntry.decode(bytes).length) ?? 0)
    return file
  }

  /// Forgets an attempt.
  func remove(_ uid: [UInt8]) { unlinkat(directory.raw, ShimSpawn.hexadecimal(uid), 0) }

  /// The uids of all files, and what each holds; nothing where it makes no sense. A version that
  /// is not known here is refused with both numbers: a newer shim can still tell its outcome.
  func all() throws(SystemError) -> [(uid: [UInt8], entries: [ShimEntry])] {
    var found: [(uid: [UInt8], entries: [ShimEntry])] = []
    for name in try Files.names(in: path) {
      guard let uid = Self.uid(of: name) else { continue }
      found.append((uid, try Self.entries(at: "\(path)/\(name)")))
    }
    return found
  }

  private static func entries(at path: String) throws(SystemError) -> [ShimEntry] {
    let bytes = (try? Files.read(path, limit: sizeLimit)) ?? []
    do throws(ShimWireError) {
      return try ShimEntry.decode(bytes).entries
    } catch .version(let theirs) {
      throw SystemError(
        call: "take over \(path) of version \(theirs) with version "
          + "\(ShimWire.version) of the shim", errno: EPROTONOSUPPORT)
    } catch {
      return []
    }
  }

  private func openFile(_ name: String, _ flags: Int32) -> Int32 {
    openat(directory.raw, name, flags | O_NOFOLLOW | O_CLOEXEC, 0o600)
  }

  private static func uid(of name: String) -> [UInt8]? {
    let digits = Array(name.utf8)
    guard digits.count == 2 * ShimWire.uidLength else { return nil }
    var uid: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      let pair = String(decoding: digits[index...(index + 1)], as: UTF8.self)
      guard let byte = UInt8(pair, radix: 16), pair.first != "+", pair.first != "-" else {
        return nil
      }
      uid.append(byte)
    }
    return uid
  }
}

/// The file of one attempt.
struct AttemptFile {
  let descriptor: Descriptor
  let name: String

  /// Adds an entry by one write, whole or not at all: a later one must stay readable.
  func append(_ entry: ShimEntry) throws(SystemError) {
    let bytes = entry.encoded()
    let count = write(descriptor.raw, bytes, bytes.count)
    guard count != bytes.count else { return }
    let failure = SystemError(call: "write \(name)", errno: count < 0 ? errno : ENOSPC)
    if count > 0 { try cut(to: Int(lseek(descriptor.raw, 0, SEEK_END)) - count) }
    throw failure
  }

  /// Leaves so many bytes.
  func cut(to length: Int) throws(SystemError) {
    guard ftruncate(descriptor.raw, off_t(length)) == 0 else {
      throw SystemError.last("cut \(name)")
    }
  }
}
