/// What an ending means: which budget pays, and whether there is another attempt.
extension Controller {
  /// Closes an attempt, decides about its task, and ends the job if that was the last one.
  mutating func end(
    _ attempt: OpenAttempt, _ outcome: Outcome, at time: WallTime, now: Moment
  ) {
    let id = attempt.task.job
    guard let job = state.jobs[id] else { return }
    let outcome = outcome.told(attempt.stop)
    let verdict = verdict(on: attempt, outcome, of: job, at: now)
    record(.attemptEnded(attempt.uid, outcome, at: time, verdict))
    switch verdict {
    case .final(let final, charged: _):
      effect(.taskEnded(attempt.task, final, outcome))
      if final != .succeeded { gangFails(with: id) }
    case .retry:
      offer(attempt.task)
      gangRetries(with: id)
    }
    if state.jobs[id]?.isOverFailureLimit == true { endRest(of: id, because: .failureLimit) }
    offer(id)
    if job.isPastDeadline(at: now) { endUnstarted(id, at: now) }
    finishIfOver(id, at: now)
    endChildren(of: attempt, verdict, in: job, at: now)
  }

  /// Where one of a gang has ended without success, the others are of no use.
  mutating func gangFails(with id: JobID) {
    guard state.jobs[id]?.request.options.gang != nil else { return }
    endRest(of: id, because: .gangFailed)
  }

  /// Where one of a gang is tried again, all are that have not succeeded.
  private mutating func gangRetries(with id: JobID) {
    guard let job = state.jobs[id], job.request.options.gang != nil else { return }
    stop(openAttempts(of: job, in: RangeSet(job.request.array.positions)), because: .gangRetry)
  }

  /// Ends all of a job that is not final yet.
  private mutating func endRest(of id: JobID, because reason: StopReason) {
    guard let job = state.jobs[id] else { return }
    end(job.waiting, of: id, as: reason.final)
    stop(openAttempts(of: job, in: RangeSet(job.request.array.positions)), because: reason)
  }

  /// After the deadline an attempt that would be followed by another is the last.
  private mutating func verdict(
    on attempt: OpenAttempt, _ outcome: Outcome, of job: Job, at now: Moment
  ) -> Verdict {
    let verdict = usualVerdict(on: attempt, outcome, of: job, at: now)
    guard job.isPastDeadline(at: now), case .retry(let charged, notBefore: _) = verdict else {
      return verdict
    }
    switch charged {
    case .none: return verdict
    case .failure: return .final(.failed, charged: .failure)
    case .preemption: return .final(.workerFailed, charged: .preemption)
    }
  }

  private mutating func usualVerdict(
    on attempt: OpenAttempt, _ outcome: Outcome, of job: Job, at now: Moment
  ) -> Verdict {
    if outcome.isSuccess(for: job.request.options) { return .final(.succeeded, charged: .none) }
    if let stop = attempt.stop {
      return stop == .gangRetry
        ? .retry(charged: .none, notBefore: nil) : .final(stop.final, charged: .none)
    }
    if outcome.cause == .exit, let status = outcome.exitCode {
      let isFinal = job.request.options.finalStatuses.contains(status)
      if isFinal { return .final(.failed, charged: .failure) }
    }
    switch outcome.cause {
    case .timeLimit: return .final(.failed, charged: .failure)
    case .exit, .signal, .memoryLimit: return failure(of: attempt, job, at: now)
    case .start:
      return outcome.startReason?.isMachineFault == true
        ? loss(of: attempt, job) : failure(of: attempt, job, at: now)
    // A kill that nobody asked for was the machine's doing; the rest no worker can know.
    case .workerLost, .killed, .preempted, .gang, .dependency, .deadline:
      return attempt.state == .assigned
        ? .retry(charged: .none, notBefore: nil) : loss(of: attempt, job)
    }
  }

  private mutating func failure(
    of attempt: OpenAttempt, _ job: Job, at now: Moment
  ) -> Verdict {
    let failures = (job.records[attempt.task.position]?.failures ?? 0) + 1
    guard failures <= job.request.retries else { return .final(.failed, charged: .failure) }
    // Between half and all of the span, so that what failed together does not return together.
    let span = job.request.backoff.span(afterFailures: failures).milliseconds
    let wait = span - random.next(upperBound: span / 2 + 1)
    return .retry(charged: .failure, notBefore: now.wall + Span(milliseconds: wait))
  }

  private func loss(of attempt: OpenAttempt, _ job: Job) -> Verdict {
    let losses = (job.records[attempt.task.position]?.preemptions ?? 0) + 1
    return losses <= job.request.retriesLost
      ? .retry(charged: .preemption, notBefore: nil) : .final(.workerFailed, charged: .preemption)
  }
}

extension StopReason {
  /// What a task becomes that is ended for this reason, or was to be.
  var final: TaskState {
    switch self {
    case .killed, .failureLimit: .killed
    case .gangFailed, .gangRetry: .gangFailed
    }
  }

  /// Why, as people read it beside a task; for a kill what was said with it.
  var text: String {
    switch self {
    case .killed(let request): request.reason
    case .failureLimit: "its job reached its failure limit"
    case .gangFailed: "a task of its gang did not succeed"
    case .gangRetry: "a task of its gang is tried again, and so are all"
    }
  }
}

extension Outcome {
  /// It ended by itself, with a status that is good for this job.
  fileprivate func isSuccess(for options: JobOptions) -> Bool {
    guard cause == .exit, let exitCode else { return false }
    return exitCode == 0 || options.okStatuses.contains(exitCode)
  }

  /// The worker knows that it was told to end the attempt, the controller knows why.
  fileprivate func told(_ stop: StopReason?) -> Outcome {
    var outcome = self
    guard outcome.cause == .killed else { return outcome }
    switch stop {
    case nil, .killed: return outcome
    case .failureLimit: break
    case .gangFailed, .gangRetry: outcome.cause = .gang
    }
    outcome.text = stop?.text ?? ""
    return outcome
  }
}
