extension Controller {
  mutating func hold(_ selections: [Selection], from caller: Caller, _ reply: RequestID) {
    let targets: Targets
    do {
      targets = try self.targets(of: selections, for: caller)
      for selection in targets.known { try checkHoldable(selection) }
    } catch {
      return effect(.reply(reply, .refused(error)))
    }
    for selection in targets.known {
      guard let job = state.jobs[selection.job] else { continue }
      let named = selection.named(in: job.request.array)
      if !named.isEmpty { record(.tasksHeld(job.id, named)) }
      if selection.isWhole && !job.progress.held { record(.held(job.id, true)) }
    }
    effect(.reply(reply, .done(unknown: targets.unknown.map(\.job))))
  }

  /// Only what waits can be held; an array that has started may be held for its remaining tasks.
  private func checkHoldable(_ selection: JobSelection) throws(Refusal) {
    guard let job = state.jobs[selection.job] else { return }
    if selection.isWhole {
      guard job.progress.counts.pending > 0 else {
        throw Refusal(
          .failedPrecondition, "job \(job.id) has nothing pending that could be held",
          wayOut: "end it with fluster-kill \(job.id)")
      }
    }
    let others = selection.named(in: job.request.array).without(job.waiting)
    if let running = others.ranges.first?.lowerBound {
      let index = job.request.array.index(of: running)
      throw Refusal(
        .failedPrecondition,
        "task \(job.id).\(index) is \(job.state(of: running).word) and cannot be held")
    }
  }

  mutating func release(_ selections: [Selection], from caller: Caller, _ reply: RequestID) {
    let targets: Targets
    do {
      targets = try self.targets(of: selections, for: caller)
    } catch {
      return effect(.reply(reply, .refused(error)))
    }
    for selection in targets.known { release(selection) }
    effect(.reply(reply, .done(unknown: targets.unknown.map(\.job))))
  }

  private mutating func release(_ selection: JobSelection) {
    let id = selection.job
    guard let job = state.jobs[id] else { return }
    let all = selection.all(in: job.request.array)
    if selection.isWhole && job.progress.held { record(.held(id, false)) }
    let retrying = job.pendingRecords(in: all).filter { job.records[$0]?.held == true }
    if !retrying.isEmpty || !job.progress.heldTasks.intersection(all).isEmpty {
      record(.tasksReleased(id, all))
    }
    for position in retrying { offer(TaskID(id, position)) }
    offer(id)
  }
}
