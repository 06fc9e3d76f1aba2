/// The statements of the writer that are about workers, compiled once.
struct WorkerStatements {
  let upsert: Statement
  let drain: Statement
  let delete: Statement
  let link: Statement
  let silence: Statement
  let ail: Statement
  /// For the connections of a flusterd that is gone.
  let unlinkAll: Statement

  init(_ database: Database) throws(StoreError) {
    upsert = try Statement(WorkerColumns.upsert, in: database)
    drain = try Statement("UPDATE worker SET drained = ? WHERE id = ?", in: database)
    delete = try Statement("DELETE FROM worker WHERE id = ?", in: database)
    // A new connection begins with a clean sheet, and so does none.
    link = try Statement(
      "UPDATE worker SET connected = ?, silent = 0, ailment = NULL WHERE id = ?", in: database)
    silence = try Statement("UPDATE worker SET silent = ? WHERE id = ?", in: database)
    ail = try Statement("UPDATE worker SET ailment = ? WHERE id = ?", in: database)
    unlinkAll = try Statement(
      "UPDATE worker SET connected = 0, silent = 0, ailment = NULL WHERE connected", in: database)
  }
}
