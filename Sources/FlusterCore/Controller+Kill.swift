extension Controller {
  /// What a command about existing work is about, once it has been checked as a whole.
  struct Targets {
    /// Unfinished jobs, each once, and what is meant of them.
    var known: [JobSelection] = []
    /// Jobs that are not among the unfinished.
    var unknown: [JobSelection] = []
  }

  /// Resolves selections; refuses all of them if one is not the caller's or has no such task.
  func targets(of selections: [Selection], for caller: Caller) throws(Refusal) -> Targets {
    var targets = Targets()
    for selection in JobSelection.merging(selections) {
      guard let job = state.jobs[selection.job] else {
        targets.unknown.append(selection)
        continue
      }
      guard caller.mayChange(job.request.owner) else {
        throw Refusal(
          .permissionDenied, "job \(job.id) belongs to uid \(job.request.owner)")
      }
      if let indices = selection.missing(from: job.request.array)?.indices {
        throw Refusal(.notFound, "job \(job.id) has no task \(indices.text)")
      }
      targets.known.append(selection)
    }
    return targets
  }

  mutating func kill(
    _ selections: [Selection], reason: String, belowFinished: Bool, from caller: Caller,
    _ reply: RequestID, at now: Moment
  ) {
    let targets: Targets
    let finished: [JobSelection]
    do {
      targets = try self.targets(of: selections, for: caller)
      finished = belowFinished ? targets.unknown : []
      for selection in finished { try checkDescendants(of: selection, for: caller) }
    } catch {
      return effect(.reply(reply, .refused(error)))
    }
    let request = KillRequest(by: caller.uid, reason: reason)
    for selection in targets.known { kill(selection, request, at: now) }
    for selection in targets.known + finished {
      killDescendants(of: selection, request, at: now)
    }
    effect(.reply(reply, .done(unknown: targets.unknown.map(\.job))))
  }

  private mutating func kill(
    _ selection: JobSelection, _ request: KillRequest, at now: Moment
  ) {
    guard let job = state.jobs[selection.job] else { return }
    guard !selection.isWhole else { return killWhole(job.id, request, at: now) }
    kill(selection.named(in: job.request.array), of: job, request, at: now)
  }

  /// Ends a job as a whole, and says who wanted that first.
  mutating func killWhole(_ id: JobID, _ request: KillRequest, at now: Moment) {
    guard let job = state.jobs[id] else { return }
    if job.progress.killed == nil { record(.killRequested(id, request)) }
    kill(RangeSet(job.request.array.positions), of: job, request, at: now)
  }

  private mutating func kill(
    _ all: RangeSet<UInt32>, of job: Job, _ request: KillRequest, at now: Moment
  ) {
    let id = job.id
    let waiting = job.waiting.intersection(all)
    end(waiting, of: id, as: .killed)
    stop(openAttempts(of: job, in: all), because: .killed(request))
    if !waiting.isEmpty { gangFails(with: id) }
    finishIfOver(id, at: now)
  }

  /// Makes tasks without an open attempt final.
  mutating func end(_ positions: RangeSet<UInt32>, of id: JobID, as final: TaskState) {
    guard !positions.isEmpty, let job = state.jobs[id] else { return }
    let story = job.progress.story(ofEnding: final, of: job.request)
    record(.tasksEnded(id, positions, final))
    effect(.tasksEnded(id, positions, final, story))
  }

  /// Asks the workers to end these attempts; a weightier reason takes the place of an older one.
  mutating func stop(_ attempts: [OpenAttempt], because reason: StopReason) {
    for attempt in attempts where attempt.stop?.yields(to: reason) ?? true {
      record(.stopRequested(attempt.uid, reason))
      if attempt.stop == nil { effect(.stop(attempt.worker, attempt.uid)) }
    }
  }

  mutating func send(
    _ signal: UInt8, to selections: [Selection], from caller: Caller, _ reply: RequestID
  ) {
    let targets: Targets
    do {
      targets = try self.targets(of: selections, for: caller)
    } catch {
      return effect(.reply(reply, .refused(error)))
    }
    for selection in targets.known {
      guard let job = state.jobs[selection.job] else { continue }
      let all = selection.all(in: job.request.array)
      for attempt in openAttempts(of: job, in: all) {
        effect(.signal(attempt.worker, attempt.uid, signal))
      }
    }
    effect(.reply(reply, .done(unknown: targets.unknown.map(\.job))))
  }

  func openAttempts(of job: Job, in positions: RangeSet<UInt32>) -> [OpenAttempt] {
    job.records.keys.sorted().filter { positions.contains($0) }.compactMap { position in
      job.records[position]?.open.flatMap { state.attempts[$0] }
    }
  }

  /// Ends the job if all its tasks are final.
  mutating func finishIfOver(_ id: JobID, at now: Moment) {
    guard let job = state.jobs[id], job.progress.counts.unfinished == 0 else { return }
    var progress = job.progress
    progress.state = job.finalState
    progress.ended = now.wall
    record(.jobEnded(progress))
    effect(.jobEnded(id))
  }
}

extension ClosedRange<UInt32> {
  /// As users write it.
  var text: String { lowerBound == upperBound ? "\(lowerBound)" : "\(lowerBound)-\(upperBound)" }
}
