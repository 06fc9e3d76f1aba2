package import FlusterCore

/// The writing side of the store: the durable memory of one flusterd.
///
/// Belongs to one thread at a time; `Writer` gives it one of its own. While it lives, no other
/// flusterd can open the directory.
package final class Store {
  /// How many pages of log a checkpoint is worth: 16 MiB keep a crash's recovery to some tens of
  /// milliseconds, and let a page that changes often be written home once for many changes.
  package static let pagesPerCheckpoint: Int32 = 4096

  let database: Database
  let statements: StoreStatements
  var environments = EnvironmentCache()
  var charges = Charges()
  var tallies = Tallies()
  /// The job of the last attempt, and whose it is.
  var lastOwner: (job: JobID, owner: UserID)?
  /// The number the next job gets, as far as the transaction in progress knows.
  var nextJob: JobID
  /// Orders attempts by when they were assigned, across restarts.
  var nextSequence: Int64
  /// How far the feed has come, as far as the transaction in progress knows.
  var feed: FeedEnd
  /// Nothing has been committed since it was opened: the connections of workers are those of a
  /// flusterd that is gone.
  private var isNew = true
  private var durableNextJob: JobID
  private var durableFeed: FeedEnd
  private let lock: StoreLock

  /// 16 random bytes made with the store, by which workers know whose attempts they hold.
  package let id: [UInt8]

  /// Opens the store in `directory`, which is made if only its last part is missing, brings its
  /// format up to date and makes sure that it is durable.
  package static func open(directory: String) throws(StoreError) -> Store {
    try Store(StoreFiles(directory: directory))
  }

  private init(_ files: StoreFiles) throws(StoreError) {
    try files.make()
    lock = try StoreLock(files)
    database = try Database(path: files.database, access: .write)
    try Migration.run(on: database)
    statements = try StoreStatements(database)
    let meta = try Statement("SELECT id, next_job FROM meta", in: database)
      .first { row in (id: row.bytes(), next: JobID(row.word())) }
    guard let meta, meta.id.count == 16 else {
      throw .damaged(files.database, "it does not say which store it is")
    }
    id = meta.id
    nextJob = meta.next
    durableNextJob = meta.next
    nextSequence =
      try database.integer(
        "SELECT max(sequence) + 1 FROM attempt INDEXED BY attempt_open WHERE ended IS NULL") ?? 0
    feed = try FeedEnd(of: database)
    durableFeed = feed
  }

  /// Stores all the turns given in one transaction. When it returns they are durable; when it
  /// throws, nothing of any of them is stored.
  package func commit(_ turns: [Turn]) throws(StoreError) {
    do throws(StoreError) {
      try database.transaction { () throws(StoreError) in
        if isNew { try statements.workers.unlinkAll.run() }
        try write(turns)
        try charges.write(in: self)
        try tallies.write(in: self)
        if nextJob != durableNextJob {
          try statements.setNextJob.run { $0.put(nextJob.number) }
        }
      }
      durableNextJob = nextJob
      durableFeed = feed
      isNew = false
    } catch {
      // The cached rows may be among those rolled back.
      environments.forget()
      lastOwner = nil
      charges = Charges()
      tallies = Tallies()
      nextJob = durableNextJob
      feed = durableFeed
      throw error
    }
  }

  /// A small durable write, to find out whether the disk takes writes (again).
  package func probe() throws(StoreError) {
    try database.transaction { () throws(StoreError) in
      try database.execute("UPDATE meta SET probes = probes + 1")
    }
  }

  /// Writes the log home into the database when it has `pages` or more. Costs syncs of both; the
  /// place for it is after a commit has been answered.
  package func checkpoint(
    atLeast pages: Int32 = Store.pagesPerCheckpoint
  ) throws(StoreError) {
    try database.checkpoint(atLeast: pages)
  }

  /// A setting of the writing connection as SQLite reads it back, to check up on it.
  package func pragma(_ name: String) throws(StoreError) -> String? {
    try database.text("PRAGMA \(name)")
  }

  /// Everything unfinished.
  package func restore() throws(StoreError) -> Restored { try Restoring(database).read() }

  /// Events in order; of the progress rows only each job's last, since nobody sees those between.
  private func write(_ turns: [Turn]) throws(StoreError) {
    var latest: [JobID: JobProgress] = [:]
    for turn in turns {
      for event in turn.events {
        if case .jobEnded(let progress) = event { latest[progress.job] = nil }
        try write(event, of: turn)
      }
      for progress in turn.progress { latest[progress.job] = progress }
    }
    for progress in latest.values.sorted(by: { $0.job < $1.job }) { try update(progress) }
    try appendEntries(of: turns)
  }
}
