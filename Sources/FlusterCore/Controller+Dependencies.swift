/// Jobs that wait for others: what is met, and what can never be met any more.
extension Controller {
  /// Something that somebody may wait for has ended.
  struct End {
    let awaited: Dependents.Awaited
    let state: TaskState
    /// What people write for it.
    let text: String
    let isTask: Bool

    var subject: String { (isTask ? "task " : "job ") + text }
  }

  /// How a new job stands to what it depends on.
  struct Standing {
    /// Something that it wants to see fail has done so.
    var hasSeenFailure = false
    /// Why it can never be started; nil if it can.
    var obstacle: String?
  }

  /// Why a request could never be started for what it depends on; nil if it could. `past` is what
  /// the store knows of it.
  ///
  /// Throws not-found for what never was, or is remembered no more, and invalid-argument for too
  /// much.
  package func obstacle(
    toStarting request: JobRequest, _ past: [Selection: TaskState]
  ) throws(Refusal) -> String? {
    try standing(of: request, past).obstacle
  }

  /// The same with what is kept of it.
  func standing(
    of request: JobRequest, _ past: [Selection: TaskState]
  ) throws(Refusal) -> Standing {
    var standing = Standing()
    let all = request.options.dependencies
    var count = all.count
    var mayFail = false
    for dependency in all {
      let target = dependency.target
      var end = past[target]
      if let job = state.jobs[target.job] {
        let positions = target.indices.map { job.request.array.positions(within: $0) ?? 0..<0 }
        guard positions?.isEmpty != true else {
          throw Refusal(.notFound, "job \(job.id) has no task \(target.indices?.text ?? "")")
        }
        count += (positions?.count ?? 1) - 1
        guard count <= Dependency.most else { break }
        end = job.firstFailure(among: positions)
        // Of an array that still runs all may have succeeded that is meant.
        let isOpen = positions?.contains { !job.state(of: $0).isFinal } ?? true
        if dependency.kind == .afterFail, end == nil, isOpen { mayFail = true }
      } else if end == nil {
        throw Refusal(.notFound, "there is no job \(target.job)")
      }
      guard let end, end != .succeeded else { continue }
      switch dependency.kind {
      case .after: break
      case .afterOK:
        let why = "--after-ok \(target.text): \(target.subject) has ended (\(end.word))"
        if standing.obstacle == nil { standing.obstacle = why }
      case .afterFail: standing.hasSeenFailure = true
      }
    }
    guard count <= Dependency.most else {
      throw Refusal(
        .invalidArgument,
        "a job can wait for at most \(Dependency.most) jobs and tasks",
        wayOut: "name whole jobs, or let one job wait for some of them and then another for that")
    }
    if request.awaitsFailure, !standing.hasSeenFailure, !mayFail, standing.obstacle == nil {
      standing.obstacle = request.textOfSuccess
    }
    return standing
  }

  /// The same once what the new job replaces has been ended for it, with all below that: nobody
  /// waited yet for what has gone with it.
  func standing(
    of request: JobRequest, _ past: [Selection: TaskState], after before: Standing
  ) -> Standing {
    guard request.options.key?.replaces != nil else { return before }
    var past = past
    for target in request.options.dependencies.map(\.target) where state.jobs[target.job] == nil {
      past[target] = past[target] ?? .killed
    }
    return (try? standing(of: request, past)) ?? before
  }

  /// Called before `event` is applied: remembers the ends that somebody waits for.
  mutating func noteEnds(_ event: Event) {
    if case .jobEnded(let progress) = event {
      guard state.dependents.isAwaited(progress.job) else { return }
      let awaited = Dependents.Awaited(job: progress.job, position: nil)
      ends.append(
        End(awaited: awaited, state: progress.state, text: "\(progress.job)", isTask: false))
    } else if case .attemptEnded(let uid, _, at: _, .final(let final, charged: _)) = event {
      guard let task = state.attempts[uid]?.task else { return }
      noteEnd(RangeSet(task.position..<(task.position + 1)), of: task.job, as: final)
    } else if case .tasksEnded(let id, let positions, let final) = event {
      noteEnd(positions, of: id, as: final)
    }
  }

