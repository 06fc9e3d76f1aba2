import FlusterCore
import FlusterStore
import Glibc
import Testing

/// Copies of the files at some moment are what a power cut at that moment leaves (SQLite's own
/// checksums decide about pages that were on their way). Whatever is left must open as a prefix of
/// the committed turns.
@Suite("A store cut at any point opens as a prefix of its turns")
struct CrashTests {
  private static let frame = 24 + 4096
  private static let header = 32

  /// A store whose changes are all in its log still, and the states it went through.
  private struct Recording {
    var database: [UInt8] = []
    var log: [UInt8] = []
    /// By length of the log after each commit; the first is the empty store.
    var states: [(log: Int, state: State)] = []
    var now = WallTime(milliseconds: 0)
  }

  private func record(seed: UInt64, turns: Int) throws -> Recording {
    try ScratchDirectory.with { directory in
      var work = RandomWork(seed: seed)
      var recording = Recording()
      let store = try Store.open(directory: directory.path)
      let (database, log) = (directory("fluster.db"), directory("fluster.db-wal"))
      recording.states.append((try RawFile.read(log).count, work.expected))
      for _ in 0..<turns {
        try store.commit([work.turn()])
        recording.states.append((try RawFile.read(log).count, work.expected))
      }
      recording.database = try RawFile.read(database)
      recording.log = try RawFile.read(log)
      recording.now = work.now.wall
      return recording
    }
  }

  /// The state that a store with this database and log opens with.
  private func reopen(_ recording: Recording, log: some Collection<UInt8>) throws -> State {
    try ScratchDirectory.with { directory in
      try RawFile.write(recording.database, to: directory("fluster.db"))
      try RawFile.write(log, to: directory("fluster.db-wal"))
      let restored = try Store.open(directory: directory.path).restore()
      return State(restored: restored).durable(at: recording.now)
    }
  }

  /// Waits are over at different times in the recorded states; forget them.
  private func withoutWaits(_ state: State) -> State {
    state.durable(at: WallTime(milliseconds: .max))
  }

  @Test(
    "a log cut at every frame, and within frames, gives the last whole turn", arguments: [11, 12])
  func cutLog(seed: UInt64) throws {
    let recording = try record(seed: seed, turns: 12)
    var random = Random(seed: seed)
    var cuts = Array(stride(from: Self.header, through: recording.log.count, by: Self.frame))
    cuts += (0..<40).map { _ in Int.random(in: 0...recording.log.count, using: &random) }
    for cut in cuts.sorted() {
      // Logs shorter than the first turn's end hold the making of the tables, or part of it.
      let whole = recording.states.last { $0.log <= cut } ?? recording.states[0]
      let found = withoutWaits(try reopen(recording, log: recording.log.prefix(cut)))
      #expect(
        difference(found, withoutWaits(whole.state)) == nil,
        "seed \(seed), cut at \(cut) of \(recording.log.count)")
    }
  }

  @Test("a log with a byte changed gives a prefix of the turns", arguments: [21, 22])
  func changedLog(seed: UInt64) throws {
    let recording = try record(seed: seed, turns: 12)
    var random = Random(seed: seed)
    let states = recording.states.map { withoutWaits($0.state) }
    for _ in 0..<60 {
      var log = recording.log
      let place = Int.random(in: Self.header..<log.count, using: &random)
      log[place] ^= UInt8.random(in: 1...255, using: &random)
      // The turn whose frames were hit is the first that may be missing.
      let whole = recording.states.lastIndex { $0.log <= place } ?? 0
      let found = withoutWaits(try reopen(recording, log: log))
      #expect(
        states[whole...].contains(found) || found == states[whole],
        "seed \(seed), changed at \(place)")
    }
  }

  @Test("a process killed while it writes loses nothing acknowledged", arguments: [31, 32, 33, 34])
  func killedWriter(seed: UInt64) async throws {
    try await ScratchDirectory.waiting { directory in
      let path = directory.path
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [path = path as String, seed = seed as UInt64] in
        Child.run { try KilledWriter.run(path, seed: seed) }
      }
      let acknowledged = try RawFile.read(directory("acknowledged")).count
      try #require(acknowledged > 0)
      let found = withoutWaits(State(restored: try Store.open(directory: path).restore()))
      var work = RandomWork(seed: seed)
      var states: [State] = []
      // At most so many turns were on their way when the process was killed.
      for turn in 1...(acknowledged + KilledWriter.flight) {
        _ = work.turn()
        if turn >= acknowledged { states.append(withoutWaits(work.expected)) }
      }
      #expect(
        states.contains(found),
        "seed \(seed), \(acknowledged) acknowledged: \(difference(found, states[0]) ?? "")")
    }
  }
}

/// A process that stores turns with a writer and kills itself at a random moment.
private enum KilledWriter {
  /// Turns submitted and not known to be durable.
  static let flight = 5

  /// Writes a byte to the file "acknowledged" for each durable turn.
  static func run(_ path: String, seed: UInt64) throws {
    let file = open("\(path)/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    var random = Random(seed: seed)
    let last = Int.random(in: 5...300, using: &random)
    let pause = Int32.random(in: 0...3, using: &random)
    let progress = Signal()
    let writer = try Writer(store: Store.open(directory: path)) { progress.signal() }
    var work = RandomWork(seed: seed)
    var submitted: UInt64 = 0
    var acknowledged: UInt64 = 0
    while acknowledged < last {
      while submitted < acknowledged + UInt64(flight) {
        submitted += 1
        writer.submit(work.turn())
      }
      progress.wait()
      let durable = writer.take().durable
      write(
        file, [UInt8](repeating: 1, count: Int(durable - acknowledged)), Int(durable - acknowledged)
      )
      acknowledged = durable
    }
    // The writer has turns to do now.
    poll(nil, 0, pause)
    kill(getpid(), SIGKILL)
  }
}
