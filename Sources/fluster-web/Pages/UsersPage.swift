import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol

/// `/users`: who has what here.
struct UsersPage: ShownPage {
  func make(_ asker: inout Asker, _ request: Request) throws(Failure) -> Page {
    var grid = Grid(
      "Users", empty: "Nobody has anything here.",
      [Grid.Column("User")]
        + [
          "Unfinished jobs", "Tasks waiting", "Tasks on workers", "CPUs held", "Memory held",
        ].map { Grid.Column($0, isFigure: true) } + [Grid.Column("Stored")])
    for row in try asker.users() {
      let stored = Quantity.text(bytes: row.storedBytes)
      let limit = Quantity.text(bytes: row.storedLimitBytes)
      grid.add([
        .user(asker.name(of: row.uid)), "\(row.unfinishedJobs)", "\(row.pendingTasks)",
        "\(row.openAttempts)", "\(Quantity.text(cpuMillis: row.held.cpuMillis))",
        "\(Quantity.text(bytes: row.held.memoryBytes))",
        .meter(row.storedBytes, of: row.storedLimitBytes, "\(stored) of \(limit)"),
      ])
    }
    return Page("Users", "<h1>Users</h1>\n\(grid.html)")
  }
}

/// `/endpoints`: under which names running tasks can be reached.
struct EndpointsPage: ShownPage {
  func make(_ asker: inout Asker, _ request: Request) throws(Failure) -> Page {
    var grid = Grid(
      "Endpoints", empty: "No task has registered one.",
      [
        Grid.Column("Name"), Grid.Column("Address"), Grid.Column("Task", isFigure: true),
        Grid.Column("Metadata", isWide: true),
      ])
    for endpoint in try asker.endpoints().prefix(1000) {
      let metadata = endpoint.metadata.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
      grid.add([
        "\(endpoint.name)", "<code>\(endpoint.address)</code>",
        "<a href=\"/job/\(endpoint.job)\">\(endpoint.task)</a>", "\(metadata)",
      ])
    }
    return Page("Endpoints", "<h1>Endpoints</h1>\n\(grid.html)")
  }
}
