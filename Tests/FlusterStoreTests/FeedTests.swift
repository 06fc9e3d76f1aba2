import FlusterCore
import FlusterStore
import Testing

@Suite("The feed is a bounded window, and its numbers only grow")
struct FeedTests {
  private func entry(_ number: UInt64, _ text: String = "") -> FeedEntry {
    var entry = FeedEntry(.jobSubmitted, at: WallTime(milliseconds: Int64(number) * 1000))
    entry.subject = FeedEntry.Subject(job: JobID(number), owner: UserID(7), name: "job-\(number)")
    entry.state = .pending
    entry.text = text
    return entry
  }

  private func turn(
    _ number: UInt64, _ entries: [FeedEntry], keeping: UInt64 = Feed.usualLimit
  ) -> Turn {
    Turn(number: number, events: [], progress: [], entries: entries, keeping: keeping)
  }

  /// Logs so many actions, one a turn or several.
  private func log(
    _ count: UInt64, a turn: UInt64 = 1, keeping: UInt64, into store: Store
  ) throws {
    for first in stride(from: UInt64(1), through: count, by: Int(turn)) {
      let entries = (first..<min(first + turn, count + 1)).map { entry($0) }
      try store.commit([self.turn(first, entries, keeping: keeping)])
    }
  }

  private func all(_ reader: Reader, keeping: UInt64) throws -> FeedPage {
    try reader.feed(after: 0, limit: .max, keeping: keeping)
  }

  /// The newest so many, oldest first.
  private func newest(
    _ count: UInt64, _ reader: Reader, keeping: UInt64,
    where isWanted: @escaping @Sendable (FeedEntry) -> Bool = { _ in true }
  ) throws -> [FeedEntry] {
    var left = count
    var before: UInt64?
    while true {
      let found = try reader.feedStart(
        left, before: before, limit: 16, keeping: keeping, where: isWanted)
      switch found {
      case .goOn(let place, let more): (before, left) = (place, more)
      case .found(let after):
        return try reader.feed(after: after, limit: .max, keeping: keeping).entries.map(\.entry)
          .filter(isWanted)
      }
    }
  }

