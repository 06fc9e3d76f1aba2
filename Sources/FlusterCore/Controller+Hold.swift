extension Controller {
  mutating func hold(_ selections: [Selection], from caller: Caller, _ reply: RequestID) {
    let targets: Targets
    do {
      targets = try self.targets(of: selections, for: caller)
      for (id, positions) in targets.known { try checkHoldable(id, positions) }
    } catch {
      return effect(.reply(reply, .refused(error)))
    }
    for (id, positions) in targets.known {
      if let positions {
        record(.tasksHeld(id, RangeSet(positions)))
      } else if state.jobs[id]?.progress.held == false {
        record(.held(id, true))
      }
    }
    effect(.reply(reply, .done(unknown: targets.unknown)))
  }

  /// Only what waits can be held; an array that has started may be held for its remaining tasks.
  private func checkHoldable(_ id: JobID, _ positions: Range<UInt32>?) throws(Refusal) {
    guard let job = state.jobs[id] else { return }
    guard let positions else {
      guard job.progress.counts.pending > 0 else {
        throw Refusal(
          .failedPrecondition, "job \(id) has nothing pending that could be held",
          wayOut: "end it with fluster-kill \(id)")
      }
      return
    }
    if let running = positions.first(where: { job.state(of: $0) != .pending }) {
      let index = job.request.array.index(of: running)
      throw Refusal(
        .failedPrecondition,
        "task \(id).\(index) is \(job.state(of: running).word) and cannot be held")
    }
  }

  mutating func release(_ selections: [Selection], from caller: Caller, _ reply: RequestID) {
    let targets: Targets
    do {
      targets = try self.targets(of: selections, for: caller)
    } catch {
      return effect(.reply(reply, .refused(error)))
    }
    for (id, positions) in targets.known { release(id, positions) }
    effect(.reply(reply, .done(unknown: targets.unknown)))
  }

  private mutating func release(_ id: JobID, _ positions: Range<UInt32>?) {
    guard let job = state.jobs[id] else { return }
    let all = RangeSet(positions ?? job.request.array.positions)
    if positions == nil && job.progress.held { record(.held(id, false)) }
    let retrying = job.pendingRecords(in: all).filter { job.records[$0]?.held == true }
    if !retrying.isEmpty || !job.progress.heldTasks.intersection(all).isEmpty {
      record(.tasksReleased(id, all))
    }
    for position in retrying { offer(TaskID(id, position)) }
    offer(id)
  }
}
