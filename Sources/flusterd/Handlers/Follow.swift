import FlusterCore
import FlusterProtocol

extension Daemon {
  /// Watch: tells what has happened behind a cursor, and what happens (`Following`).
  func watch(_ wire: WireWatch, _ request: Request) {
    do throws(Refusal) {
      let order = try WatchOrder(wire: wire)
      let open = followers.values.count { $0.request.peer.uid == request.peer.uid }
      guard open < Follower.limit else {
        throw Refusal(
          .resourceExhausted, "uid \(request.peer.uid) has \(open) watches open",
          wayOut: "end some of the commands that follow")
      }
      if let after = order.after, !after.store.isEmpty, after.store != storage.id {
        throw Refusal(
          .failedPrecondition, "the cursor is of another store than \(storage.directory)",
          wayOut: "begin again with the cursor `start`")
      }
      let follower = try follower(order, request)
      keep(request, as: .read)
      followers[request.id] = follower
      feedFollowers()
    } catch {
      refuse(request, error)
    }
  }

  private func follower(_ order: WatchOrder, _ request: Request) throws(Refusal) -> Follower {
    var selections: [Selection] = []
    var patterns: [String] = []
    for selector in order.selectors {
      switch selector {
      case .tasks(let selection): selections.append(selection)
      case .newest: selections.append(Selection(job: try newestJob(of: request.peer)))
      case .key(let key):
        selections.append(Selection(job: try newestJob(under: key, of: request.peer)))
      case .name(let pattern): patterns.append(pattern)
      }
    }
    var jobs: [JobID: FeedFilter.Named] = [:]
    for selection in JobSelection.merging(selections) {
      let asked = try self.request(of: selection.job)
      guard maySee(asked.owner, request.peer) else {
        throw .notYours(selection.job, asked.owner)
      }
      if let missing = selection.missing(from: asked.array) { throw .noTask(missing) }
      jobs[selection.job] = FeedFilter.Named(
        array: asked.array, positions: selection.isWhole ? nil : selection.named(in: asked.array))
    }
    let place: Follower.Place
    if let after = order.after {
      place = .after(after.sequence)
    } else if order.newest > 0 {
      place = .newest(UInt64(order.newest), before: nil)
    } else {
      place = .end
    }
    return Follower(
      request: request, jobs: jobs, patterns: patterns, isOfAllUsers: order.isOfAllUsers,
      isLive: order.isLive, workers: order.workers, place: place,
      beginsAnywhere: order.after == .start)
  }
}
