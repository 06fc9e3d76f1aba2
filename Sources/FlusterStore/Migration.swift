/// The versions of the format. Each is a list of statements that make it out of the one before;
/// once released, a list is never changed.
enum Migration {
  /// "Flus", so that file(1) and `flusterd` know a store from any other database.
  static let applicationID: Int64 = 0x466c_7573

  /// Version 1 is the first.
  static let all: [String] = [version1, version2]

  /// Brings the database to the newest version, all steps in one transaction.
  static func run(on database: Database) throws(StoreError) {
    // Reads the file's header and schema, and so finds out whether there is a database at all.
    let tables = try database.integer("SELECT count(*) FROM sqlite_schema") ?? 0
    let application = try database.integer("PRAGMA application_id") ?? 0
    let version = try database.integer("PRAGMA user_version") ?? 0
    guard application == applicationID || (application == 0 && tables == 0) else {
      throw .damaged(database.path, "it is a database, but not a store of Fluster")
    }
    guard version <= all.count else {
      throw .newer(database.path, version: version, known: all.count)
    }
    guard version >= 0, (version == 0) == (tables == 0) else {
      throw .damaged(database.path, "its tables do not go with its version \(version)")
    }
    guard version < all.count else { return }
    try database.transaction { () throws(StoreError) in
      for statements in all[Int(version)...] { try database.execute(statements) }
      try database.execute(
        "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(all.count)")
    }
  }
}
