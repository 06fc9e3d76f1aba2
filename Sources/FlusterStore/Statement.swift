import CSQLite

/// A prepared statement. Belongs to the thread of its database, and keeps it open.
final class Statement {
  private let handle: OpaquePointer
  private let database: Database

  /// Compiles one statement of SQL.
  init(_ sql: String, in database: Database) throws(StoreError) {
    var handle: OpaquePointer?
    let code = sqlite3_prepare_v3(
      database.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
    guard let handle, code == SQLITE_OK else { throw database.failure(code) }
    self.handle = handle
    self.database = database
  }

  deinit { sqlite3_finalize(handle) }

  /// Runs a statement that answers nothing; the count of rows it changed.
  @discardableResult
  func run(_ bind: (inout Parameters) -> Void = { _ in }) throws(StoreError) -> Int32 {
    defer { sqlite3_reset(handle) }
    try fill(bind)
    let code = sqlite3_step(handle)
    guard code == SQLITE_DONE || code == SQLITE_ROW else { throw database.failure(code) }
    return database.changes
  }

  /// Reads the first row, if there is one.
  func first<Value>(
    _ bind: (inout Parameters) -> Void = { _ in }, _ read: (inout Row) -> Value
  ) throws(StoreError) -> Value? {
    defer { sqlite3_reset(handle) }
    try fill(bind)
    return try step(read)
  }

  /// Reads all rows in the statement's order.
  func each(
    _ bind: (inout Parameters) -> Void = { _ in }, _ read: (inout Row) -> Void
  ) throws(StoreError) {
    defer { sqlite3_reset(handle) }
    try fill(bind)
    while try step(read) != nil {}
  }

  private func fill(_ bind: (inout Parameters) -> Void) throws(StoreError) {
    var parameters = Parameters(handle)
    bind(&parameters)
    guard parameters.failure == SQLITE_OK else { throw database.failure(parameters.failure) }
  }

  private func step<Value>(_ read: (inout Row) -> Value) throws(StoreError) -> Value? {
    let code = sqlite3_step(handle)
    guard code == SQLITE_ROW else {
      guard code == SQLITE_DONE else { throw database.failure(code) }
      return nil
    }
    var row = Row(handle)
    let value = read(&row)
    guard row.isSound else {
      throw .damaged(database.path, "a row holds what cannot have been written")
    }
    return value
  }
}
