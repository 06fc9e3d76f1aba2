import FlusterClient
import FlusterCore
import FlusterProtocol

/// The order of a listing that is not to be that of ids.
struct ListSort {
  let column: ListColumn
  private let isDescending: Bool

  /// Reads the value of `--sort`: a column, with a hyphen before it for the largest first. Throws
  /// usage for what is none.
  init(_ word: String) throws(Failure) {
    isDescending = word.hasPrefix("-")
    column = try ListColumn.parse("--sort", word.drop { $0 == "-" })
  }

  /// The rows in this order, equal ones as they were, and those that have nothing there last.
  func sorted(
    _ page: WireListing, jobs: [UInt64: WireJobRow], now: WallTime
  ) -> WireListing {
    var users = UserNames()
    var sorted = WireListing()
    sorted.jobs = inOrder(page.jobs) { ListRow($0).key(column, now: now, &users) }
    sorted.tasks = inOrder(page.tasks) {
      ListRow($0, of: jobs[$0.job]).key(column, now: now, &users)
    }
    return sorted
  }

  private func inOrder<Row>(_ rows: [Row], key: (Row) -> ListRow.SortKey?) -> [Row] {
    let keyed = rows.enumerated().map { (place: $0.offset, row: $0.element, key: key($0.element)) }
    return keyed.sorted { a, b in
      switch (a.key, b.key) {
      case (let x?, let y?) where x != y: isDescending ? y < x : x < y
      case (.some, nil): true
      case (nil, .some): false
      case _: a.place < b.place
      }
    }.map(\.row)
  }
}

extension ListRow {
  /// What rows are compared by.
  enum SortKey: Comparable {
    case number(Int64)
    case text(String)
  }

  /// What stands in a column, as far as it is known.
  func key(_ column: ListColumn, now: WallTime, _ users: inout UserNames) -> SortKey? {
    switch column {
    // Rows come in the order of ids.
    case .id: .number(order)
    case .uid: .number(Int64(uid))
    case .time: runTime(now: now).map { .number(Int64(clamping: $0)) }
    case .cpus: needs.map { .number(Int64(clamping: $0.cpuMillis)) }
    case .mem:
      needs.flatMap { $0.hasMemoryBytes ? .number(Int64(clamping: $0.memoryBytes)) : nil }
    case .attempts: attempts.map { .number(Int64($0)) }
    case .status: outcome.map { .number(Int64($0.status)) }
    case .submitted: submitted.map { .number($0.milliseconds) }
    case .started: started.map { .number($0.milliseconds) }
    case .ended: ended.map { .number($0.milliseconds) }
    case .limit: timeLimit.map { .number(Int64(clamping: $0)) }
    case .parent: parent.isEmpty ? nil : .number(Int64(parent.prefix { $0 != "." }) ?? 0)
    case .name, .user, .state, .reason, .tasks, .worker, .cause, .command, .directory, .path,
      .key, .comment:
      Self.known(text(column, now: now, users: &users))
    }
  }

  private static func known(_ text: String) -> SortKey? { text == "-" ? nil : .text(text) }
}
