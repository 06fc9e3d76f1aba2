import FlusterCore
import FlusterProtocol
import FlusterStore
import FlusterSystemd

extension Daemon {
  /// Kill: ends tasks, or only sends them a signal.
  func kill(_ wire: WireKill, _ request: Request) {
    do throws(Refusal) {
      let order = try KillOrder(wire: wire)
      if let user = order.user, !request.peer.caller.mayChange(user) {
        throw Refusal(.permissionDenied, "the jobs of uid \(user) are not yours to end")
      }
      let (found, missing) = try selections(
        order.selectors, for: request.peer, of: order.user)
      let chosen = narrowed(found, to: order.states)
      guard missing.isEmpty else {
        return checkNames(missing, of: order.user ?? request.peer.uid, request) { [unowned self] in
          carryOut(order, chosen, request)
        }
      }
      carryOut(order, chosen, request)
    } catch {
      refuse(request, error)
    }
  }

  private func carryOut(_ order: KillOrder, _ chosen: [Selection], _ request: Request) {
    keep(request, as: .kill)
    if let signal = order.signal {
      step(.signal(chosen, signal, from: request.peer.caller, request.id))
    } else {
      // Who names states means jobs that are in one of them, and no tree of what has finished.
      step(
        .kill(
          chosen, reason: order.reason, belowFinished: order.states.isEmpty,
          from: request.peer.caller, request.id))
    }
  }

  /// Of whole jobs those in one of the states; of named tasks those that are and have not ended, as
  /// ranges.
  private func narrowed(_ selections: [Selection], to states: Set<TaskState>) -> [Selection] {
    guard !states.isEmpty else { return selections }
    return JobSelection.merging(selections).flatMap { selection -> [Selection] in
      guard let job = controller.state.jobs[selection.job] else {
        return [Selection(job: selection.job)]
      }
      if selection.isWhole && states.contains(job.progress.state) {
        return [Selection(job: job.id)]
      }
      let array = job.request.array
      // The core says it better than we could.
      if let missing = selection.missing(from: array) { return [missing] }
      let named = selection.named(in: array)
      return named.intersection(job.unfinishedTasks(in: states)).ranges.map {
        Selection(
          job: job.id, indices: array.index(of: $0.lowerBound)...array.index(of: $0.upperBound - 1))
      }
    }
  }

  /// Patterns that no unfinished job matches are fulfilled if one that ended does.
  func checkNames(
    _ patterns: [String], of owner: UserID, _ request: Request, then: @escaping () -> Void
  ) {
    keep(request, as: .read)
    let whose = owner == request.peer.uid ? "yours" : "uid \(owner)"
    storage.history.ask(for: owner, on: request.connection) {
      reader throws(StoreError) -> String? in
      for pattern in patterns where try !reader.hasEndedJob(of: owner, named: pattern) {
        return pattern
      }
      return nil
    } then: { [unowned self] unmatched in
      guard requests.remove(request.id) != nil else { return }
      switch unmatched {
      case .success(nil):
        if let refusal = trouble?.refusal { return refuse(request, refusal) }
        then()
      case .success(let pattern?):
        refuse(request, Refusal(.notFound, "no job of \(whose) is named \"\(pattern)\""))
      case .failure(let error): refuse(request, Refusal(error))
      }
      turnSource?.schedule()
      clients.flush()
    }
  }
}

extension Reader {
  /// Whether a job of this name has ended and is remembered.
  fileprivate func hasEndedJob(
    of owner: UserID, named pattern: String
  ) throws(StoreError) -> Bool {
    var query = JobQuery()
    query.owner = owner
    query.nameGlob = pattern
    repeat {
      let page = try jobs(query)
      if !page.jobs.isEmpty { return true }
      query.after = page.next
    } while query.after != nil
    return false
  }
}
