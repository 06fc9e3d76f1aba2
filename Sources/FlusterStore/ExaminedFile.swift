import Glibc

/// The file of a store that is only looked at: that of a flusterd that runs, or has crashed, or has
/// stopped, or a copy. Neither it nor anything beside it is written, made or removed.
package struct ExaminedFile: Sendable {
  /// How SQLite reads a database without writing.
  enum Way: Hashable, Sendable {
    /// With the locks and, if there is a log, the index of it that others have made.
    case shared
    /// There is a log and no index: nobody has it open, as after a copy of both files.
    case log
    /// Closed by whoever had it open.
    case still

    /// The name of the database for SQLite (sqlite.org/uri.html).
    func address(of path: String) -> String {
      let options =
        switch self {
        case .shared: "mode=ro&readonly_shm=1"
        case .log: "mode=ro&vfs=unix-none"
        case .still: "mode=ro&immutable=1"
        }
      let escaped = path.replacing("%", with: "%25").replacing("?", with: "%3f")
        .replacing("#", with: "%23")
      return "file:\(escaped)?\(options)"
    }
  }

  /// Of a file that nobody has open: that it is as it was.
  private struct Mark: Hashable {
    let size: Int
    let seconds: Int
    let nanoseconds: Int
    let hasIndex: Bool
  }

  /// The database, by a path without symbolic links.
  package let path: String
  private let way: Way
  private let mark: Mark

  /// The store at `path`, which is the database or the directory that flusterd keeps it in.
  ///
  /// Throws what says why it is no store that can be read: there is none, it may not be read, or
  /// its format is another.
  package init(_ path: String) throws(StoreError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .unreadable(path, errno: errno) }
    let isDirectory = status.st_mode & S_IFMT == S_IFDIR
    let file = isDirectory ? StoreFiles(directory: path).database : path
    guard let resolved = realpath(file, nil) else { throw .unreadable(file, errno: errno) }
    defer { free(resolved) }
    self.path = String(cString: resolved)
    way = try Self.way(to: self.path)
    mark = try Self.mark(of: self.path)
    try checkFormat()
  }

  /// A reader of its own connection.
  package func reader() throws(StoreError) -> Reader {
    try Reader(ReaderConnection(Database(path: path, access: .examine(way))))
  }

  /// Throws if the file was closed when it was opened here, and has been opened by a flusterd
  /// since: whatever would be read now may be half of one state and half of another.
  package func check() throws(StoreError) {
    guard way != .shared, try Self.mark(of: path) != mark else { return }
    throw StoreError(
      kind: .locked, path: path, message: "\(path) has changed since it was opened for reading",
      wayOut: "open it again")
  }

  /// 16 random bytes made with the store.
  package func id() throws(StoreError) -> [UInt8] {
    let database = try Database(path: path, access: .examine(way))
    let id = try Statement("SELECT id FROM meta", in: database).first { $0.bytes() }
    guard let id, id.count == 16 else {
      throw .damaged(path, "it does not say which store it is")
    }
    return id
  }

  private func checkFormat() throws(StoreError) {
    let database = try Database(path: path, access: .examine(way))
    let version = try database.integer("PRAGMA user_version") ?? 0
    guard try database.integer("PRAGMA application_id") == Migration.applicationID else {
      throw .foreign(path)
    }
    guard version <= Migration.all.count else {
      throw .newer(path, version: version, known: Migration.all.count)
    }
    guard version == Migration.all.count else {
      throw StoreError(
        kind: .newer(version: version), path: path,
        message: "\(path) has the old format \(version), which is not read without changing it",
        wayOut: "start flusterd on it, or on a copy, which brings it up to date")
    }
  }

  private static func way(to path: String) throws(StoreError) -> Way {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path, errno: errno) }
    defer { close(descriptor) }
    var header = [UInt8](repeating: 0, count: 20)
    guard pread(descriptor, &header, header.count, 0) == header.count,
      header.starts(with: Array("SQLite format 3".utf8))
    else { throw .foreign(path) }
    // Bytes 18 and 19: 2 means a write-ahead log (sqlite.org/fileformat2.html). Copies have none.
    let hasLog = header[19] == 2
    guard hasLog, access(path + "-shm", F_OK) != 0 else { return .shared }
    var log = stat()
    return stat(path + "-wal", &log) == 0 && log.st_size > 0 ? .log : .still
  }

  private static func mark(of path: String) throws(StoreError) -> Mark {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .unreadable(path, errno: errno) }
    return Mark(
      size: status.st_size, seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec,
      hasIndex: access(path + "-shm", F_OK) == 0)
  }
}

extension StoreError {
  private static let whatToName =
    "name the state directory of a flusterd, the fluster.db in it, or a backup of it"

  /// Whatever it is, it is somebody else's.
  fileprivate static func foreign(_ path: String) -> StoreError {
    StoreError(
      kind: .damaged, path: path, message: "\(path) is not a store of Fluster", wayOut: whatToName)
  }

  fileprivate static func unreadable(_ path: String, errno: Int32) -> StoreError {
    StoreError(
      kind: errno == EACCES ? .readOnly : .io(code: -errno), path: path,
      message: "\(path) cannot be read: \(words(of: errno))",
      wayOut: errno == EACCES
        ? "ask as the user flusterd runs as, or as root"
        : whatToName)
  }
}
