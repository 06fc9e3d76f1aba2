import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol

/// The tasks of an array: how many are what, and a page of them.
enum TaskList {
  /// Tasks that a page shows.
  private static let most = 100

  static func section(
    _ row: WireJobRow, _ request: Request, _ asker: inout Asker
  ) throws(Failure) -> HTML {
    let query = request.query
    let path = "/job/\(row.job)"
    let tasks = try rows(row, query, &asker)
    return .section(
      "tasks", "Tasks",
      """
      \(counts(row, path))\(grid(tasks.rows, row, asker.now))\
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

  private static func rows(
    _ row: WireJobRow, _ query: Query, _ asker: inout Asker
  ) throws(Failure) -> (rows: [WireTaskRow], next: UInt32?) {
    let step = max(row.array.step, 1)
    let end = row.array.first + step * (max(row.array.count, 1) - 1)
    let first = query["from"].flatMap { UInt32($0) } ?? row.array.first
    let state = query["state"]
    var from = max(first, row.array.first)
    var found: [WireTaskRow] = []
    guard from <= end else { return ([], nil) }
    let last = from.addingReportingOverflow(step * UInt32(most - 1))
    let until = last.overflow ? end : min(end, last.partialValue)
    var selector = WireSelector.task(row.job, from)
    selector.tasks.last = until
    var list = asker.list([selector])
    list.clearUser()
    list.tasks = true
    found = try asker.session.listing(list).tasks
    if let state { found.removeAll { $0.state.word != state } }
    from = until
    return (found, until < end ? until + step : nil)
  }

  private static func grid(_ tasks: [WireTaskRow], _ row: WireJobRow, _ now: WallTime) -> HTML {
    var grid = Grid(
      "Tasks", empty: "There is no such task.",
      [
        Grid.Column("Task", isFigure: true), Grid.Column("State"),
        Grid.Column("Attempts", isFigure: true), Grid.Column("Failures", isFigure: true),
        Grid.Column("Worker"), Grid.Column("Started"), Grid.Column("Reason"),
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
