import FlusterCore

/// The bounds of the feed.
package enum Feed {
  /// How many entries are kept where nobody says otherwise.
  package static let usualLimit: UInt64 = 1_000_000
  /// Bytes that are kept for each of them, on an average: names and reasons are chosen by users.
  static let bytesAnEntry: UInt64 = 128
  /// Rows are forgotten so many at a time, and not one by one: each time costs a page of the log.
  static let rowsForgotten = 64
}

/// The newest end of the feed.
struct FeedEnd {
  /// The number of the newest entry.
  private(set) var last: UInt64
  /// Bytes of all rows there have ever been.
  private(set) var bytes: UInt64
  /// Rows written since old ones were last looked for. A store that is opened for a moment at a
  /// time would never get as far: the first row looks for them at once.
  var unswept = Feed.rowsForgotten

  init(of database: Database) throws(StoreError) {
    let row = try Statement("SELECT last, bytes FROM feed ORDER BY last DESC LIMIT 1", in: database)
      .first { row in (last: row.word(), bytes: row.word()) }
    (last, bytes) = (row?.last ?? 0, row?.bytes ?? 0)
  }

  mutating func grow(by entries: Int, bytes count: Int) {
    last += UInt64(entries)
    bytes += UInt64(count)
    unswept += 1
  }
}

extension Store {
  /// Writes the entries of turns as few rows, and forgets old ones now and then.
  func appendEntries(of turns: [Turn]) throws(StoreError) {
    let entries = turns.count == 1 ? turns[0].entries : turns.flatMap(\.entries)
    var rest = entries[...]
    while let first = rest.first {
      let row = rest.prefix(PackedFeed.mostEntries)
      rest = rest.dropFirst(row.count)
      let bytes = PackedFeed.pack(row)
      let number = feed.last + 1
      feed.grow(by: row.count, bytes: bytes.count)
      try statements.insertEntries.run { parameters in
        parameters.put(feed.last)
        parameters.put(number)
        parameters.put(first.at.milliseconds)
        parameters.put(feed.bytes)
        parameters.put(row.contains { $0.subject == nil })
        parameters.put(bytes)
      }
    }
    guard feed.unswept >= Feed.rowsForgotten, let keeping = turns.last?.keeping else { return }
    try forgetEntries(but: keeping)
  }

  /// Twice as many rows as have come are looked at, so that a bound that was lowered is reached.
  private func forgetEntries(but keeping: UInt64) throws(StoreError) {
    let (bytes, overflow) = keeping.multipliedReportingOverflow(by: Feed.bytesAnEntry)
    try statements.pruneEntries.run { parameters in
      parameters.put(Int64(2 * feed.unswept))
      parameters.put(feed.last > keeping ? feed.last - keeping : 0)
      parameters.put(!overflow && feed.bytes > bytes ? feed.bytes - bytes : 0)
    }
    feed.unswept = 0
  }
}
