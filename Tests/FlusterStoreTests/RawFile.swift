import CSQLite
import Glibc

/// Files as bytes, and databases as nobody else sees them.
enum RawFile {
  static func read(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Trouble("cannot open \(path): errno \(errno)") }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: Int(lseek(descriptor, 0, SEEK_END)))
    guard pread(descriptor, &bytes, bytes.count, 0) == bytes.count else {
      throw Trouble("cannot read \(path)")
    }
    return bytes
  }

  static func write(_ bytes: some Collection<UInt8>, to path: String) throws {
    let bytes = Array(bytes)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Trouble("cannot make \(path): errno \(errno)") }
    defer { close(descriptor) }
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw Trouble("cannot write \(path): errno \(errno)")
    }
  }

  static func mode(of path: String) -> UInt32 {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
  }

  /// Runs statements on a database through a connection of its own.
  static func execute(_ sql: String, on path: String) throws {
    _ = try query(sql, on: path)
  }

  /// All values of all rows, as text.
  static func query(_ sql: String, on path: String) throws -> [String] {
    var handle: OpaquePointer?
    defer { sqlite3_close(handle) }
    guard sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK else {
      throw Trouble("cannot open \(path)")
    }
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else {
      throw Trouble(String(cString: sqlite3_errmsg(handle)))
    }
    defer { sqlite3_finalize(statement) }
    var values: [String] = []
    while sqlite3_step(statement) == SQLITE_ROW {
      for column in 0..<sqlite3_column_count(statement) {
        values.append(sqlite3_column_text(statement, column).map { String(cString: $0) } ?? "NULL")
      }
    }
    guard sqlite3_errcode(handle) == SQLITE_DONE || sqlite3_errcode(handle) == SQLITE_OK else {
      throw Trouble(String(cString: sqlite3_errmsg(handle)))
    }
    return values
  }
}

extension RawFile {
  /// The lines of a file of /proc, whose length is not known beforehand.
  static func lines(of path: String) throws -> [String] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Trouble("cannot open \(path): errno \(errno)") }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
      .split(separator: "\n").map(String.init)
  }
}
