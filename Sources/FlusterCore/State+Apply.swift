extension State {
  /// Gives an event its meaning. The only code that changes the state.
  mutating func apply(_ event: Event) {
    switch event {
    case .submitted(let job, _, let token):
      add(job)
      nextJob = JobID(job.id.number + 1)
      if let token {
        tokens.remember(OwnedToken(owner: job.request.owner, token: token), made: job.id)
      }
      keys.remember(job)
    case .assigned(let attempt): assign(attempt)
    case .building(let uid): move(uid, to: .building, started: nil)
    case .started(let uid, let at): move(uid, to: .running, started: at)
    case .stopRequested(let uid, let reason): attempts[uid]?.stop = reason
    case .frozen(let uid, let isFrozen, by: _):
      attempts[uid]?.freeze = isFrozen ? .frozen : .thawed
    case .stuck(let uid): attempts[uid]?.stuck = true
    case .attemptEnded(let uid, _, _, let verdict): end(uid, verdict)
    case .tasksEnded(let id, let positions, let state): jobs[id]?.end(positions, as: state)
    case .killRequested(let id, let request): jobs[id]?.progress.killed = request
    case .changed(let id, let request, _, by: _): jobs[id]?.request = request
    case .dependencyEnded(let id, let link, let end):
      dependents.remove(link, of: id)
      if link.kind == .afterFail, end != .succeeded { jobs[id]?.progress.hasSeenFailure = true }
    case .held(let id, let held): jobs[id]?.progress.held = held
    case .tasksHeld(let id, let positions): jobs[id]?.hold(positions)
    case .tasksReleased(let id, let positions): jobs[id]?.release(positions)
    case .jobEnded(let progress):
      if let job = jobs[progress.job] {
        families.remove(job)
        keys.remove(job)
        dependents.remove(job.id)
      }
      jobs[progress.job] = nil
    case .endpointRegistered(let endpoint): add(endpoint)
    case .endpointRemoved(let uid, let name, let address): endpoints.remove(uid, name, address)
    case .registered(let record):
      workers[record.id, default: Worker(record: record)].record = record
    case .linked(let id, let link):
      unlink(id)
      workers[id]?.link = link
      workers[id]?.newestLink = link
      links[link] = id
    case .unlinked(let id): unlink(id)
    case .silent(let id, let isSilent): workers[id]?.isSilent = isSilent
    case .ailing(let id, let ailment): workers[id]?.ailment = ailment
    case .drained(let id, let isDrained): workers[id]?.isDrained = isDrained
    case .forgotten(let id):
      unlink(id)
      workers[id] = nil
    case .backoffOver(let task): jobs[task.job]?.records[task.position]?.notBefore = nil
    }
  }

  private mutating func assign(_ attempt: OpenAttempt) {
    jobs[attempt.task.job]?.assign(attempt)
    attempts[attempt.uid] = attempt
    workers[attempt.worker]?.open.append(attempt.uid)
  }

  private mutating func move(_ uid: AttemptUID, to state: TaskState, started: WallTime?) {
    guard let task = attempts[uid]?.task else { return }
    attempts[uid]?.state = state
    attempts[uid]?.started = started
    jobs[task.job]?.move(task.position, to: state)
    guard let started else { return }
    jobs[task.job]?.start(at: started)
  }

  private mutating func end(_ uid: AttemptUID, _ verdict: Verdict) {
    guard let attempt = attempts.removeValue(forKey: uid) else { return }
    endpoints.remove(uid)
    if let place = workers[attempt.worker]?.open.firstIndex(of: uid) {
      workers[attempt.worker]?.open.remove(at: place)
    }
    jobs[attempt.task.job]?.end(attempt, verdict)
  }

  private mutating func unlink(_ id: WorkerID) {
    guard let link = workers[id]?.link else { return }
    workers[id]?.link = nil
    // A new connection begins with a clean sheet; the worker says again what ails it.
    workers[id]?.isSilent = false
    workers[id]?.ailment = nil
    links[link] = nil
  }
}

/// What the events of a task mean for its job: records, ranges and counts stay one partition.
extension Job {
  fileprivate mutating func assign(_ attempt: OpenAttempt) {
    let position = attempt.task.position
    var record = records[position] ?? TaskRecord(state: .pending)
    if records[position] == nil {
      progress.pending.remove(contentsOf: position..<(position + 1))
    }
    record.state = .assigned
    record.attempts = attempt.number + 1
    record.open = attempt.uid
    records[position] = record
    progress.counts.pending -= 1
    progress.counts.assigned += 1
    deriveState()
  }

