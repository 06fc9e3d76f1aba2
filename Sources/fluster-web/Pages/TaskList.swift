import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol

/// The tasks of an array: how many are what, and a page of them.
enum TaskList {
  /// Tasks that a page shows.
  private static let most = 100
  /// Tasks that are looked through for those in a state, for one page.
  private static let searched: UInt64 = 50_000

  static func section(
    _ row: WireJobRow, _ query: Query, _ tasks: (rows: [WireTaskRow], next: UInt32?),
    now: WallTime
  ) -> HTML {
    let path = "/job/\(row.job)"
    return .section(
      "tasks", "Tasks",
      """
      \(counts(row, path))\(grid(tasks.rows, row, now))\
      \(HTML.more("More tasks", path, tasks.next.map { query.with("from", "\($0)") }))
      """)
  }

  /// How many of each state, as a bar and as links to them.
  private static func counts(_ row: WireJobRow, _ path: String) -> HTML {
    let all = UInt64(max(row.array.count, 1))
    let links = row.counts.filter { $0.count > 0 }.map { count -> HTML in
      """
      <li><a href="\(path)?state=\(count.state.word)#tasks">\(.state(count.state.word)) \
      <strong class="figure">\(count.count)</strong></a></li>

      """
    }
    let done = row.counts.filter { (try? TaskState(wire: $0.state))?.isFinal == true }
      .reduce(0) { $0 + UInt64($1.count) }
    return """
      <p>\(HTML.meter(done, of: all, "\(done) of \(all) done"))</p>
      <ul class="counts">
      \(links.joined())<li><a href="\(path)#tasks">all</a></li>
      </ul>

      """
  }

  /// The indices of a job's tasks from which an address begins.
  static func indices(_ row: WireJobRow, _ query: Query) -> ClosedRange<UInt32> {
    let last = row.array.first + max(row.array.step, 1) * (max(row.array.count, 1) - 1)
    let from = query["from"].flatMap { UInt32($0) } ?? row.array.first
    return min(max(from, row.array.first), last)...last
  }

  /// A page of tasks, and the index at which the next begins.
  static func rows(
    _ row: WireJobRow, _ query: Query, _ asker: inout Asker
  ) throws(Failure) -> (rows: [WireTaskRow], next: UInt32?) {
    let all = indices(row, query)
    guard let state = TaskState.allCases.first(where: { $0.word == query["state"] }) else {
      let found = try asker.tasks(of: row.job, in: all, state: nil, most: most)
      return (Array(found.prefix(most)), found.count > most ? found[most].index : nil)
    }
    guard row.counts.contains(where: { $0.state == WireState(state) && $0.count > 0 }) else {
      return ([], nil)
    }
    let step = max(row.array.step, 1)
    let reach = UInt64(all.lowerBound) + UInt64(step) * (searched - 1)
    let last = UInt32(min(reach, UInt64(all.upperBound)))
    let found = try asker.tasks(
      of: row.job, in: all.lowerBound...last, state: WireState(state), most: most)
    if found.count > most { return (Array(found.prefix(most)), found[most].index) }
    return (found, last < all.upperBound ? last + step : nil)
  }

  private static func grid(_ tasks: [WireTaskRow], _ row: WireJobRow, _ now: WallTime) -> HTML {
    var grid = Grid(
      "Tasks", empty: "There is no such task.",
      [
        Grid.Column("Task", isFigure: true), Grid.Column("State"),
        Grid.Column("Attempts", isFigure: true), Grid.Column("Failures", isFigure: true),
        Grid.Column("Worker"), Grid.Column("Started"), Grid.Column("Reason", isWide: true),
        Grid.Column("Output"),
      ])
    for task in tasks {
      grid.add([
        "\(task.index)", .state(task.state.word), "\(task.attempts)", "\(task.failures)",
        .worker(task.worker), task.hasStartedMs ? .time(task.startedMs) : "–",
        "\(task.explanation)",
        task.attempts > 0
          ? "<a href=\"/job/\(row.job)/log?task=\(task.index)\">log</a>" : "–",
      ])
    }
    return grid.html
  }
}
