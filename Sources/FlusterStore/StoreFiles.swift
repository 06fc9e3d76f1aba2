import Glibc

/// The store's place on disk: a directory of one flusterd, with a file that is locked while it
/// lives, and the database.
struct StoreFiles {
  let directory: String

  var database: String { directory + "/fluster.db" }
  var lock: String { directory + "/flusterd.lock" }

  /// Makes what is missing: the directory 0700 (its parent must exist) and an empty database 0600,
  /// whose mode SQLite copies to the files it makes beside it.
  func make() throws(StoreError) {
    try makeDirectory()
    let descriptor = open(database, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    if descriptor >= 0 {
      close(descriptor)
      // Or a power cut could leave a synced database that no directory knows of.
      try sync(directory)
    } else if errno != EEXIST {
      throw .system(database, errno: errno)
    }
    try checkDatabase()
  }

  private func makeDirectory() throws(StoreError) {
    if mkdir(directory, 0o700) == 0 {
      try sync(directory + "/..")
    } else if errno != EEXIST {
      throw .system(directory, errno: errno)
    }
    var status = stat()
    guard stat(directory, &status) == 0 else { throw .system(directory, errno: errno) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw .system(directory, errno: ENOTDIR) }
    guard access(directory, W_OK | X_OK) == 0 else { throw .system(directory, errno: errno) }
    guard status.st_mode & 0o022 == 0 else {
      throw StoreError(
        kind: .io(code: -EPERM), path: directory,
        message: "\(directory) may be written by others, who could put a store of theirs there",
        wayOut: "chmod 700 \(directory)")
    }
  }

  /// An empty database beside a log of changes is what is left when somebody removed or emptied
  /// the database alone. SQLite would take it for new and throw the log away, with every job.
  private func checkDatabase() throws(StoreError) {
    var status = stat()
    guard stat(database, &status) == 0 else { throw .system(database, errno: errno) }
    guard status.st_size == 0 else { return }
    guard stat(database + "-wal", &status) == 0, status.st_size > 0 else { return }
    throw .damaged(database, "it is empty, but \(database)-wal beside it is not")
  }

  private func sync(_ path: String) throws(StoreError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path, errno: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .system(path, errno: errno) }
  }
}

/// The right to be the only flusterd on a directory, for as long as this lives. The kernel takes it
/// back when the process dies, however it dies.
final class StoreLock {
  private let descriptor: Int32

  /// Locks the directory's lock file and writes the process id into it, for the message that
  /// another flusterd gives.
  init(_ files: StoreFiles) throws(StoreError) {
    let path = files.lock
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .system(path, errno: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      let holder = Self.holder(descriptor)
      close(descriptor)
      guard code == EWOULDBLOCK else { throw .system(path, errno: code) }
      throw .locked(directory: files.directory, holder: holder)
    }
    self.descriptor = descriptor
    // Only words for a message: on a full disk the lock alone must do.
    let text = Array("\(getpid())\n".utf8)
    if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
  }

  deinit {
    // By itself: closing leaves the lock to a child of this process that has not reached exec yet.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  private static func holder(_ descriptor: Int32) -> String? {
    var bytes = [UInt8](repeating: 0, count: 20)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let digits = bytes.prefix(max(count, 0)).prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    return digits.isEmpty ? nil : String(decoding: digits, as: UTF8.self)
  }
}
