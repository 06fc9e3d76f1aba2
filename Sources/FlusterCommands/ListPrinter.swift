import FlusterClient
package import FlusterCore
package import FlusterProtocol

/// A listing as fluster-ls prints it.
package struct ListPrinter {
  let now: WallTime
  package var header = true
  package var coloured = false
  /// Of the terminal; nil where nothing is cut.
  package var width: Int?
  var users = UserNames()

  /// A printer of what is the case at `now`.
  package init(now: WallTime) { self.now = now }

  /// The rows: of tasks if the listing has any, else of jobs.
  private func rows(_ listing: WireListing) -> [ListRow] {
    guard !listing.tasks.isEmpty else { return listing.jobs.map(ListRow.init) }
    let jobs = Dictionary(
      listing.jobs.map { ($0.job, $0) }, uniquingKeysWith: { first, _ in first })
    return listing.tasks.map { ListRow($0, of: jobs[$0.job]) }
  }

  /// Rows under column names.
  package mutating func table(_ listing: WireListing, _ columns: [ListColumn]) -> String {
    var table = Table(columns.map { Table.Column($0.title, $0.alignment) })
    for row in rows(listing) {
      table.add(
        columns.map { column in
          Table.Cell(
            row.text(column, now: now, users: &users),
            colour: column == .state ? row.state.colour : nil)
        })
    }
    return table.text(header: header, width: width, coloured: coloured)
  }

  /// One id a line.
  package func ids(_ listing: WireListing) -> String {
    rows(listing).map { $0.id + "\n" }.joined()
  }

  /// One object a line.
  package mutating func json(_ listing: WireListing) -> [UInt8] {
    var bytes: [UInt8] = []
    guard listing.tasks.isEmpty else {
      for task in listing.tasks { bytes += task.json(&users).lineBytes }
      return bytes
    }
    for job in listing.jobs { bytes += job.json(&users).lineBytes }
    return bytes
  }

  /// Each job in full.
  package mutating func detail(_ listing: WireListing) -> String {
    var text = ""
    for (index, job) in listing.jobs.enumerated() {
      if index > 0 { text += "\n" }
      text += job.detail(now: now, users: &users).map { $0 + "\n" }.joined()
    }
    return text
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
