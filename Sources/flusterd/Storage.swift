import FlusterCore
import FlusterStore
import FlusterSystem
import FlusterSystemd

/// The store as the daemon sees it: the writer's thread, a reader for single rows that may be asked
/// on the loop, and a reader on a thread of its own for everything longer.
final class Storage {
  let directory: String
  /// 16 random bytes made with the store.
  let id: [UInt8]
  let history: History
  /// A thread for what takes minutes, made when somebody asks for it.
  private var minutes: History?
  private let loop: EventLoop
  /// Called on the loop when the writer has come further, or failed.
  var onProgress: () -> Void = {}
  private let points: Reader
  private let openReader: () throws(StoreError) -> Reader
  /// Nil: the store is only looked at.
  private let writer: Writer?

  /// Takes over an open store; `loop` is the daemon's.
  init(
    _ store: sending Store, id: [UInt8], directory: String, loop: EventLoop
  ) throws(StartFailure) {
    self.directory = directory
    self.id = id
    self.loop = loop
    openReader = { () throws(StoreError) in try Reader.open(directory: directory) }
    do {
      points = try openReader()
      history = try History(openReader(), loop: loop)
      let wakeup = try Wakeup()
      writer = try Writer(store: store) { wakeup.signal() }
      _ = try loop.watch(wakeup.descriptor, for: .readable, priority: Daemon.urgent) {
        [unowned self] _ in
        wakeup.drain()
        onProgress()
      }
    } catch {
      throw StartFailure(of: error)
    }
  }

  /// Looks at a store without ever writing.
  init(examining file: ExaminedFile, loop: EventLoop) throws(StartFailure) {
    directory = file.path
    self.loop = loop
    writer = nil
    openReader = { () throws(StoreError) in try file.reader() }
    do {
      id = try file.id()
      points = try openReader()
      history = try History(openReader(), loop: loop)
    } catch {
      throw StartFailure(of: error)
    }
  }

  /// Where questions are asked about the store as a whole: nobody's listing waits behind them,
  /// unless there is no room for another thread or file.
  var upkeep: History {
    if let minutes { return minutes }
    minutes = try? History(openReader(), loop: loop)
    return minutes ?? history
  }

  /// Whether nothing is being asked.
  var isIdle: Bool { history.isIdle && minutes?.isIdle ?? true }

  /// How far the writer has come.
  var report: WriterReport { writer?.take() ?? WriterReport(durable: 0, failure: nil) }

  /// Hands a turn to the writer.
  func commit(_ turn: FlusterStore.Turn) {
    precondition(writer != nil, "nothing happens in a store that is only looked at")
    writer?.submit(turn)
  }

  /// Asks for a probe write.
  func recover() { writer?.recover() }

  /// Forgets old things when there is nothing better to do.
  func prune(_ pruning: Pruning) { writer?.prune(pruning) }

  /// Writes what is left and closes the store.
  func stop() { writer?.stop() }

  /// Everything unfinished, as it stands on the disk.
  func restore() throws(StoreError) -> Restored { try points.restore() }

  /// A number that is another one once somebody else has changed the store.
  func version() throws(StoreError) -> Int64 { try points.version() }

  /// When something last happened in it.
  func newestEntry() throws(StoreError) -> WallTime? { try points.newestEntry() }

  /// How to start the tasks of a job.
  func launch(of job: JobID) throws(StoreError) -> Payload? { try points.launch(of: job) }

  /// The block of a job's entries that has the one at `position`.
  func entries(of job: JobID, around position: UInt32) throws(StoreError) -> EntryBlock? {
    try points.entries(of: job, around: position)
  }

  /// The row of a job.
  func job(_ job: JobID) throws(StoreError) -> StoredJob? { try points.job(job) }

  /// The job that a token made, if that is durable.
  func job(for token: Token, of owner: UserID) throws(StoreError) -> JobID? {
    try points.job(forToken: token, of: owner)
  }

  /// The newest durable job under a key, ended or not.
  func stored(_ key: OwnedKey) throws(StoreError) -> StoredKey { try points.stored(key) }

  /// The newest durable job of a user.
  func newestJob(of owner: UserID) throws(StoreError) -> JobID? {
    try points.newestJob(of: owner)
  }

  /// What is durably stored for a user.
  func storedBytes(of owner: UserID) throws(StoreError) -> Int {
    try points.storedBytes(of: owner)
  }

  /// The newest attempt of a task, or the one with the number given.
  func attempt(_ number: UInt32?, of task: TaskID) throws(StoreError) -> StoredAttempt? {
    guard let number else { return try points.newestAttempt(of: task) }
    return try points.attempts(
      of: task.job, positions: task.position..<(task.position + 1),
      after: number == 0 ? nil : (position: task.position, number: number - 1), limit: 1
    ).first { $0.attempt.number == number }
  }
}
