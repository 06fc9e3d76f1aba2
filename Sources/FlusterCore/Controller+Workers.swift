extension Controller {
  mutating func register(_ worker: WorkerRecord, _ link: LinkID, at now: Moment) {
    if let refusal = refusal(of: worker, link) { return effect(.reject(link, refusal)) }
    if let known = state.workers[worker.id] {
      if let old = known.link { effect(.drop(old)) }
      if known.record.boot != worker.boot {
        lose(known, "the machine of worker \(worker.id) has booted again", at: now)
      }
    }
    hear(worker.id, at: now)
    record(.registered(worker))
    record(.linked(worker.id, link))
    lookAhead.forgetRecalls(of: state.workers[worker.id]?.open ?? [])
    let wanted = (state.workers[worker.id]?.open ?? []).compactMap { state.attempts[$0] }
      .map { Wanted(uid: $0.uid, stop: $0.stop != nil) }
    effect(.welcome(worker.id, link, wanted))
  }

  /// A worker id belongs to the uid that first registered it, and has one living incarnation; what
  /// it said before it came back is of a life that is over.
  private func refusal(of worker: WorkerRecord, _ link: LinkID) -> Refusal? {
    guard let known = state.workers[worker.id] else { return refusal(ofNew: worker) }
    guard known.record.owner == worker.owner else {
      return Refusal(
        .permissionDenied, "worker \(worker.id) belongs to uid \(known.record.owner)",
        wayOut: "choose another id")
    }
    if let newest = known.newestLink, link < newest {
      return Refusal(
        .failedPrecondition, "worker \(worker.id) has connected again since",
        wayOut: "connect again, too")
    }
    let isAlive = known.link != nil && !known.isSilent
    guard !isAlive || known.record.incarnation == worker.incarnation else {
      return Refusal(
        .failedPrecondition, "worker \(worker.id) is connected already",
        wayOut: "end the other one, or choose another id")
    }
    return nil
  }

  /// Workers are remembered until they are forgotten, so a user may make up only so many.
  private func refusal(ofNew worker: WorkerRecord) -> Refusal? {
    let most = worker.isPersonal ? WorkerRecord.mostPersonal : WorkerRecord.mostTrusted
    let owned = state.workers.values.count { $0.record.owner == worker.owner }
    guard owned >= most else { return nil }
    return Refusal(
      .resourceExhausted, "uid \(worker.owner) has \(owned) workers, and may have no more",
      wayOut: "have those that will not come back forgotten: fluster-ctl forget WORKER")
  }

  mutating func disconnect(_ link: LinkID) {
    guard let worker = state.links[link] else { return }
    record(.unlinked(worker))
  }

  /// Applies the guards of semantics 4.2 to every report: who sent it must be whom the attempt was
  /// assigned to, and an attempt that is not open any more is never revived.
  mutating func observe(_ link: LinkID, _ observations: [Observation], at now: Moment) {
    guard let worker = state.links[link] else { return }
    hear(worker, at: now)
    for observation in observations {
      guard let attempt = state.attempts[observation.uid], attempt.worker == worker else {
        answerStranger(observation, on: worker)
        continue
      }
      observe(observation, of: attempt, at: now)
    }
  }

  /// A report on an attempt that is not open, or not this worker's: it may forget what has ended,
  /// and must end what has not.
  private mutating func answerStranger(_ observation: Observation, on worker: WorkerID) {
    switch observation.kind {
    case .finished, .missing: effect(.acknowledge(worker, observation.uid))
    case .queued, .starting, .started: effect(.stop(worker, observation.uid))
    case .stuck: break
    }
  }

  private mutating func observe(
    _ observation: Observation, of attempt: OpenAttempt, at now: Moment
  ) {
    switch observation.kind {
    case .queued: break
    case .starting:
      if attempt.state == .assigned { record(.building(attempt.uid)) }
    case .started:
      if attempt.state != .running { record(.started(attempt.uid, at: observation.at)) }
    case .stuck:
      if !attempt.stuck { record(.stuck(attempt.uid)) }
    case .finished(let outcome):
      end(attempt, outcome, at: observation.at, now: now)
      effect(.acknowledge(attempt.worker, attempt.uid))
    case .missing:
      end(attempt, outcomeOfMissing(attempt), at: observation.at, now: now)
      effect(.acknowledge(attempt.worker, attempt.uid))
    }
  }

  /// The worker knows nothing of an attempt it was given.
  private func outcomeOfMissing(_ attempt: OpenAttempt) -> Outcome {
    guard attempt.stop == nil else { return Outcome(.killed) }
    if lookAhead.isRecalled(attempt.uid) {
      return Outcome(
        .preempted, text: "it was taken back from worker \(attempt.worker) before it began")
    }
    return Outcome(
      .workerLost,
      text: attempt.state == .assigned
        ? "it never reached worker \(attempt.worker)"
        : "worker \(attempt.worker) no longer knows it")
  }
}
