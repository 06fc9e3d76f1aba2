/// Which workers may be given work, and when what they run is lost.
extension Controller {
  /// A worker has given a sign of life.
  mutating func hear(_ worker: WorkerID, at now: Moment) {
    heartbeats.hear(worker, at: now.monotonic)
    if state.workers[worker]?.isSilent == true { record(.silent(worker, false)) }
  }

  /// Asks those who owe a sign of life, and draws the consequences where none came.
  mutating func checkHealth(at now: Moment) {
    for id in state.workers.keys.sorted() {
      guard let worker = state.workers[id] else { continue }
      if worker.link != nil {
        if heartbeats.asks(worker, at: now.monotonic) { effect(.ask(id)) }
        if !worker.isSilent, heartbeats.isSilent(id, at: now.monotonic) {
          record(.silent(id, true))
        }
      } else if heartbeats.leaseIsOver(of: worker, at: now.monotonic) {
        lose(worker, "worker \(id) was away for longer than its lease", at: now)
      }
    }
    healthHasChanged = true
  }

  /// Brings the time of the next question up to date.
  mutating func planHealth(at now: Moment) {
    if healthHasChanged {
      heartbeats.plan(for: state.workers.values, at: now.monotonic)
    } else {
      for id in roused {
        if let worker = state.workers[id] { heartbeats.include(worker, at: now.monotonic) }
      }
    }
    healthHasChanged = false
    roused.removeAll(keepingCapacity: true)
  }

  /// What a worker says of its own fitness; nil: it is well.
  mutating func report(_ link: LinkID, ailment: String?, at now: Moment) {
    guard let worker = state.links[link] else { return }
    hear(worker, at: now)
    if state.workers[worker]?.ailment != ailment { record(.ailing(worker, ailment)) }
  }

  /// Gives a worker no new work, or gives it some again.
  mutating func drain(
    _ worker: WorkerID, _ isDrained: Bool, from caller: Caller, _ reply: RequestID
  ) {
    if let refusal = refusal(of: caller, to: worker) {
      return effect(.reply(reply, .refused(refusal)))
    }
    if state.workers[worker]?.isDrained != isDrained { record(.drained(worker, isDrained)) }
    effect(.reply(reply, .done(unknown: [])))
  }

  /// Gives up a worker that will not come back: what it ran is lost.
  mutating func forget(
    _ id: WorkerID, from caller: Caller, _ reply: RequestID, at now: Moment
  ) {
    if let refusal = refusal(of: caller, to: id) {
      return effect(.reply(reply, .refused(refusal)))
    }
    guard let worker = state.workers[id] else { return }
    if let link = worker.link {
      guard worker.isSilent else {
        return effect(
          .reply(
            reply,
            .refused(
              Refusal(
                .failedPrecondition, "worker \(id) is connected",
                wayOut: "end it first, or drain it with fluster-ctl drain \(id)"))))
      }
      effect(.drop(link))
      record(.unlinked(id))
    }
    lose(worker, "uid \(caller.uid) had worker \(id) forgotten", at: now)
    record(.forgotten(id))
    heartbeats.forget(id)
    effect(.reply(reply, .done(unknown: [])))
  }

  private func refusal(of caller: Caller, to worker: WorkerID) -> Refusal? {
    guard caller.isAdministrator else {
      return Refusal(.permissionDenied, "only an administrator may change worker \(worker)")
    }
    guard state.workers[worker] != nil else {
      return Refusal(
        .notFound, "there is no worker \(worker)", wayOut: "fluster-ctl workers lists them")
    }
    return nil
  }

  /// Nothing that ran there can be alive.
  mutating func lose(_ worker: Worker, _ why: String, at now: Moment) {
    for uid in worker.open {
      guard let attempt = state.attempts[uid] else { continue }
      end(attempt, Outcome(.workerLost, text: why), at: now.wall, now: now)
    }
  }
}
