import FlusterClient

/// The columns of fluster-ls.
package enum ListColumn: String, CaseIterable {
  case id, name, user, uid, state, time, cpus, mem, reason, tasks, worker, attempts, status, cause
  case submitted, started, ended, limit, command, directory, parent, path, key, comment

  /// Without `-o`.
  static let usual: [ListColumn] = [.id, .name, .user, .state, .time, .cpus, .mem, .reason]

  /// The name above the column.
  var title: String { rawValue.uppercased() }

  var alignment: Table.Alignment {
    switch self {
    case .id, .uid, .time, .cpus, .mem, .attempts, .status, .limit, .parent: .right
    case .name, .user, .state, .reason, .tasks, .worker, .cause, .submitted, .started, .ended,
      .command, .directory, .path, .key, .comment:
      .left
    }
  }

  /// Whether flusterd only tells it when asked for detail.
  var isDetail: Bool {
    switch self {
    case .command, .directory, .worker, .attempts, .comment: true
    case .id, .name, .user, .uid, .state, .time, .cpus, .mem, .reason, .tasks, .status, .cause,
      .submitted, .started, .ended, .limit, .parent, .path, .key:
      false
    }
  }

  /// Whether a task's own row does not tell it.
  var isOfJob: Bool {
    switch self {
    case .cpus, .mem, .submitted, .limit, .command, .directory, .parent, .path, .key,
      .comment:
      true
    case .id, .name, .user, .uid, .state, .time, .reason, .tasks, .worker, .attempts, .status,
      .cause, .started, .ended:
      false
    }
  }

  /// The columns named by all `-o` together, or the usual ones. Throws usage for what is none.
  static func parse(_ words: [String]) throws(Failure) -> [ListColumn] {
    guard !words.isEmpty else { return usual }
    var columns: [ListColumn] = []
    for word in words {
      for name in word.split(separator: ",", omittingEmptySubsequences: false) {
        columns.append(try parse("-o", name))
      }
    }
    return columns
  }

  /// One column by its name. Throws usage, naming the option, for what is none.
  static func parse(_ option: String, _ name: Substring) throws(Failure) -> ListColumn {
    if let column = ListColumn(rawValue: name.lowercased()) { return column }
    let all = allCases.map(\.title).joined(separator: ",")
    throw .usage("\(option): \"\(name)\" is no column", wayOut: "the columns are \(all)")
  }
}
