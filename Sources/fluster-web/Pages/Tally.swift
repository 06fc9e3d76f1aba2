import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol

/// How much there is of what: the overview, `/health` and `/metrics` say the same.
struct Tally {
  /// Jobs that are kept, and tasks of those that have not ended, by state.
  private(set) var jobs: [TaskState: UInt64] = [:]
  private(set) var tasks: [TaskState: UInt64] = [:]
  let workers: [WireWorkerRow]
  let endpoints: Int
  let pendingTasks: UInt64
  let openAttempts: UInt64
  /// Why the store refuses to write; empty: it does not.
  let trouble: String
  let status: WireStatus

  init(_ asker: inout Asker) throws(Failure) {
    status = try asker.status()
    workers = try asker.workers(tasks: false)
    endpoints = try asker.endpoints().count
    trouble = status.storeTrouble
    let users = try asker.users()
    pendingTasks = users.reduce(0) { $0 + $1.pendingTasks }
    openAttempts = users.reduce(0) { $0 + $1.openAttempts }
    for tally in users.flatMap(\.tallies) {
      guard let state = try? TaskState(wire: tally.state) else { continue }
      jobs[state, default: 0] += tally.jobs
      tasks[state, default: 0] += tally.tasks
    }
  }

  /// Workers that take new work.
  var healthyWorkers: Int { workers.count { $0.state == "ready" } }

  /// Jobs that are still kept, in all.
  var allJobs: UInt64 { jobs.values.reduce(0, +) }
}
