import FlusterCore
import FlusterProtocol
import FlusterStore

extension Daemon {
  /// RegisterEndpoint: a task says where it can be reached.
  func registerEndpoint(_ wire: WireRegisterEndpoint, _ request: Request) {
    do throws(Refusal) {
      let order = try EndpointOrder(wire: wire)
      keep(request, as: .kill)
      step(
        .registerEndpoint(
          order.endpoint, of: order.job, from: request.peer.caller, request.id))
    } catch {
      refuse(request, error)
    }
  }

  /// UnregisterEndpoint: what is not there is removed already.
  func unregisterEndpoint(_ wire: WireUnregisterEndpoint, _ request: Request) {
    do throws(Refusal) {
      let removal = try EndpointRemoval(wire: wire)
      let scope: EndpointScope
      switch removal.owner {
      case .attempt(let uid): scope = .attempt(uid)
      case .tree(let selector): scope = .tree(try tree(of: selector, for: request.peer))
      }
      keep(request, as: .kill)
      step(.unregisterEndpoint(removal.name, scope, from: request.peer.caller, request.id))
    } catch {
      refuse(request, error)
    }
  }

  /// ListEndpoints: pages, then Done.
  func listEndpoints(_ wire: WireListEndpoints, _ request: Request) {
    do throws(Refusal) {
      let query = try EndpointQuery(wire: wire)
      let open = endpointListings.values.count { $0.request.peer.uid == request.peer.uid }
      guard open < Listing.limit else {
        throw Refusal(
          .resourceExhausted, "uid \(request.peer.uid) has \(open) listings under way",
          wayOut: "read their answers first")
      }
      let trees = try query.tree.map { selector throws(Refusal) in
        [try tree(of: selector, for: request.peer)]
      }
      endpointListings[request.id] = EndpointListing(
        request: request, trees: (trees ?? visibleTrees(to: request.peer))[...], query: query)
      keep(request, as: .read)
    } catch {
      refuse(request, error)
    }
  }

  /// The roots of all trees with endpoints that the peer may read.
  private func visibleTrees(to peer: Peer) -> [JobID] {
    controller.state.endpoints.roots.filter { root in
      let any = controller.state.endpoints.list(in: root, most: 1).first?.task.job
      let owner = any.flatMap { controller.state.jobs[$0]?.request.owner }
      return owner.map(peer.caller.mayChange) ?? false
    }
  }

  /// The root of the one tree in which the selected job is, or was.
  private func tree(of selector: JobSelector, for peer: Peer) throws(Refusal) -> JobID {
    let (found, missing) = try selections([selector], for: peer)
    if let pattern = missing.first {
      throw Refusal(.notFound, "no unfinished job of yours is named \"\(pattern)\"")
    }
    var roots: Set<JobID> = []
    for selection in found { roots.insert(try root(of: selection.job)) }
    guard let root = roots.first, roots.count == 1 else {
      throw Refusal(
        .invalidArgument, "the selector names jobs of \(roots.count) trees",
        wayOut: "name one job of the tree by its id")
    }
    return root
  }

  private func root(of id: JobID) throws(Refusal) -> JobID {
    if let job = controller.state.jobs[id] { return job.root }
    // The root of what is found there may have ended before its tree.
    if controller.state.endpoints.hasAny(in: id) { return id }
    return try storedJob(id).descent.lineage?.root ?? id
  }
}
