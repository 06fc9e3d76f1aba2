import FlusterCore
import FlusterProtocol
import FlusterSystem

/// A ListWorkers that is being answered, a worker at a time, from what is known by then.
struct WorkerListing {
  let request: Request
  let withTasks: Bool
  /// Those that are still to be shown.
  var left: ArraySlice<WorkerID>
}

/// Workers are listed a slice at a time, as jobs are, at the end of turns: what thousands of them
/// say of themselves is more than a connection may have unread.
extension Daemon {
  /// Goes on with the listings whose readers keep up; who asked first is served first.
  func continueWorkerListings(until deadline: Int64) {
    let ids = workerListings.keys.filter(mayListWorkers).sorted { $0.number < $1.number }
    for id in ids {
      while mayListWorkers(id) {
        showWorker(to: id)
        if Clock.monotonicNanoseconds() >= deadline { return }
      }
    }
  }

  /// Whether one waits for nobody but us.
  func mayListWorkers(_ id: RequestID) -> Bool {
    guard let listing = workerListings[id],
      let connection = clients.connections[listing.request.connection]
    else { return false }
    return connection.outbox.pending < Daemon.unreadLimit
  }

  /// Shows one worker more, or ends the listing. What was forgotten meanwhile is left out.
  private func showWorker(to id: RequestID) {
    guard let request = workerListings[id]?.request else { return }
    guard let next = workerListings[id]?.left.popFirst() else {
      workerListings[id] = nil
      requests.remove(id)
      return answer(request, .done(WireDone()))
    }
    var page = WireWorkers()
    if let worker = controller.state.workers[next] {
      page.workers = [row(worker)]
      if workerListings[id]?.withTasks == true {
        page.workers[0].tasks = tasks(of: worker, for: request.peer)
      }
    } else if let missing = controller.missing.first(where: { $0.id == next }) {
      page.workers = [WireWorkerRow(missing)]
    }
    if !page.workers.isEmpty { answer(request, .workers(page)) }
  }
}
