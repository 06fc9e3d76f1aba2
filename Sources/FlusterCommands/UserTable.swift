package import FlusterClient
import FlusterCore
package import FlusterProtocol

/// What `fluster-ctl users` tells.
enum UserTable {
  /// Asks, and prints the answer on standard output.
  static func print(_ output: OutputOptions, _ session: consuming Session) throws(Failure) {
    let rows = try session.users()
    var names = UserNames()
    if output.json {
      return try StandardStream.print(rows.flatMap { $0.json(&names).lineBytes })
    }
    var table = Table(
      [Table.Column("USER")]
        + ["JOBS", "PENDING", "RUNNING", "CPUS", "MEM", "STORED", "LIMIT"]
        .map { Table.Column($0, .right) })
    for row in rows {
      table.add(
        [
          names.name(of: row.uid), "\(row.unfinishedJobs)", "\(row.pendingTasks)",
          "\(row.openAttempts)", Quantity.text(cpuMillis: row.held.cpuMillis),
          Quantity.text(bytes: row.held.memoryBytes), Quantity.text(bytes: row.storedBytes),
          Quantity.text(bytes: row.storedLimitBytes),
        ].map { Table.Cell($0) })
    }
    let text = table.takeText(header: !output.noHeader, width: StandardStream.output.width)
    try StandardStream.print(text)
  }
}

extension WireUserRow {
  /// A line of `fluster-ctl users --json`.
  package func json(_ names: inout UserNames) -> JSONObject {
    var object = JSONObject.line
    object.set("user", names.knownName(of: uid).map(JSON.string))
    object.set("uid", .unsigned(UInt64(uid)))
    object.set("unfinished_jobs", .unsigned(unfinishedJobs))
    object.set("pending_tasks", .unsigned(pendingTasks))
    object.set("open_attempts", .unsigned(openAttempts))
    object.add(held)
    object.set("stored_bytes", .unsigned(storedBytes))
    object.set("stored_limit_bytes", .unsigned(storedLimitBytes))
    return object
  }
}

extension Session {
  /// All that is told of users, by uid.
  package mutating func users() throws(Failure) -> [WireUserRow] {
    try persist { (connection, _) throws(CallError) in
      let number = try connection.ask(.listUsers(WireListUsers()))
      var found: [WireUserRow] = []
      while true {
        switch try connection.answer(to: number, until: nil, promptly: true) {
        case .body(.users(let page)): found += page.users
        case .body(.done): return found
        case .timedOut: throw connection.silent()
        case .body: throw connection.unexpected()
        }
      }
    }
  }
}
