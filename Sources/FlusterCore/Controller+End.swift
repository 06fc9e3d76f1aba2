/// What an ending means: which budget pays, and whether there is another attempt.
extension Controller {
  /// Closes an attempt, decides about its task, and ends the job if that was the last one.
  mutating func end(
    _ attempt: OpenAttempt, _ outcome: Outcome, at time: WallTime, now: Moment
  ) {
    guard let job = state.jobs[attempt.task.job] else { return }
    let verdict = verdict(on: attempt, outcome, of: job, at: now)
    record(.attemptEnded(attempt.uid, outcome, at: time, verdict))
    switch verdict {
    case .final(let state, charged: _): effect(.taskEnded(attempt.task, state, outcome))
    case .retry: offer(attempt.task)
    }
    offer(attempt.task.job)
    finishIfOver(attempt.task.job, at: now)
  }

  private mutating func verdict(
    on attempt: OpenAttempt, _ outcome: Outcome, of job: Job, at now: Moment
  ) -> Verdict {
    if outcome.cause == .exit && outcome.exitCode == 0 { return .final(.succeeded, charged: .none) }
    if attempt.stop != nil { return .final(.killed, charged: .none) }
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