  private mutating func noteEnd(
    _ positions: RangeSet<UInt32>, of id: JobID, as final: TaskState
  ) {
    guard state.dependents.isAwaited(id), let array = state.jobs[id]?.request.array,
      let first = positions.ranges.first?.lowerBound
    else { return }
    func end(_ position: UInt32, _ awaited: UInt32?) -> End {
      End(
        awaited: Dependents.Awaited(job: id, position: awaited), state: final,
        text: array.isExplicit ? "\(id).\(array.index(of: position))" : "\(id)",
        isTask: array.isExplicit)
    }
    for position in state.dependents.awaitedTasks(of: id) where positions.contains(position) {
      ends.append(end(position, position))
    }
    // One task without success, and the job cannot succeed any more.
    if final != .succeeded { ends.append(end(first, nil)) }
  }

  /// Tells the dependents of everything that has ended in this step, and theirs of those that this
  /// ends: one after the other, for a chain may be long.
  mutating func settleDependents(at now: Moment) {
    var next = 0
    while next < ends.count {
      let end = ends[next]
      next += 1
      let isOver = end.awaited.position != nil || state.jobs[end.awaited.job] == nil
      let kinds = isOver ? Dependency.Kind.allCases : [.afterOK]
      for edge in state.dependents.edges(to: end.awaited, kinds) { settle(edge, end, at: now) }
    }
    ends.removeAll(keepingCapacity: true)
  }

  private mutating func settle(_ edge: Dependents.Edge, _ end: End, at now: Moment) {
    let id = edge.dependent
    // Another of its dependencies may have ended it.
    guard state.jobs[id] != nil else { return }
    let link = Dependents.Link(awaited: end.awaited, kind: edge.kind)
    record(.dependencyEnded(id, link, end.state))
    guard let job = state.jobs[id] else { return }
    switch edge.kind {
    case .after: break
    case .afterOK:
      guard end.state != .succeeded else { break }
      let target = end.awaited.position == nil ? "\(end.awaited.job)" : end.text
      return endUnmet(
        id, "--after-ok \(target): \(end.subject) has ended (\(end.state.word))", now)
    case .afterFail:
      touch(id)
      if !job.progress.hasSeenFailure, !state.dependents.awaitsFailure(id) {
        return endUnmet(id, job.request.textOfSuccess, now)
      }
    }
    guard !state.dependents.isWaiting(id) else { return }
    offer(id)
    wantsSchedule = true
  }

  /// Ends a job that can never be started.
  mutating func endUnmet(_ id: JobID, _ reason: String, _ now: Moment) {
    guard let owner = state.jobs[id]?.request.owner else { return }
    killWhole(id, KillRequest(by: owner, reason: reason, isUnmet: true), at: now)
  }
}

extension Selection {
  /// What people call it in a sentence.
  fileprivate var subject: String {
    guard let indices else { return "job \(job)" }
    return indices.count == 1 ? "task \(text)" : "one of the tasks \(text)"
  }
}

extension JobRequest {
  /// It wants to see something fail.
  fileprivate var awaitsFailure: Bool {
    options.dependencies.contains { $0.kind == .afterFail }
  }

  /// Why it can never be started where all has succeeded that it wants to see fail.
  fileprivate var textOfSuccess: String {
    let all = options.dependencies.filter { $0.kind == .afterFail }
    guard let first = all.first, all.count == 1 else {
      return "--after-fail: all that it names has succeeded"
    }
    return "--after-fail \(first.target.text): "
      + (first.target.indices.map { $0.count > 1 } == true
        ? "all of it has succeeded" : "\(first.target.subject) has succeeded")
  }
}

extension Job {
  /// The state of a final task that did not succeed, of those at `positions` or of all; nil if
  /// there is none.
  fileprivate func firstFailure(among positions: Range<UInt32>?) -> TaskState? {
    guard let positions else {
      return TaskState.allCases.first {
        $0.isFinal && $0 != .succeeded && progress.counts[$0] > 0
      }
    }
    return positions.lazy.map { self.state(of: $0) }.first { $0.isFinal && $0 != .succeeded }
  }
}
