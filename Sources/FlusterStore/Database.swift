import CSQLite
import Glibc

/// One connection to the store's file. Used by one thread at a time; its statements with it.
final class Database {
  /// Who opens it, and so what it may do.
  enum Access {
    /// The one writer; makes the file's contents if there are none.
    case write
    case read
    /// Nothing beside it is written or made, either.
    case examine(ExaminedFile.Way)
  }

  /// How long to wait for a lock that another program holds, in milliseconds.
  static let patience: Int32 = 10_000
  static let handleFlags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW

  let path: String
  let handle: OpaquePointer
  /// Pages in the log after the last commit of this connection, told by SQLite.
  private let logLength: UnsafeMutablePointer<Int32>

  /// Opens the file at `path`, which must exist.
  init(path: String, access: Access) throws(StoreError) {
    var handle: OpaquePointer?
    let code =
      switch access {
      // The reader opens for writing too: a WAL database cannot be read without its shared memory,
      // which the reader has to write. `query_only` keeps it from writing anything else.
      case .write, .read:
        sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | Self.handleFlags, nil)
      case .examine(let way):
        sqlite3_open_v2(
          way.address(of: path), &handle,
          SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | Self.handleFlags, nil)
      }
    guard let handle, code == SQLITE_OK else {
      let failure = StoreError.sqlite(handle, code, path: path)
      sqlite3_close_v2(handle)
      throw failure
    }
    self.path = path
    self.handle = handle
    logLength = .allocate(capacity: 1)
    logLength.initialize(to: 0)
    sqlite3_extended_result_codes(handle, 1)
    sqlite3_busy_timeout(handle, Self.patience)
    try configure(access)
  }

  deinit {
    sqlite3_wal_hook(handle, nil, nil)
    sqlite3_close_v2(handle)
    logLength.deallocate()
  }

  private func configure(_ access: Access) throws(StoreError) {
    // Statement journals of statements that change many rows stay in memory: nothing of ours may
    // go to a temporary directory. What is read back is checked cell by cell.
    try execute(
      "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")
    switch access {
    case .read: try execute("PRAGMA query_only = ON")
    case .examine(let way):
      fl_sqlite_leave_log(handle)
      try execute("PRAGMA query_only = ON")
      // The index of the log is made in memory.
      if way == .log { try execute("PRAGMA locking_mode = EXCLUSIVE") }
    case .write: try makeDurable()
    }
  }

  /// WAL, and a sync of it before each commit returns. Neither is believed until it reads back.
  private func makeDurable() throws(StoreError) {
    // SQLite opens a file that it may not write for reading, and would say so at the first commit.
    guard sqlite3_db_readonly(handle, "main") == 0 else {
      throw .readOnly(path, StoreError.words(of: EACCES))
    }
    guard try text("PRAGMA journal_mode = WAL") == "wal" else {
      throw .io(
        path, code: SQLITE_CANTOPEN,
        "SQLite cannot keep a write-ahead log here, as on network file systems")
    }
    // Checkpoints are made by the writer after it has answered, not inside a commit; until then
    // the log's length is only noted.
    try execute(
      """
      PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
      PRAGMA journal_size_limit = 67108864;
      """)
    sqlite3_wal_hook(
      handle,
      { length, _, _, pages in
        length?.assumingMemoryBound(to: Int32.self).pointee = pages
        return SQLITE_OK
      }, logLength)
    guard try integer("PRAGMA synchronous") == 2 else {
      throw .io(
        path, code: SQLITE_MISUSE, "SQLite does not sync its commits (synchronous is not FULL)")
    }
  }

  /// Runs statements that answer nothing and are not worth keeping.
  func execute(_ sql: String) throws(StoreError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw failure(code) }
  }

  /// The first column of the first row.
  func integer(_ sql: String) throws(StoreError) -> Int64? {
    try Statement(sql, in: self).first { $0.integer() }
  }

  /// The first column of the first row.
  func text(_ sql: String) throws(StoreError) -> String? {
    try Statement(sql, in: self).first { $0.text() }
  }

  /// What is wrong with the file, in SQLite's words; nothing if it is sound.
  func damage() throws(StoreError) -> [String] {
    var found: [String] = []
    try Statement("PRAGMA quick_check(100)", in: self).each { found.append($0.text()) }
    return found == ["ok"] ? [] : found
  }

  /// Pages in the log that are not known to be home.
  var logPages: Int32 {
    get { logLength.pointee }
    set { logLength.pointee = newValue }
  }

  /// How many rows the last statement changed.
  var changes: Int32 { sqlite3_changes(handle) }

  /// What `code` means, with SQLite's own words for it.
  func failure(_ code: Int32) -> StoreError { .sqlite(handle, code, path: path) }
}

extension StoreError {
  /// What a result code of SQLite means; `handle` knows the details.
  static func sqlite(_ handle: OpaquePointer?, _ code: Int32, path: String) -> StoreError {
    // A COMMIT that fails does not tell SQLite's own variable why; errno still does.
    var errno = sqlite3_system_errno(handle)
    if errno == 0 { errno = Glibc.errno }
    let detail = handle.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
    var words = detail.map { String(cString: $0) } ?? "error \(code)"
    switch code & 0xff {
    case SQLITE_FULL: return .full(path, words)
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: return .readOnly(path, words)
    case SQLITE_BUSY, SQLITE_LOCKED: return .busy(path)
    case SQLITE_CORRUPT, SQLITE_NOTADB: return .damaged(path, words)
    case SQLITE_IOERR, SQLITE_CANTOPEN:
      // A short read: the file ends too early and was cut; the disk itself said nothing.
      if code == SQLITE_IOERR | 2 << 8 { return .damaged(path, words) }
      guard errno != 0 else { return .io(path, code: code, words) }
      words += " (\(StoreError.words(of: errno)))"
      let system = StoreError.system(path, errno: errno)
      switch system.kind {
      case .full: return .full(path, words)
      case .readOnly: return .readOnly(path, words)
      case .locked, .damaged, .newer, .io: return .io(path, code: code, words)
      }
    default: return .io(path, code: code, words)
    }
  }
}
