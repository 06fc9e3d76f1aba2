/// Why nothing of a job runs: a code for programs and a sentence with numbers for people.
package struct PendingReason: Hashable, Sendable {
  /// What kind of thing it waits for.
  package enum Code: String, Sendable, CaseIterable {
    case held
    /// The job that it replaces has not ended yet.
    case replaces
    /// A job that it is to be started after has not ended yet.
    case dependency
    /// The time at which it begins has not come.
    case begin
    case noWorker = "no-worker"
    case backOff = "back-off"
    case throttled
    case resources
    /// No worker that takes new work is of the kind it wants.
    case constraint
    /// Not all tasks of the gang fit at once.
    case gang
    /// What it could use is kept for work that has waited longer.
    case reserved
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
    if let reason = reasonOfWaiting(job) { return reason }
    if let begin = job.request.options.begin, begin > now.wall {
      let left = UInt64(begin.milliseconds - now.wall.milliseconds + 999) / 1000
      return PendingReason(.begin, "begins in \(Span.seconds(left))")
    }
    let active = job.progress.counts.active
    if let throttle = job.request.array.throttle, active >= throttle {
      return PendingReason(.throttled, "\(active) of its tasks run, and it may run \(throttle)")
    }
    let waiting = job.records.values.filter { $0.state == .pending }
    if job.request.options.gang != nil, job.waitingGang == nil {
      return reasonOfHaltedGang(job, waiting, at: now)
    }
    if job.progress.pending.isEmpty && !waiting.contains(where: \.mayStart) {
      return reasonOfStopped(job, waiting, at: now)
    }
    return reasonOfRoom(job, at: now)
  }

  /// What must have ended first.
  private func reasonOfWaiting(_ job: Job) -> PendingReason? {
    if let old = state.predecessor(of: job) {
      return PendingReason(.replaces, "waits for job \(old) to end, which it replaces")
    }
    let links = state.dependents.links(of: job.id)
    guard let first = links.first else { return nil }
    let more = links.count > 1 ? ", and for \(links.count - 1) more" : ""
    let array = state.jobs[first.awaited.job]?.request.array
    let task = first.awaited.position.flatMap {
      array?.isExplicit == true ? array?.index(of: $0) : nil
    }
    let what = task.map { "task \(first.awaited.job).\($0)" } ?? "job \(first.awaited.job)"
    let end =
      switch first.kind {
      case .after: "end"
      case .afterOK: "succeed"
      case .afterFail: "end without success"
      }
    return PendingReason(.dependency, "waits for \(what) to \(end)\(more)")
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

  /// One of its tasks may not start, and so none does.
  private func reasonOfHaltedGang(
    _ job: Job, _ waiting: [TaskRecord], at now: Moment
  ) -> PendingReason {
    let active = job.progress.counts.active
    if active > 0 {
      return PendingReason(
        .gang, "\(active) tasks of its gang have still to end before all start again")
    }
    if let last = waiting.compactMap(\.notBefore).max() { return backOff(last, at: now) }
    return PendingReason(.held, "a task of its gang is held; fluster-set \(job.id) release")
  }

  private func backOff(_ until: WallTime, at now: Moment) -> PendingReason {
    let left = max(0, until.milliseconds - now.wall.milliseconds)
    return PendingReason(
      .backOff, "waits \((left + 999) / 1000)s after a failure before it is tried again")
  }
}
