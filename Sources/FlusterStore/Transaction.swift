import CSQLite
import Glibc

extension Database {
  /// Runs `body` between BEGIN and COMMIT. If either it or the commit fails, nothing of it stays.
  func transaction<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    // So that what is found there after a failure is this transaction's.
    errno = 0
    try execute("BEGIN IMMEDIATE")
    do throws(StoreError) {
      let result = try body()
      try execute("COMMIT")
      return result
    } catch {
      rollBack()
      throw error
    }
  }

  /// One state of the file for several queries.
  func snapshot<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
    try execute("BEGIN")
    defer { rollBack() }
    return try body()
  }

  /// SQLite itself rolls back after some errors, and not after others.
  private func rollBack() {
    guard sqlite3_get_autocommit(handle) == 0 else { return }
    // There is nothing to be done if this fails, too: the next BEGIN will, and says so.
    sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
  }
}
