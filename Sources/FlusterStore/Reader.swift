package import FlusterCore
import Synchronization

/// The reading side of the store: history, and what is not kept in memory of live jobs.
///
/// Sees what is durable, and nothing of transactions in progress; never makes the writer wait.
/// Callable from any thread, one call at a time: who must not wait for long queries of others opens
/// a reader of its own. Each call is bounded by its limit and holds no snapshot when it returns.
package final class Reader: Sendable {
  private let connection: Mutex<ReaderConnection>

  /// Opens the store in `directory`, which a `Store` has open, or had.
  package static func open(directory: String) throws(StoreError) -> Reader {
    try Reader(
      ReaderConnection(
        Database(path: StoreFiles(directory: directory).database, access: .read)))
  }

  init(_ connection: sending ReaderConnection) { self.connection = Mutex(connection) }

  /// Everything unfinished, as a new controller would find it; for the time after a failed commit.
  package func restore() throws(StoreError) -> Restored {
    try connection.withLock { (connection) throws(StoreError) in
      try Restoring(connection.database).read()
    }
  }

  /// A number that is another one once the file has been changed by somebody else.
  package func version() throws(StoreError) -> Int64 {
    try connection.withLock { (connection) throws(StoreError) in
      try connection.version.first { $0.integer() } ?? 0
    }
  }

  /// When the controller learned of what it last told in the feed; nil: it never told anything.
  package func newestEntry() throws(StoreError) -> WallTime? {
    let newest = try feed(after: .max, limit: 0).newest
    return try feed(after: max(newest, 1) - 1, limit: 1).entries.last?.entry.at
  }

  /// For questions that are not asked often enough to keep their statements.
  func withDatabase<Answer: Sendable>(
    _ body: (Database) throws(StoreError) -> Answer
  ) throws(StoreError) -> Answer {
    try connection.withLock { (connection) throws(StoreError) in try body(connection.database) }
  }

  /// How to start the tasks of a job; nil if there is no such job. Who only wants to know what is
  /// run does so without the script, which may be long.
  package func launch(
    of job: JobID, withScript: Bool = true
  ) throws(StoreError) -> Payload? {
    try connection.withLock { (connection) throws(StoreError) in
      try connection.launch.first { parameters in
        parameters.put(withScript)
        parameters.put(job.number)
      } _: { row in
        Payload(
          launch: row.bytes(), environment: row.bytes(), script: row.bytes(),
          entryBytes: row.optionalWord())
      }
    }
  }

  /// The block of a job's entries that has the one at `position`; nil if there is none.
  package func entries(of job: JobID, around position: UInt32) throws(StoreError) -> EntryBlock? {
    try connection.withLock { (connection) throws(StoreError) in
      try connection.entries.first { parameters in
        parameters.put(job.number)
        parameters.put(position)
      } _: { row in
        EntryBlock(first: row.number(), bytes: row.bytes())
      }
    }
  }

  /// The row of a job.
  package func job(_ job: JobID) throws(StoreError) -> StoredJob? {
    try connection.withLock { (connection) throws(StoreError) in
      try connection.job.first {
        $0.put(job.number)
      } _: {
        StoredJob(JobColumns.job(&$0))
      }
    }
  }

  /// Whose job it is; nil if there is no such job.
  package func owner(of job: JobID) throws(StoreError) -> UserID? {
    try connection.withLock { (connection) throws(StoreError) in
      try connection.owner.first {
        $0.put(job.number)
      } _: {
        UserID($0.number())
      }
    }
  }

  /// The job that a token of a user made, if it is still remembered and was durable.
  package func job(forToken token: Token, of owner: UserID) throws(StoreError) -> JobID? {
    try connection.withLock { (connection) throws(StoreError) in
      try connection.token.first { parameters in
        parameters.put(owner.number)
        parameters.put(token.value)
      } _: {
        JobID($0.word())
      }
    }
  }

  /// The newest job under a key, ended or not, if any is still kept.
  package func stored(_ key: OwnedKey) throws(StoreError) -> StoredKey {
    try connection.withLock { (connection) throws(StoreError) in
      // First: a job that is committed in between must not seem to have been forgotten.
      let next = try connection.nextJob.first { $0.word() } ?? 1
      let holder = try connection.keyHolder.first { parameters in
        parameters.put(key.owner.number)
        parameters.put(key.name)
      } _: {
        KeyHolder(job: JobID($0.word()), digest: RequestDigest($0.attemptUID()))
      }
      return StoredKey(holder: holder, next: JobID(next))
    }
  }

  /// The last job that a user submitted, if any is still kept.
  package func newestJob(of owner: UserID) throws(StoreError) -> JobID? {
    try connection.withLock { (connection) throws(StoreError) in
      try connection.newest.first {
        $0.put(owner.number)
      } _: {
        JobID($0.word())
      }
    }
  }

  /// What the store holds for a user, in bytes: names and launches of all jobs, ended or not, and
  /// once each of their environments.
  package func storedBytes(of owner: UserID) throws(StoreError) -> Int {
    try connection.withLock { (connection) throws(StoreError) in
      Int(
        try connection.account.first {
          $0.put(owner.number)
        } _: {
          $0.integer()
        } ?? 0)
    }
  }

  /// The same of all users of whom it holds anything.
  package func storedBytes() throws(StoreError) -> [UserID: Int] {
    try connection.withLock { (connection) throws(StoreError) in
      var bytes: [UserID: Int] = [:]
      try Statement("SELECT owner, bytes FROM account WHERE bytes > 0", in: connection.database)
        .each { row in bytes[UserID(row.number())] = Int(row.integer()) }
      return bytes
    }
  }

  /// What is wrong with the file, in SQLite's words; nothing if it is sound. Reads all of it.
  package func damage() throws(StoreError) -> [String] {
    try connection.withLock { (connection) throws(StoreError) in
      try connection.database.damage()
    }
  }

  /// A page of the ended jobs. Goes on with `query.after = page.next`.
  package func jobs(_ query: JobQuery) throws(StoreError) -> JobPage {
    try connection.withLock { (connection) throws(StoreError) in try connection.jobs(query) }
  }

  /// Attempts of a job, open ones too, in order of position and number: at most `limit` of those
  /// behind `after`, at the given positions or all.
  package func attempts(
    of job: JobID, positions: Range<UInt32>? = nil,
    after: (position: UInt32, number: UInt32)? = nil, limit: Int
  ) throws(StoreError) -> [StoredAttempt] {
    try connection.withLock { (connection) throws(StoreError) in
      try connection.attempts(of: job, positions, after: after, limit: limit)
    }
  }

  /// The newest attempt of a task, however many there were; nil if it has had none.
  package func newestAttempt(of task: TaskID) throws(StoreError) -> StoredAttempt? {
    try connection.withLock { (connection) throws(StoreError) in
      try connection.newestAttempt(of: task)
    }
  }

  /// Tasks of a job that have a row, in order: at most `limit` of those behind `after`. In a job
  /// that ended, these are all that neither succeeded nor were killed.
  package func tasks(
    of job: JobID, positions: Range<UInt32>? = nil, after: UInt32? = nil, limit: Int
  ) throws(StoreError) -> [StoredTask] {
    try connection.withLock { (connection) throws(StoreError) in
      try connection.tasks(of: job, positions, after: after, limit: limit)
    }
  }

  /// The state of a task and how its newest attempt ended, if one did; nil if there is no such
  /// task.
  package func lastOutcome(of task: TaskID) throws(StoreError) -> (TaskState, Outcome?)? {
    try connection.withLock { (connection) throws(StoreError) in
      try connection.lastOutcome(of: task)
    }
  }

  /// Entries of the feed behind the one numbered `after`, at most `limit` of them, and of the
  /// newest `keeping` only.
  package func feed(
    after: UInt64, limit: Int, keeping: UInt64 = Feed.usualLimit, of scope: FeedScope = .all
  ) throws(StoreError) -> FeedPage {
    try connection.withLock { (connection) throws(StoreError) in
      try connection.feed(after: after, limit: limit, keeping: keeping, of: scope)
    }
  }

  /// Finds where the newest `count` entries that are wanted begin, going back from `before` (nil:
  /// the end) over about `limit` entries of the newest `keeping`.
  package func feedStart(
    _ count: UInt64, before: UInt64? = nil, limit: Int, keeping: UInt64 = Feed.usualLimit,
    of scope: FeedScope = .all, where isWanted: @Sendable (FeedEntry) -> Bool
  ) throws(StoreError) -> FeedSearch {
    try connection.withLock { (connection) throws(StoreError) in
      try connection.feedStart(
        count, before: before, limit: limit, keeping: keeping, of: scope, where: isWanted)
    }
  }
}
