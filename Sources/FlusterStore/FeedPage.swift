package import FlusterCore

/// A part of the feed, in the order in which things happened.
package struct FeedPage: Sendable {
  /// An entry and its number.
  package struct Numbered: Hashable, Sendable {
    package let sequence: UInt64
    package let entry: FeedEntry
  }

  package let entries: [Numbered]
  /// Where to go on: the number of the last entry looked at.
  package let next: UInt64
  /// The newest entry there is; 0 if there has never been one.
  package let newest: UInt64
  /// How many were asked for and are not kept any more.
  package let missing: UInt64
}

/// Which rows of the feed are read.
package enum FeedScope: Hashable, Sendable {
  case all
  /// Those that have an entry about a worker itself, which others may stand beside.
  case workers
}

/// A statement over the feed, for each scope.
struct FeedRows {
  private let all: Statement
  private let workers: Statement

  /// `compile` makes a statement of what stands between the table and a condition.
  init(_ compile: (String) throws(StoreError) -> Statement) throws(StoreError) {
    all = try compile("WHERE")
    workers = try compile("INDEXED BY feed_workers WHERE workers = 1 AND")
  }

  subscript(scope: FeedScope) -> Statement {
    switch scope {
    case .all: all
    case .workers: workers
    }
  }
}

extension ReaderConnection {
  /// The number of the oldest entry within the bound, and of the newest; nil if there is none.
  private func window(keeping: UInt64) throws(StoreError) -> ClosedRange<UInt64>? {
    let newest = try newestEntries.first { $0.word() }
    let oldest = try oldestEntries.first { $0.word() }
    guard let newest, let oldest, newest >= oldest else { return nil }
    let bound = newest - min(max(keeping, 1) - 1, newest - 1)
    return max(oldest, bound)...newest
  }

  func feed(
    after: UInt64, limit: Int, keeping: UInt64, of scope: FeedScope
  ) throws(StoreError) -> FeedPage {
    try database.snapshot { () throws(StoreError) in
      guard let window = try window(keeping: keeping) else {
        return FeedPage(entries: [], next: after, newest: 0, missing: 0)
      }
      let (following, isOver) = after.addingReportingOverflow(1)
      guard !isOver, following <= window.upperBound else {
        return FeedPage(entries: [], next: after, newest: window.upperBound, missing: 0)
      }
      let first = max(following, window.lowerBound)
      let entries = try entries(from: first, limit: limit, of: scope)
      let last = entries.last?.sequence ?? after
      // Behind the last row of a scope there may be more of the others.
      let isLast = scope != .all && entries.count < limit
      return FeedPage(
        entries: entries, next: isLast ? window.upperBound : last, newest: window.upperBound,
        missing: first - following)
    }
  }

  private func entries(
    from first: UInt64, limit: Int, of scope: FeedScope
  ) throws(StoreError) -> [FeedPage.Numbered] {
    var found: [FeedPage.Numbered] = []
    try entriesFrom[scope].each { parameters in
      parameters.put(first)
      parameters.put(Int64(limit))
    } _: { row in
      guard found.count < limit else { return }
      for numbered in row.entries() where numbered.sequence >= first && found.count < limit {
        found.append(numbered)
      }
    }
    return found
  }

  func feedStart(
    _ count: UInt64, before: UInt64?, limit: Int, keeping: UInt64, of scope: FeedScope,
    where isWanted: @Sendable (FeedEntry) -> Bool
  ) throws(StoreError) -> FeedSearch {
    try database.snapshot { () throws(StoreError) in
      guard let window = try window(keeping: keeping) else { return .found(after: 0) }
      let end = min(before ?? .max, window.upperBound &+ 1)
      var left = count
      var place = end
      var looked = 0
      var rows = 0
      try entriesBefore[scope].each { parameters in
        parameters.put(end)
        parameters.put(Int64(limit))
      } _: { row in
        rows += 1
        guard looked < limit else { return }
        for numbered in row.entries().reversed() where numbered.sequence < end {
          guard left > 0, numbered.sequence >= window.lowerBound else { return }
          place = numbered.sequence
          looked += 1
          if isWanted(numbered.entry) { left -= 1 }
        }
      }
      let isAll = rows < limit && looked < limit
      guard left > 0, place > window.lowerBound, !isAll else {
        return .found(after: max(place, 1) - 1)
      }
      return .goOn(before: place, left: left)
    }
  }
}

/// How far a search for the newest entries has come.
package enum FeedSearch: Hashable, Sendable {
  /// They are those behind this one.
  case found(after: UInt64)
  /// All from this one on are not enough: so many are still wanted.
  case goOn(before: UInt64, left: UInt64)
}

extension Row {
  /// The columns `last` and `entries`.
  fileprivate mutating func entries() -> [FeedPage.Numbered] {
    let last = word()
    let unpacked = withBytes { PackedFeed.unpack($0) }
      .flatMap { $0.isEmpty || UInt64($0.count) > last ? nil : $0 }
    let entries = checked(unpacked, otherwise: [])
    let first = last &- UInt64(entries.count) &+ 1
    return entries.enumerated().map { place, entry in
      FeedPage.Numbered(sequence: first + UInt64(place), entry: entry)
    }
  }
}
