/// Changing what an unfinished job asked for.
extension Controller {
  mutating func change(
    _ selections: [Selection], _ change: JobChange, from caller: Caller, _ reply: RequestID
  ) {
    let targets: Targets
    do {
      targets = try self.targets(of: selections, for: caller)
      for selection in targets.known { try check(change, of: selection) }
    } catch {
      return effect(.reply(reply, .refused(error)))
    }
    var moved: [Queue.Move] = []
    for selection in targets.known {
      guard let before = state.jobs[selection.job] else { continue }
      let request = change.applied(to: before.request)
      guard request != before.request else { continue }
      record(.changed(before.id, request, change, by: caller.uid))
      guard let after = state.jobs[before.id] else { continue }
      moved.append(Queue.Move(before: before, after: after))
      if case .timeLimit = change { tellLimit(of: after) }
    }
    queue.move(moved)
    effect(.reply(reply, .done(unknown: targets.unknown.map(\.job))))
  }

  /// What is asked for is asked for all tasks of a job, and what holds for those that run must be
  /// such as can be made to hold for them.
  private func check(_ change: JobChange, of selection: JobSelection) throws(Refusal) {
    guard let job = state.jobs[selection.job] else { return }
    if let task = selection.indices.first?.lowerBound {
      throw Refusal(
        .failedPrecondition,
        "task \(job.id).\(task) has no \(change.subject) of its own: all tasks of a job share one",
        wayOut: "name job \(job.id)")
    }
    if case .timeLimit = change,
      let refusal = change.applied(to: job.request).refusalOfWarning
    {
      throw Refusal(
        .failedPrecondition, "job \(job.id) is to be warned: \(refusal.message)",
        wayOut: "leave it a longer limit")
    }
    guard case .memory = change else { return }
    guard job.progress.counts.active == 0 else {
      throw Refusal(
        .failedPrecondition,
        "job \(job.id) runs: its memory can be changed only while all of it waits")
    }
    if let obstacle = obstacle(to: change.applied(to: job.request)) {
      throw Refusal(
        .invalidArgument, "job \(job.id) would wait for ever: \(obstacle)",
        wayOut: "ask for less, or add a larger worker")
    }
  }

  /// Its workers watch over the limit, and others wait for the ends.
  private mutating func tellLimit(of job: Job) {
    for attempt in openAttempts(of: job, in: RangeSet(job.request.array.positions)) {
      rooms.expect(attempt, until: state.expectedEnd(of: attempt))
      rooms.touch(attempt.worker)
      effect(.run(attempt.uid))
    }
  }
}
