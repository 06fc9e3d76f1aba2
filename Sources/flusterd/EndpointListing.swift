import FlusterCore
import FlusterProtocol
import FlusterSystem

/// A ListEndpoints that is being answered, a page at a time, from what is there by then.
struct EndpointListing {
  let request: Request
  /// The roots of those that are still to be shown; the first is under way.
  var trees: ArraySlice<JobID>
  let query: EndpointQuery
  /// What was shown last.
  var last: (endpoint: Endpoint, task: TaskID)?
}

/// Endpoints are listed a slice at a time, as jobs are, at the end of turns.
extension Daemon {
  /// So many are in one frame, each of which may have 5 KiB.
  private static let pageOfEndpoints = 50

  /// Goes on with the listings whose readers keep up; who asked first is served first.
  func continueEndpointListings(until deadline: Int64) {
    let ids = endpointListings.keys.filter(mayListEndpoints).sorted { $0.number < $1.number }
    for id in ids {
      while mayListEndpoints(id) {
        showEndpoints(to: id)
        if Clock.monotonicNanoseconds() >= deadline { return }
      }
    }
  }

  /// Whether one waits for nobody but us.
  func mayListEndpoints(_ id: RequestID) -> Bool {
    guard let listing = endpointListings[id],
      let connection = clients.connections[listing.request.connection]
    else { return false }
    return connection.outbox.pending < Daemon.unreadLimit
  }

  /// Shows one page more, or ends the listing.
  private func showEndpoints(to id: RequestID) {
    guard var listing = endpointListings.removeValue(forKey: id) else { return }
    let query = listing.query
    let count = query.isExact ? 1 : Self.pageOfEndpoints
    do throws(Refusal) {
      guard let tree = listing.trees.first else {
        requests.remove(id)
        return answer(listing.request, .done(WireDone()))
      }
      let found = try controller.endpoints(
        inTreeOf: tree, prefix: query.prefix, behind: listing.last, most: count,
        for: listing.request.peer.caller)
      var page = WireEndpoints()
      page.endpoints = found.compactMap { item in
        let isMeant = !query.isExact || item.endpoint.name.utf8.elementsEqual(query.prefix.utf8)
        guard isMeant, let job = controller.state.jobs[item.task.job] else { return nil }
        return WireEndpoint(item.endpoint, item.task, of: job)
      }
      if !page.endpoints.isEmpty { answer(listing.request, .endpoints(page)) }
      if query.isExact || found.count < count {
        listing.trees.removeFirst()
        listing.last = nil
      } else {
        listing.last = found.last
      }
      endpointListings[id] = listing
    } catch {
      requests.remove(id)
      answer(listing.request, .error(WireError(error)))
    }
  }
}
