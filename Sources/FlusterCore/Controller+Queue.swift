/// Keeping the queue and the list of changed rows in step with the facts.
extension Controller {
  /// Called before `event` is applied.
  mutating func follow(_ event: Event) {
    switch event {
    case .submitted(let job, _, _):
      queue.enter(job)
      wantsSchedule = true
    case .jobEnded(let progress):
      if let job = state.jobs[progress.job] { queue.leave(job) }
      lookAhead.leave(progress.job)
      forget(progress.job)
      lookAtReservation(of: progress.job)
    case .assigned(let attempt):
      touch(attempt.task.job)
      lookAhead.add(attempt)
      rooms.take(attempt, until: state.expectedEnd(of: attempt))
      // Only the first attempt of an idle worker brings a question nearer.
      if state.workers[attempt.worker]?.open.isEmpty == true { roused.append(attempt.worker) }
    case .building(let uid):
      if let attempt = state.attempts[uid] {
        touch(attempt.task.job)
        rooms.begin(attempt)
        lookAhead.remove(attempt)
      }
    case .started(let uid, let at):
      if var attempt = state.attempts[uid] {
        touch(attempt.task.job)
        rooms.begin(attempt)
        lookAhead.remove(attempt)
        attempt.started = at
        rooms.expect(attempt, until: state.expectedEnd(of: attempt))
      }
    case .attemptEnded(let uid, _, at: let time, _):
      if let attempt = state.attempts[uid] {
        touch(attempt.task.job)
        rooms.release(attempt)
        lookAhead.remove(attempt)
        if let job = state.jobs[attempt.task.job] { lookAhead.learn(attempt, of: job, end: time) }
      }
      wantsSchedule = true
    case .tasksEnded(let job, _, _), .tasksHeld(let job, _):
      touch(job)
      lookAtReservation(of: job)
    case .killRequested(let job, _): touch(job)
    case .held(let job, _), .tasksReleased(let job, _):
      touch(job)
      wantsSchedule = true
    case .changed: wantsSchedule = true
    case .linked, .registered, .unlinked, .silent, .ailing, .drained, .forgotten:
      rooms.forget()
      healthHasChanged = true
      wantsSchedule = true
    case .stopRequested, .frozen, .stuck, .backoffOver, .dependencyEnded, .endpointRegistered,
      .endpointRemoved:
      break
    }
  }

  /// What is kept for the job may not be wanted any more, and others wait for it.
  private mutating func lookAtReservation(of job: JobID) {
    if reservation?.rank.job == job { wantsSchedule = true }
  }

  /// After an event that lets something of the job start again.
  mutating func offer(_ id: JobID) {
    guard let job = state.jobs[id] else { return }
    queue.offer(job)
    queue.waits.resume(job)
  }

  /// After an event that lets this task, attempted before, start again.
  mutating func offer(_ task: TaskID) {
    guard let job = state.jobs[task.job], let record = job.records[task.position],
      record.state == .pending
    else { return }
    queue.retry(task, record, of: job)
  }
}
