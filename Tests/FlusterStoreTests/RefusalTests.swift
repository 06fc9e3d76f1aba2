import FlusterCore
import FlusterStore
import Glibc
import Testing

@Suite("A store that cannot be trusted or written is refused with a sentence and a way out")
struct RefusalTests {
  @Test("a second flusterd on the same directory is refused, and told who has it")
  func second() throws {
    try ScratchDirectory.with { directory in
      let first = try Store.open(directory: directory.path)
      let error = failure(of: StoreError.self) { () throws(StoreError) in
        _ = try Store.open(directory: directory.path)
      }
      #expect(error?.kind == .locked)
      #expect(
        error?.message
          == "\(directory.path) is in use by another flusterd (process \(getpid()))")
      #expect(error?.wayOut.isEmpty == false)
      try first.probe()
    }
  }

  @Test("the directory is free again when the first has gone")
  func released() throws {
    try ScratchDirectory.with { directory in
      let id = try Store.open(directory: directory.path).id
      #expect(try Store.open(directory: directory.path).id == id)
    }
  }

  @Test("a format of the future is refused by its number")
  func newer() throws {
    try ScratchDirectory.with { directory in
      _ = try Store.open(directory: directory.path)
      let path = directory("fluster.db")
      try RawFile.execute("PRAGMA user_version = 7", on: path)
      let error = openingFailure(directory)
      #expect(error?.kind == .newer(version: 7))
      #expect(
        error?.message
          == "\(path) has format 7, and this flusterd knows formats up to 2")
    }
  }

  @Test("another program's database is refused and left alone")
  func foreign() throws {
    try ScratchDirectory.with { directory in
      let path = directory("fluster.db")
      try RawFile.write([], to: path)
      try RawFile.execute("CREATE TABLE songs (title TEXT)", on: path)
      let error = openingFailure(directory)
      #expect(error?.kind == .damaged)
      #expect(error?.message == "\(path) is damaged: it is a database, but not a store of Fluster")
      #expect(try RawFile.query("SELECT name FROM sqlite_schema", on: path) == ["songs"])
    }
  }

  @Test("what is no database is called damaged, by its path, and what to do is told")
  func noDatabase() throws {
    try ScratchDirectory.with { directory in
      let path = directory("fluster.db")
      try RawFile.write("This is not a database, as one can see.".utf8, to: path)
      let error = openingFailure(directory)
      #expect(error?.kind == .damaged)
      #expect(error?.message == "\(path) is damaged: file is not a database")
      #expect(error?.wayOut.contains("move \(path)") == true)
    }
  }

  @Test("an empty database beside a log is not taken for a new store")
  func emptied() throws {
    try ScratchDirectory.with { directory in
      try RawFile.write([], to: directory("fluster.db"))
      try RawFile.write([1, 2, 3], to: directory("fluster.db-wal"))
      #expect(openingFailure(directory)?.kind == .damaged)
      #expect(try RawFile.read(directory("fluster.db-wal")) == [1, 2, 3])
    }
  }

  @Test("a file cut short is called damaged, when it is opened or when it is read")
  func cutShort() throws {
    try ScratchDirectory.with { directory in
      try fill(directory)
      let whole = try RawFile.read(directory("fluster.db"))
      for pages in [1, 2, whole.count / 4096 - 1] {
        try RawFile.write(whole.prefix(pages * 4096), to: directory("fluster.db"))
        #expect(readingFailure(directory)?.kind == .damaged, "\(pages) pages left")
      }
    }
  }

  @Test("pages of rubbish are found out by who reads them", arguments: [41, 42, 43])
  func rubbish(seed: UInt64) throws {
    try ScratchDirectory.with { directory in
      try fill(directory)
      var random = Random(seed: seed)
      let whole = try RawFile.read(directory("fluster.db"))
      for page in 1..<(whole.count / 4096) {
        var bytes = whole
        for place in 0..<4096 {
          bytes[page * 4096 + place] = UInt8.random(in: 0...255, using: &random)
        }
        try RawFile.write(bytes, to: directory("fluster.db"))
        // Some pages are history, which a restart does not read.
        if let error = readingFailure(directory) { #expect(error.kind == .damaged, "\(error)") }
      }
    }
  }

  @Test("a turn about what is not there is refused as a whole, and the next one is stored")
  func missingRow() throws {
    try ScratchDirectory.with { directory in
      try fill(directory)
      let store = try Store.open(directory: directory.path)
      let before = State(restored: try store.restore())
      var progress = JobProgress(job: JobID(2))
      progress.held = true
      let stranger = AttemptUID(high: 1, low: 2)
      let events: [Event] = [.tasksEnded(JobID(1), RangeSet(0..<1), .killed), .stuck(stranger)]
      let error = failure(of: StoreError.self) { () throws(StoreError) in
        try store.commit([
          Turn(number: 1, events: [], progress: [progress]),
          Turn(number: 2, events: events, progress: []),
        ])
      }
      #expect(
        error?.message
          == "\(directory("fluster.db")) is damaged: it has no row for attempt \(stranger)")
      #expect(State(restored: try store.restore()) == before)
      try store.commit([Turn(number: 3, events: [], progress: [progress])])
      #expect(try store.restore().jobs[1].progress.held)
    }
  }

  @Test("numbers that mean nothing are called damage, not read as something else")
  func nonsense() throws {
    try ScratchDirectory.with { directory in
      try fill(directory)
      let changes = [
        "UPDATE job SET state = 99", "UPDATE job SET array_count = -1",
        "UPDATE job SET pending = x'ff'", "UPDATE job SET counts = x'ffffffffffffffffffff7f'",
        "UPDATE job SET owner = 4294967296", "UPDATE meta SET id = x'00'",
        "UPDATE job SET parent = 1, parent_attempt = x'00'",
        "UPDATE job SET parent = 1, parent_attempt = zeroblob(16), ancestors = x'01'",
      ]
      let whole = try RawFile.read(directory("fluster.db"))
      for change in changes {
        try RawFile.write(whole, to: directory("fluster.db"))
        try RawFile.execute(change, on: directory("fluster.db"))
        #expect(readingFailure(directory)?.kind == .damaged, "\(change)")
      }
    }
  }

  @Test("a directory that others may write is refused")
  func shared() throws {
    try ScratchDirectory.with { directory in
      chmod(directory.path, 0o777)
      #expect(openingFailure(directory)?.wayOut == "chmod 700 \(directory.path)")
    }
  }

  @Test("a parent that does not exist, and a file in the directory's place, are named")
  func noPlace() throws {
    try ScratchDirectory.with { directory in
      let missing = failure(of: StoreError.self) { () throws(StoreError) in
        _ = try Store.open(directory: directory("no/state"))
      }
      #expect(
        missing?.message == "cannot work with \(directory("no/state")): no such file or directory")
      try RawFile.write([1], to: directory("file"))
      let file = failure(of: StoreError.self) { () throws(StoreError) in
        _ = try Store.open(directory: directory("file"))
      }
      #expect(file?.message == "cannot work with \(directory("file")): not a directory")
    }
  }

  /// A closed store with a few hundred waiting jobs, all in the database itself.
  private func fill(_ directory: ScratchDirectory) throws {
    let store = try Store.open(directory: directory.path)
    let jobs = (1...300).map { number in
      Event.submitted(
        Job(
          id: JobID(number), request: JobRequest(name: "job", owner: UserID(1)),
          submitted: WallTime(milliseconds: 1)), Payload(launch: [1, 2], environment: [3]), nil)
    }
    try store.commit([Turn(number: 1, events: jobs, progress: [])])
  }

  private func openingFailure(_ directory: ScratchDirectory) -> StoreError? {
    failure { () throws(StoreError) in _ = try Store.open(directory: directory.path) }
  }

  private func readingFailure(_ directory: ScratchDirectory) -> StoreError? {
    failure { () throws(StoreError) in _ = try Store.open(directory: directory.path).restore() }
  }
}
