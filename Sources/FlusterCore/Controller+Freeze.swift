/// Having what runs stand still for a while, with all that it holds.
extension Controller {
  mutating func freeze(
    _ selections: [Selection], _ isFrozen: Bool, from caller: Caller, _ reply: RequestID
  ) {
    let targets: Targets
    var found: [OpenAttempt] = []
    do {
      targets = try self.targets(of: selections, for: caller)
      for selection in targets.known { found += try attempts(of: selection, toFreeze: isFrozen) }
    } catch {
      return effect(.reply(reply, .refused(error)))
    }
    for attempt in found {
      record(.frozen(attempt.uid, isFrozen, by: caller.uid))
      rooms.expect(attempt, until: nil)
      effect(.run(attempt.uid))
    }
    effect(.reply(reply, .done(unknown: targets.unknown.map(\.job))))
  }

  /// Those that this would change. Refuses what could not be made to stand still: a signal would be
  /// seen by the job, and lifted by anybody.
  private func attempts(
    of selection: JobSelection, toFreeze isFrozen: Bool
  ) throws(Refusal) -> [OpenAttempt] {
    guard let job = state.jobs[selection.job] else { return [] }
    let open = openAttempts(of: job, in: selection.all(in: job.request.array))
      .filter { $0.stop == nil }
    if isFrozen {
      guard !open.isEmpty else {
        throw Refusal(
          .failedPrecondition, "job \(job.id) has nothing that runs and could be frozen",
          wayOut: "keep it from starting with fluster-set \(job.id) hold")
      }
      let unable = open.first { state.workers[$0.worker]?.record.lacks.contains("cgroup") ?? false }
      if let worker = unable?.worker {
        throw Refusal(
          .failedPrecondition,
          "worker \(worker) has no cgroups, and what runs there cannot be frozen without",
          wayOut: "fluster-shim(8) says what it needs for them")
      }
    }
    return open.filter { $0.isFrozen != isFrozen }
  }
}
