import FlusterClient
package import FlusterCore
package import FlusterProtocol

/// A listing as fluster-ls prints it, page after page.
package struct ListPrinter {
  /// What it is printed as.
  package enum Form {
    /// Rows under column names.
    case table
    /// One id a line.
    case ids
    /// Each job or task in full.
    case detail
    /// One object a line.
    case json
  }

  let form: Form
  let columns: [ListColumn]
  let now: WallTime
  package var header = true
  package var coloured = false
  /// Of the terminal; nil where nothing is cut.
  package var width: Int?
  private var users = UserNames()
  private var table: Table
  private var isFirst = true

  /// A printer of what is the case at `now`.
  package init(_ form: Form, _ columns: [ListColumn] = [], now: WallTime) {
    self.form = form
    self.columns = columns
    self.now = now
    table = Table(columns.map { Table.Column($0.title, $0.alignment) })
  }

  /// The next rows: of tasks if the page has any, else of jobs. `jobs` are those of the tasks, as
  /// far as they are needed.
  package mutating func text(_ page: WireListing, jobs: [UInt64: WireJobRow] = [:]) -> [UInt8] {
    switch form {
    case .json:
      let ofTasks = page.tasks.map { $0.json(of: jobs[$0.job], &users) }
      return (ofTasks + page.jobs.map { $0.json(&users) }).flatMap(\.lineBytes)
    case .detail:
      let ofTasks = page.tasks.map { $0.detail(of: jobs[$0.job], now: now, users: &users) }
      let blocks = ofTasks + page.jobs.map { $0.detail(now: now, users: &users) }
      var text = ""
      for block in blocks {
        if !isFirst { text += "\n" }
        isFirst = false
        for line in block { text += line + "\n" }
      }
      return Array(text.utf8)
    case .ids: return rows(page, jobs).flatMap { Array("\($0.id)\n".utf8) }
    case .table:
      for row in rows(page, jobs) {
        table.add(
          columns.map { column in
            Table.Cell(
              row.text(column, now: now, users: &users),
              colour: column == .state ? row.state.colour : nil)
          })
      }
      return table.takeText(header: header, width: width, coloured: coloured)
    }
  }

  /// What follows the last page: of a table without rows the column names.
  package mutating func end() -> [UInt8] {
    switch form {
    case .table: text(WireListing())
    case .ids, .detail, .json: []
    }
  }

  private func rows(_ page: WireListing, _ jobs: [UInt64: WireJobRow]) -> [ListRow] {
    page.tasks.map { ListRow($0, of: jobs[$0.job]) } + page.jobs.map(ListRow.init)
  }
}

extension WireState {
  fileprivate var colour: Table.Colour? {
    switch self {
    case .running, .building, .assigned: .green
    case .pending: .yellow
    case .failed, .killed, .workerFailed, .unschedulable, .preempted, .gangFailed: .red
    case .succeeded: .blue
    case .unspecified, .UNRECOGNIZED: nil
    }
  }
}
