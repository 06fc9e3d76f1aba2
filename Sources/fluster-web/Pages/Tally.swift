import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol

/// How much there is of what: the overview, `/health` and `/metrics` say the same.
struct Tally {
  /// Jobs and tasks by state.
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
    var list = asker.list()
    list.newest = 10_000
    for job in try asker.session.listing(list).jobs {
      guard let state = try? TaskState(wire: job.state) else { continue }
      jobs[state, default: 0] += 1
      for count in job.counts {
        guard let state = try? TaskState(wire: count.state) else { continue }
        tasks[state, default: 0] += UInt64(count.count)
      }
    }
  }

  /// Workers that take new work.
  var healthyWorkers: Int { workers.count { $0.state == "ready" } }

  /// Jobs that are still kept, in all.
  var allJobs: UInt64 { jobs.values.reduce(0, +) }
}
