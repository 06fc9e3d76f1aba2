import CSQLite

extension Database {
  /// Moves the log's pages home if there are enough of them; readers are not disturbed, nor waited
  /// for.
  func checkpoint(atLeast pages: Int32) throws(StoreError) {
    guard logPages >= pages else { return }
    var code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
    if code == SQLITE_BUSY { code = SQLITE_OK }
    guard code == SQLITE_OK else { throw failure(code) }
    logPages = 0
  }
}