  /// Scenario 6.
  @Test(
    "of 150 actions with the bound at 100, reading 200 gives 100, the oldest being the 51st",
    arguments: [1, 7, 150] as [UInt64])
  func bound(turn: UInt64) throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      try log(150, a: turn, keeping: 100, into: store)
      let reader = try Reader.open(directory: directory.path)
      let read = try newest(200, reader, keeping: 100)
      #expect(read.count == 100)
      #expect(read.first == entry(51))
      #expect(read.last == entry(150))
      let page = try all(reader, keeping: 100)
      #expect(page.missing == 50 && page.newest == 150)
      #expect(page.entries.map(\.sequence) == Array(51...150))
    }
  }

  /// Scenario 7.
  @Test("of 10 actions reading 3 gives the newest three, oldest first, all stamped")
  func recent() throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      try log(10, keeping: 100, into: store)
      let reader = try Reader.open(directory: directory.path)
      let read = try newest(3, reader, keeping: 100)
      #expect(read == [entry(8), entry(9), entry(10)])
      #expect(read.map(\.at.milliseconds) == [8000, 9000, 10_000])
      #expect(try newest(0, reader, keeping: 100).isEmpty)
      let even = try newest(3, reader, keeping: 100) { $0.at.milliseconds % 2000 == 0 }
      #expect(even == [entry(6), entry(8), entry(10)])
    }
  }

  @Test("the newest that are wanted are found across many rows, and when there are too few")
  func search() throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      let reader = try Reader.open(directory: directory.path)
      #expect(try newest(5, reader, keeping: 100).isEmpty)
      try log(1000, a: 9, keeping: 10_000, into: store)
      let rare: @Sendable (FeedEntry) -> Bool = { $0.at.milliseconds % 100_000 == 0 }
      #expect(
        try newest(3, reader, keeping: 10_000, where: rare) == [
          entry(800), entry(900), entry(1000),
        ]
      )
      #expect(try newest(30, reader, keeping: 10_000, where: rare).count == 10)
      #expect(try newest(30, reader, keeping: 250, where: rare).count == 3)
    }
  }

  @Test("rows beyond the bound go from the file, in entries and in bytes")
  func prunes() throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      let database = directory("fluster.db")
      try log(2000, keeping: 100, into: store)
      func rows() throws -> Int {
        Int(try RawFile.query("SELECT count(*) FROM feed", on: database)[0]) ?? -1
      }
      #expect((100...230).contains(try rows()))
      // A hundred times as long as they may be on an average.
      let long = String(repeating: "x", count: 12_800)
      for number in UInt64(2001)...2300 {
        try store.commit([turn(number, [entry(number, long)], keeping: 1000)])
      }
      #expect(try rows() < 100)
      let reader = try Reader.open(directory: directory.path)
      #expect(try all(reader, keeping: 1000).entries.last?.sequence == 2300)
    }
  }

  @Test("a store that is opened for a moment at a time keeps no more than any other")
  func shortLives() throws {
    try ScratchDirectory.with { directory in
      for life in UInt64(0)..<60 {
        let store = try Store.open(directory: directory.path)
        for number in (life * 10 + 1)...(life * 10 + 10) {
          try store.commit([turn(number, [entry(number)], keeping: 100)])
        }
      }
      let rows = try RawFile.query(
        "SELECT count(*) FROM feed", on: directory("fluster.db"))
      #expect((100...230).contains(Int(rows[0]) ?? -1), "\(rows)")
    }
  }

  @Test("a bound that was lowered is reached, and never takes the newest")
  func lowered() throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      try log(1000, keeping: 10_000, into: store)
      for number in UInt64(1001)...2000 {
        try store.commit([turn(number, [entry(number)], keeping: 1)])
      }
      let rows = try RawFile.query("SELECT count(*) FROM feed", on: directory("fluster.db"))
      #expect((1...130).contains(Int(rows[0]) ?? 0), "\(rows)")
      let reader = try Reader.open(directory: directory.path)
      #expect(try all(reader, keeping: 1).entries.map(\.entry) == [entry(2000)])
    }
  }

  @Test("pages of any size give every entry once, and a restart goes on with the next number")
  func pages() throws {
    try ScratchDirectory.with { directory in
      for round in UInt64(0)..<4 {
        let store = try Store.open(directory: directory.path)
        let first = round * 600 + 1
        try store.commit([
          turn(first, (first..<(first + 550)).map { entry($0) }), turn(first + 1, []),
          turn(first + 2, ((first + 550)..<(first + 600)).map { entry($0) }),
        ])
      }
      let reader = try Reader.open(directory: directory.path)
      let expected = (UInt64(1)...2400).map { entry($0) }
      for limit in [1, 7, 511, 512, 513, 5000] {
        var found: [FeedEntry] = []
        var after: UInt64 = 0
        while true {
          let page = try reader.feed(after: after, limit: limit)
          #expect(page.missing == 0 && page.newest == 2400)
          found += page.entries.map(\.entry)
          if page.entries.isEmpty { break }
          after = page.next
        }
        #expect(found == expected)
      }
      #expect(try reader.feed(after: .max, limit: 10).entries.isEmpty)
      let rows = try RawFile.query("SELECT count(*) FROM feed", on: directory("fluster.db"))
      #expect(rows == ["8"], "several entries are one row")
    }
  }

  @Test("a transaction that fails leaves no entry and uses up no number")
  func rolledBack() throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      try store.commit([turn(1, [entry(1)])])
      let unknown = AttemptUID(high: 1, low: 1)
      #expect(throws: StoreError.self) {
        try store.commit([
          turn(2, [entry(2)]), Turn(number: 3, events: [.stuck(unknown)], progress: []),
        ])
      }
      try store.commit([turn(4, [entry(4)])])
      let reader = try Reader.open(directory: directory.path)
      let page = try reader.feed(after: 0, limit: 10)
      #expect(page.entries.map(\.entry) == [entry(1), entry(4)])
      #expect(page.entries.map(\.sequence) == [1, 2])
    }
  }

  @Test("a store of the first format gets a feed")
  func firstFormat() throws {
    try ScratchDirectory.with { directory in
      try RawFile.write([], to: directory("fluster.db"))
      for statement in FirstFormat.statements {
        try RawFile.execute(statement, on: directory("fluster.db"))
      }
      let store = try Store.open(directory: directory.path)
      try store.commit([turn(1, [entry(1)])])
      let reader = try Reader.open(directory: directory.path)
      #expect(try reader.feed(after: 0, limit: 10).entries.map(\.entry) == [entry(1)])
    }
  }

  @Test("what a controller tells comes back word for word", arguments: [1, 2, 3] as [UInt64])
  func comesBack(seed: UInt64) throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      var work = RandomWork(seed: seed)
      var told: [FeedEntry] = []
      for _ in 0..<300 {
        let turn = work.turn()
        told += turn.entries
        try store.commit([turn])
      }
      let reader = try Reader.open(directory: directory.path)
      let found = try reader.feed(after: 0, limit: .max).entries
      #expect(found.map(\.entry) == told, "seed \(seed)")
      #expect(found.map(\.sequence) == Array(1...UInt64(told.count)))
      #expect(Set(told.map(\.kind)).count >= 12, "seed \(seed) is too dull to prove anything")
    }
  }

  @Test("a row that makes no sense is damage, and not an answer")
  func damage() throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      try store.commit([turn(1, [entry(1)])])
      let reader = try Reader.open(directory: directory.path)
      for blob in ["x''", "x'00'", "x'ff'", "x'0000'", "x'01056a6f62'"] {
        try RawFile.execute("UPDATE feed SET entries = \(blob)", on: directory("fluster.db"))
        let error = failure(of: StoreError.self) { () throws(StoreError) in
          _ = try reader.feed(after: 0, limit: 10)
        }
        #expect(error?.kind == .damaged, "\(blob)")
      }
    }
  }
}
