/// Why nothing of a job runs: a code for programs and a sentence with numbers for people.
package struct PendingReason: Hashable, Sendable {
  /// What kind of thing it waits for.
  package enum Code: String, Sendable, CaseIterable {
    case held
    case noWorker = "no-worker"
    case backOff = "back-off"
    case throttled
    case resources
    /// Nothing stands in its way but the next placement pass.
    case queued
  }

  package let code: Code
  package let text: String

  /// A code and its sentence.
  package init(_ code: Code, _ text: String) {
    self.code = code
    self.text = text
  }
}

extension Controller {
  /// Why the pending tasks of an unfinished job wait; nil if it has none.
  package func pendingReason(for id: JobID, at now: Moment) -> PendingReason? {
    guard let job = state.jobs[id], job.progress.counts.pending > 0 else { return nil }
    if job.progress.held { return PendingReason(.held, "held; fluster-set \(id) release") }
    let active = job.progress.counts.active
    if let throttle = job.request.array.throttle, active >= throttle {
      return PendingReason(.throttled, "\(active) of its tasks run, and it may run \(throttle)")
    }
    let waiting = job.records.values.filter { $0.state == .pending }
    if job.progress.pending.isEmpty && !waiting.contains(where: \.mayStart) {
      return reasonOfStopped(job, waiting, at: now)
    }
    return reasonOfRoom(job.request)
  }

  /// The reason of one pending task.
  package func pendingReason(for task: TaskID, at now: Moment) -> PendingReason? {
    guard let job = state.jobs[task.job], job.state(of: task.position) == .pending else {
      return nil
    }
    let record = job.records[task.position]
    if record?.held == true || job.progress.heldTasks.contains(task.position) {
      return PendingReason(
        .held, "held; fluster-set \(task.job).\(job.request.array.index(of: task.position)) release"
      )
    }
    if let until = record?.notBefore, until > now.wall, !job.progress.held {
      return backOff(until, at: now)
    }
    return pendingReason(for: task.job, at: now)
  }

  private func reasonOfStopped(
    _ job: Job, _ waiting: [TaskRecord], at now: Moment
  ) -> PendingReason {
    let times = waiting.filter { !$0.held }.compactMap(\.notBefore)
    guard let first = times.min() else {
      return PendingReason(.held, "all that is left of it is held; fluster-set \(job.id) release")
    }
    return backOff(first, at: now)
  }

  private func backOff(_ until: WallTime, at now: Moment) -> PendingReason {
    let left = max(0, until.milliseconds - now.wall.milliseconds)
    return PendingReason(
      .backOff, "waits \((left + 999) / 1000)s after a failure before it is tried again")
  }

  /// Why no worker takes anything new.
  private var unusable: String {
    let away = state.connected.map { worker in
      if let ailment = worker.ailment { return "worker \(worker.record.id) says: \(ailment)" }
      return "worker \(worker.record.id) \(worker.isDrained ? "is drained" : "is silent")"
    }
    guard !away.isEmpty else { return "no worker is connected" }
    let more = away.count > 3 ? ", and so on for \(away.count - 3) more" : ""
    return away.prefix(3).joined(separator: ", ") + more
  }

  private func reasonOfRoom(_ request: JobRequest) -> PendingReason {
    let needs = request.needs
    let workers = state.usable
    guard !workers.isEmpty else { return PendingReason(.noWorker, unusable) }
    if let obstacle = obstacle(to: request) { return PendingReason(.resources, obstacle) }
    let rooms = workers.map { worker in
      let free = state.free(on: worker.record.id)
      return (worker.record, free, free.shortfall(of: needs, on: worker.record.capacity))
    }
    if rooms.contains(where: { $0.2.need.isEmpty }) {
      return PendingReason(.queued, "will be placed in its turn")
    }
    let some = rooms.prefix(3).map { "worker \($0.0.id) has \($0.2.have) free" }
    let more = rooms.count > 3 ? ", and \(rooms.count - 3) more are full" : ""
    return PendingReason(
      .resources, "needs \(needs); \(some.joined(separator: ", "))\(more)")
  }
}
