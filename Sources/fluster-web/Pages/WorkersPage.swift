import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol

/// `/workers`: every worker, with what it has left.
struct WorkersPage: ShownPage {
  func make(_ asker: inout Asker, _ request: Request) throws(Failure) -> Page {
    var grid = Grid(
      "Workers", empty: "There are no workers.",
      [
        Grid.Column("Worker"), Grid.Column("State"), Grid.Column("Tasks", isFigure: true),
        Grid.Column("CPUs used"), Grid.Column("Memory used"), Grid.Column("Other resources used"),
        Grid.Column("Attributes", isWide: true), Grid.Column("Cannot enforce"),
        Grid.Column("Reason", isWide: true),
      ])
    for worker in try asker.workers(tasks: false) {
      let attributes = worker.attributes.map { "\($0.key)=\($0.value)" }
      grid.add([
        .worker(worker.id), .state(worker.state), "\(worker.openAttempts)", worker.cpuBar,
        worker.memoryBar, worker.resourceBars, "\(attributes.joined(separator: ", "))",
        "\(worker.lacks.joined(separator: ", "))", "\(worker.reasonText)",
      ])
    }
    return Page("Workers", "<h1>Workers</h1>\n\(grid.html)")
  }
}

/// `/worker/ID`: what it has, what runs there, and what it cannot do.
struct WorkerPage: ShownPage {
  let id: String

  func make(_ asker: inout Asker, _ request: Request) throws(Failure) -> Page {
    guard let worker = try asker.workers([id], tasks: true).first else {
      throw Failure(.notFound, "worker \(id) does not exist")
    }
    let now = asker.now
    var grid = Grid(
      "What runs", empty: "Nothing runs here.",
      [
        Grid.Column("Task", isFigure: true), Grid.Column("Name"), Grid.Column("User"),
        Grid.Column("State"), Grid.Column("Time", isFigure: true),
        Grid.Column("CPUs", isFigure: true), Grid.Column("Memory", isFigure: true),
      ])
    for task in worker.tasks.prefix(200) {
      grid.add([
        "<a href=\"/job/\(task.job)\">\(task.id)</a>", .job(task.job, task.name),
        .user(asker.name(of: task.uid)), .state(task.state.word),
        task.hasStartedMs ? .running(since: task.startedMs, &asker) : "",
        "\(Quantity.text(cpuMillis: task.charge.cpuMillis))",
        "\(Quantity.text(bytes: task.charge.memoryBytes))",
      ])
    }
    let hidden = worker.hidden + max(0, worker.tasks.count - 200)
    let rest: HTML = hidden > 0 ? "<p>\(hidden) more, of others or too many to show.</p>\n" : ""
    let history = try asker.events(worker: id, newest: 50).events
    return Page(
      "Worker \(id)",
      """
      <h1>Worker \(id) \(.state(worker.state))</h1>
      \(worker.reasonText.isEmpty ? "" : "<p class=\"sentence\">\(worker.reasonText)</p>")
      \(HTML.section("resources", "Resources", resources(worker)))
      \(HTML.section("tasks", "What runs", picture(worker, now) + grid.html + rest))
      \(HTML.section("health", "Health", ActionList.html(history, "Health")))
      """)
  }

  private func picture(_ worker: WireWorkerRow, _ now: WallTime) -> HTML {
    let bars = worker.tasks.filter(\.hasStartedMs).map { task in
      TimeChart.Bar(
        lane: "\(task.id) \(task.name)", start: task.startedMs, end: nil, state: task.state.word,
        title: "\(task.id) \(task.name): \(task.state.word)", path: "/job/\(task.job)")
    }
    return TimeChart(bars, now: now.milliseconds).html("What runs, and since when")
  }

  private func resources(_ worker: WireWorkerRow) -> HTML {
    let attributes = worker.attributes.map { "\($0.key)=\($0.value)" }
    return .facts([
      ("CPUs used", worker.cpuBar), ("Memory used", worker.memoryBar),
      ("Other resources used", worker.resourceBars),
      ("Attributes", "\(attributes.joined(separator: ", "))"),
      ("Address", "\(worker.address)"),
      ("Cannot enforce", "\(worker.lacks.joined(separator: ", "))"),
      ("Software", "\(worker.software)"), ("Boot", "\(worker.boot)"),
      (
        "Lease",
        worker.hasLeaseMs ? "\(Quantity.text(milliseconds: worker.leaseMs))" : ""
      ),
    ])
  }
}

extension WireWorkerRow {
  fileprivate var cpuBar: HTML {
    let used = capacity.cpuMillis - min(capacity.cpuMillis, self.free.cpuMillis)
    let all = Quantity.text(cpuMillis: capacity.cpuMillis)
    return .meter(used, of: capacity.cpuMillis, "\(Quantity.text(cpuMillis: used)) of \(all)")
  }

  fileprivate var memoryBar: HTML {
    let used = capacity.memoryBytes - min(capacity.memoryBytes, self.free.memoryBytes)
    let all = Quantity.text(bytes: capacity.memoryBytes)
    return .meter(used, of: capacity.memoryBytes, "\(Quantity.text(bytes: used)) of \(all)")
  }

  fileprivate var resourceBars: HTML {
    capacity.resources.map { all -> HTML in
      let left = self.free.resources.first { $0.name == all.name }?.count ?? 0
      let used = all.count - min(all.count, left)
      return "\(all.name) \(.meter(used, of: all.count, "\(used) of \(all.count)"))"
    }.joined(by: "<br>")
  }
}