  fileprivate mutating func move(_ position: UInt32, to state: TaskState) {
    guard let old = records[position]?.state else { return }
    records[position]?.state = state
    progress.counts[old] -= 1
    progress.counts[state] += 1
    deriveState()
  }

  fileprivate mutating func start(at time: WallTime) {
    if progress.started == nil { progress.started = time }
    deriveState()
  }

  fileprivate mutating func end(_ attempt: OpenAttempt, _ verdict: Verdict) {
    let position = attempt.task.position
    guard var record = records[position] else { return }
    progress.counts[record.state] -= 1
    record.open = nil
    if verdict.charged == .failure { progress.failures.add(attempt) }
    switch verdict {
    case .final(let state, charged: _):
      records[position] = nil
      progress.counts[state] += 1
      note(RangeSet(position..<(position + 1)), as: state)
    case .retry(let charged, let notBefore):
      switch charged {
      case .none: break
      case .failure: record.failures += 1
      case .preemption: record.preemptions += 1
      }
      record.state = .pending
      record.notBefore = notBefore
      records[position] = record
      progress.counts.pending += 1
    }
    deriveState()
  }

  fileprivate mutating func end(_ positions: RangeSet<UInt32>, as state: TaskState) {
    let count = positions.elementCount
    progress.pending = progress.pending.without(positions)
    progress.heldTasks = progress.heldTasks.without(positions)
    for position in pendingRecords(in: positions) { records[position] = nil }
    note(positions, as: state)
    progress.counts.pending -= count
    progress.counts[state] += count
    deriveState()
  }

  /// Remembers final tasks; those that succeeded are told by being nowhere.
  private mutating func note(_ positions: RangeSet<UInt32>, as state: TaskState) {
    switch state {
    case .succeeded: break
    case .killed: progress.killedTasks.formUnion(positions)
    case .unschedulable: progress.unschedulableTasks.formUnion(positions)
    case .failed, .workerFailed, .preempted, .gangFailed:
      failedTasks[state, default: RangeSet()].formUnion(positions)
    case .pending, .assigned, .building, .running:
      preconditionFailure("a task that is \(state.word) has not ended")
    }
  }

  fileprivate mutating func hold(_ positions: RangeSet<UInt32>) {
    let untouched = progress.pending.intersection(positions)
    progress.pending = progress.pending.without(untouched)
    progress.heldTasks.formUnion(untouched)
    for position in pendingRecords(in: positions) { records[position]?.held = true }
  }

  fileprivate mutating func release(_ positions: RangeSet<UInt32>) {
    let untouched = progress.heldTasks.intersection(positions)
    progress.heldTasks = progress.heldTasks.without(untouched)
    progress.pending.formUnion(untouched)
    for position in pendingRecords(in: positions) { records[position]?.held = false }
  }

  /// Positions of records that wait for another attempt, in order.
  func pendingRecords(in positions: RangeSet<UInt32>) -> [UInt32] {
    guard !records.isEmpty else { return [] }
    return records.filter { $0.value.state == .pending && positions.contains($0.key) }
      .map(\.key).sorted()
  }

  /// Positions that wait: never attempted, held or between two attempts.
  package var waiting: RangeSet<UInt32> {
    let untouched = progress.pending.union(progress.heldTasks)
    guard !records.isEmpty else { return untouched }
    return untouched.union(
      RangeSet(joining: records.filter { $0.value.state == .pending }.map { $0.key..<($0.key + 1) })
    )
  }

  /// An unfinished job is running when anything of it is or ever was, else pending.
  private mutating func deriveState() {
    let runs = progress.counts.active > 0 || progress.started != nil
    progress.state = runs ? .running : .pending
  }
}

extension Job {
  /// More of its attempts have failed than it was allowed.
  package var isOverFailureLimit: Bool {
    request.isOverLimit(progress.failures)
  }

  /// The state of a job whose tasks are all final: what the whole-job kill or the failure limit
  /// made it, or success of all, or the one kind that all the unsuccessful ones were, or failed.
  /// Gang-failed tasks do not count, and preempted ones count as worker-failed (DESIGN, "Words").
  var finalState: TaskState {
    let total = progress.counts
    let kinds: [(TaskState, UInt32)] = [
      (.failed, total.failed), (.killed, total.killed),
      (.workerFailed, total.workerFailed + total.preempted),
      (.unschedulable, total.unschedulable),
    ]
    let present = kinds.filter { $0.1 > 0 }.map(\.0)
    if present.isEmpty && total.gangFailed == 0 { return .succeeded }
    if progress.killed != nil { return .killed }
    if isOverFailureLimit { return .failed }
    return present.count == 1 ? present[0] : .failed
  }
}
