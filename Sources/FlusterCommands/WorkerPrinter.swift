package import FlusterClient
import FlusterCore
package import FlusterProtocol
import FlusterSystem

/// The workers as `fluster-ctl workers` and `fluster-ls --workers` print them.
package struct WorkerPrinter {
  /// What they are printed as.
  package enum Form {
    case table
    /// One id a line.
    case ids
    /// Each in full.
    case long
    /// One object a line.
    case json
  }

  private let form: Form
  private let output: OutputOptions
  private let isColoured: Bool

  /// A printer; throws usage where the options of output are wrong.
  package init(_ form: Form, _ output: OutputOptions) throws(Failure) {
    self.form = form
    self.output = output
    isColoured = try output.isColoured(
      terminal: StandardStream.output.isTerminal, variable: Environment.variable)
  }

  /// Asks for the workers with these ids (none: all) and prints them on standard output. `tasks`:
  /// with what they run.
  package func print(
    _ ids: [String], tasks: Bool, _ session: consuming Session
  ) throws(Failure) {
    var request = WireListWorkers()
    request.ids = ids
    request.tasks = tasks
    let workers = try session.workers(request)
    let now = WallTime(milliseconds: Clock.wallMilliseconds())
    var users = UserNames()
    switch form {
    case .json:
      try StandardStream.print(workers.flatMap { $0.json(withTasks: tasks, &users).lineBytes })
    case .ids: try StandardStream.print(workers.flatMap { Array("\($0.id)\n".utf8) })
    case .long:
      let blocks = workers.map { $0.detail(now: now, &users) }
      let text = blocks.map { $0.map { Table.shown($0) + "\n" }.joined() }.joined(separator: "\n")
      try StandardStream.print(Array(text.utf8))
    case .table:
      try StandardStream.print(table(workers))
      guard tasks else { return }
      try StandardStream.print(taskTable(workers, now: now, &users))
    }
  }

  private func table(_ workers: [WireWorkerRow]) -> [UInt8] {
    var table = Table([
      Table.Column("ID"), Table.Column("STATE"), Table.Column("CPUS", .right),
      Table.Column("MEM", .right), Table.Column("TASKS", .right), Table.Column("RESOURCES"),
      Table.Column("ATTRIBUTES"), Table.Column("SOFTWARE"), Table.Column("BOOT"),
      Table.Column("LACKS"), Table.Column("REASON"),
    ])
    for worker in workers {
      func cell(_ text: String) -> Table.Cell { Table.Cell(text.isEmpty ? "-" : text) }
      table.add([
        cell(worker.id), Table.Cell(worker.state, colour: worker.colour), cell(worker.cpusText),
        cell(worker.memoryText), cell("\(worker.openAttempts)"), cell(worker.resourcesText),
        cell(worker.attributesText), cell(worker.software), cell(String(worker.boot.prefix(8))),
        cell(worker.lacks.joined(separator: ",")), cell(worker.reasonText),
      ])
    }
    return table.takeText(
      header: !output.noHeader, width: StandardStream.output.width, coloured: isColoured)
  }

  private func taskTable(
    _ workers: [WireWorkerRow], now: WallTime, _ users: inout UserNames
  ) -> [UInt8] {
    var table = Table([
      Table.Column("WORKER"), Table.Column("TASK", .right), Table.Column("NAME"),
      Table.Column("USER"), Table.Column("STATE"), Table.Column("TIME", .right),
      Table.Column("CPUS", .right), Table.Column("MEM", .right),
    ])
    for worker in workers {
      for task in worker.tasks {
        let cells = [
          worker.id, task.id, task.name, users.name(of: task.uid), task.state.word,
          task.runTime(now: now) ?? "-", Quantity.text(cpuMillis: task.charge.cpuMillis),
          Quantity.text(bytes: task.charge.memoryBytes),
        ]
        table.add(cells.map { Table.Cell($0) })
      }
      if worker.hidden > 0 {
        let cells = [worker.id, "-", "\(worker.hidden) more", "others", "-", "-", "-", "-"]
        table.add(cells.map { Table.Cell($0) })
      }
    }
    let text = table.takeText(header: !output.noHeader, width: StandardStream.output.width)
    return output.noHeader ? text : [UInt8(ascii: "\n")] + text
  }
}

extension Session {
  /// The workers, by id.
  package mutating func workers(
    _ request: WireListWorkers
  ) throws(Failure) -> [WireWorkerRow] {
    try persist { (connection, _) throws(CallError) in
      let number = try connection.ask(.listWorkers(request))
      var rows: [WireWorkerRow] = []
      while true {
        switch try connection.answer(to: number, until: nil, promptly: true) {
        case .body(.workers(let page)): rows += page.workers
        case .body(.done): return rows
        case .body, .timedOut: throw connection.unexpected()
        }
      }
    }
  }
}
