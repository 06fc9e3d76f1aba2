/// What is missing where nothing but a place is.
extension Controller {
  func reasonOfRoom(_ job: Job, at now: Moment) -> PendingReason {
    let owner = job.request.owner
    let usable = state.usable.filter { $0.record.serves(owner) }
    guard !usable.isEmpty else { return PendingReason(.noWorker, unusable(for: owner)) }
    if let obstacle = obstacle(to: job.request) { return PendingReason(.resources, obstacle) }
    let shape = Shape(of: job)
    let suitable = usable.filter { $0.record.admits(shape) }
    guard !suitable.isEmpty else {
      return PendingReason(
        .constraint, "the workers that meet its constraints take no new work at present")
    }
    if shape.members != nil { return reasonOfGang(job, shape, suitable) }
    let rooms = suitable.map { worker in
      let free = state.free(on: worker.record.id)
      return (worker.record, free.shortfall(of: shape.needs, on: worker.record.capacity))
    }
    let open = rooms.filter { $0.1.need.isEmpty }.map(\.0.id)
    guard open.isEmpty else { return reasonOfTurn(job, with: open) }
    let some = rooms.prefix(3).map { "worker \($0.0.id) has \($0.1.have) free" }
    let more = rooms.count > 3 ? ", and \(rooms.count - 3) more are full" : ""
    return PendingReason(
      .resources, "needs \(shape.needs); \(some.joined(separator: ", "))\(more)")
  }

  /// There is room, but perhaps it is kept for another.
  private func reasonOfTurn(_ job: Job, with open: [WorkerID]) -> PendingReason {
    if let reservation, reservation.rank != job.rank,
      open.allSatisfy({ worker in reservation.places.contains { $0.worker == worker } })
    {
      let other = reservation.rank.job
      return PendingReason(
        .reserved,
        "worker \(open[0]) has room, which is kept for job \(other): it has waited longer")
    }
    return PendingReason(.queued, "will be placed in its turn")
  }

  private func reasonOfGang(_ job: Job, _ shape: Shape, _ workers: [Worker]) -> PendingReason {
    let pending = job.progress.counts.pending
    let gang = shape.members?.gang ?? Gang()
    let most =
      gang.largestRoom(on: workers, worker: \.record) { worker in
        state.free(on: worker.record.id).tasks(of: shape.needs, on: worker.record.capacity)
      } ?? 0
    guard most < UInt64(pending) else {
      return PendingReason(.queued, "will be placed in its turn")
    }
    let place = gang.groupBy.map { "the largest group of one \($0) has" } ?? "there is"
    return PendingReason(
      .gang,
      "needs room for \(pending) tasks of \(shape.needs) at once; "
        + "\(place) room for \(most) now")
  }

  /// Why no worker takes anything new.
  private func unusable(for user: UserID) -> String {
    let away = state.connected.filter { $0.record.serves(user) }.map { worker in
      if let ailment = worker.ailment { return "worker \(worker.record.id) says: \(ailment)" }
      return "worker \(worker.record.id) \(worker.isDrained ? "is drained" : "is silent")"
    }
    guard !away.isEmpty else { return "no worker is connected" }
    let more = away.count > 3 ? ", and \(away.count - 3) more take no new work" : ""
    return away.prefix(3).joined(separator: ", ") + more
  }
}
