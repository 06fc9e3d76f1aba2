import FlusterCore

/// What was promised and what truly happened, kept beside the controller to hold it to account.
struct SimulationLedger {
  /// What was decided about one task, added up from the durable events.
  struct Account {
    var attempts: UInt32 = 0
    var failures: UInt32 = 0
    var losses: UInt32 = 0
    var open: AttemptUID?
    var final: TaskState?

    mutating func add(_ charged: Budget) {
      switch charged {
      case .none: break
      case .failure: failures += 1
      case .preemption: losses += 1
      }
    }
  }

  /// Jobs whose submit was answered.
  var acknowledged: Set<JobID> = []
  /// Durable submits.
  private(set) var jobs: [Token: JobID] = [:]
  private(set) var requests: [JobID: JobRequest] = [:]
  private(set) var accounts: [JobID: [UInt32: Account]] = [:]
  /// Every attempt that was ever durable.
  private(set) var attempts: [AttemptUID: OpenAttempt] = [:]
  private(set) var ended: [JobID: TaskState] = [:]
  /// Attempts whose children may live on.
  private(set) var outlived: Set<AttemptUID> = []
  /// Attempts a process was made for.
  var started: Set<AttemptUID> = []
  /// How processes ended, by the shim's word.
  var ends: [AttemptUID: AgentNotice] = [:]
  /// How often what happened, to see what a walk is worth.
  private(set) var tally: [String: Int] = [:]

  mutating func count(_ what: String) { tally[what, default: 0] += 1 }

  /// Acknowledged jobs that neither are in what the disk gave back nor have ended.
  func missing(from state: State) -> [String] {
    acknowledged.subtracting(ended.keys).sorted().filter { state.jobs[$0] == nil }
      .map { "job \($0) was acknowledged and is lost" }
  }

  /// The newest durable job under a key.
  func newest(under key: OwnedKey) -> KeyHolder? {
    let job = requests.filter { $0.value.ownedKey == key }.keys.max()
    return job.flatMap { id in
      requests[id]?.options.key.map { KeyHolder(job: id, digest: $0.digest) }
    }
  }

  /// Takes down a fact that has become durable; `state` is what stood before it. Returns what is
  /// wrong with it.
  mutating func note(_ event: Event, in state: State) -> [String] {
    switch event {
    case .submitted(let job, _, let token):
      requests[job.id] = job.request
      if job.request.ownedKey != nil { count("keyed submit") }
      if job.request.options.key?.replaces != nil { count("replacement") }
      guard let token else { return [] }
      return jobs.updateValue(job.id, forKey: token).map {
        ["jobs \($0) and \(job.id) were made by one submit"]
      } ?? []
    case .assigned(let attempt): return noteAssignment(attempt)
    case .attemptEnded(let uid, let outcome, at: _, let verdict):
      guard let attempt = state.attempts[uid] else { return ["attempt \(uid) ended twice"] }
      return noteEnd(of: attempt, outcome, verdict)
    case .tasksEnded(let job, let positions, let final):
      return positions.ranges.flatMap { $0 }.flatMap { finish(TaskID(job, $0), final) }
    case .jobEnded(let progress): return noteEnd(of: progress)
    case .building(let uid):
      return state.attempts[uid]?.state == .assigned ? [] : ["attempt \(uid) goes back"]
    case .started(let uid, at: _):
      let before = state.attempts[uid]?.state
      return before == .assigned || before == .building ? [] : ["attempt \(uid) starts again"]
    case .changed(let job, let request, _, by: _):
      count("change")
      // An attempt that was ended by a limit which is no more had it all the same.
      let limit = request.timeLimit ?? requests[job]?.timeLimit
      requests[job] = request
      requests[job]?.timeLimit = limit
      return []
    case .frozen(_, let isFrozen, by: _):
      count(isFrozen ? "freeze" : "thaw")
      return []
    case .killRequested(let job, let request):
      guard request.isUnmet else { return [] }
      count("unmet dependency")
      return contradictions(toGivingUp: job)
    case .stopRequested, .stuck, .dependencyEnded, .held, .tasksHeld,
      .tasksReleased, .registered, .drained, .forgotten, .linked, .unlinked, .silent,
      .ailing, .backoffOver, .endpointRegistered, .endpointRemoved:
      return []
    }
  }

  private mutating func noteAssignment(_ attempt: OpenAttempt) -> [String] {
    attempts[attempt.uid] = attempt
    if attempt.isAhead { count("given ahead") }
    if requests[attempt.task.job]?.options.dependencies.isEmpty == false {
      count("dependent start")
    }
    let task = attempt.task
    var account = accounts[task.job]?[task.position] ?? Account()
    var found = contradictions(toStarting: task.job)
    if account.final != nil { found.append("task \(task) is attempted after its end") }
    if account.open != nil { found.append("task \(task) has two open attempts") }
    if attempt.number != account.attempts { found.append("task \(task) skips an attempt") }
    if let request = requests[task.job]?.options,
      request.begin.map({ attempt.assigned < $0 }) ?? false
        || request.deadline.map({ attempt.assigned >= $0 }) ?? false
    {
      found.append("task \(task) is attempted at \(attempt.assigned), before or after its time")
    }
    account.open = attempt.uid
    account.attempts += 1
    accounts[task.job, default: [:]][task.position] = account
    return found
  }

  private mutating func noteEnd(
    of attempt: OpenAttempt, _ outcome: Outcome, _ verdict: Verdict
  ) -> [String] {
    let task = attempt.task
    guard let request = requests[task.job], var account = accounts[task.job]?[task.position]
    else { return ["task \(task) ends before it was made"] }
    account.open = nil
    count(outcome.cause.word)
    let charged: Budget
    switch verdict {
    case .final(_, let budget): charged = budget
    case .retry(let budget, _): charged = budget
    }
    account.add(charged)
    accounts[task.job]?[task.position] = account
    var found = contradictions(of: outcome, to: ends[attempt.uid], of: attempt)
    switch verdict {
    case .retry:
      if account.failures > request.retries || account.losses > request.retriesLost {
        found.append("task \(task) is tried again with its budget used up")
      }
    case .final(let state, let charged):
      found += finish(task, state)
      let mayBeLate = request.options.deadline != nil
      if charged == .preemption, !mayBeLate, account.losses != request.retriesLost + 1 {
        found.append("task \(task) gave up after \(account.losses) losses")
      }
      let isFinal =
        outcome.cause == .timeLimit
        || outcome.exitCode.map { request.options.finalStatuses.contains($0) } ?? false
      if charged == .failure, !isFinal, !mayBeLate, account.failures != request.retries + 1 {
        found.append("task \(task) gave up after \(account.failures) failures")
      }
      if case .killed? = attempt.stop { break }
      if state == .succeeded, !request.endChildren { outlived.insert(attempt.uid) }
    }
    return found
  }

  /// The truth about the end: what is recorded is what the shim saw.
  private func contradictions(
    of outcome: Outcome, to end: AgentNotice?, of attempt: OpenAttempt
  ) -> [String] {
    let isTrue: Bool
    switch (outcome.cause, end) {
    case (.exit, .ended(_, let record)):
      isTrue = record.exitCode == outcome.exitCode && record.exitCode != nil
    case (.signal, .ended(_, let record)):
      isTrue = record.signal == outcome.signal && record.signal != nil
    case (.memoryLimit, .ended(_, let record)): isTrue = record.outOfMemory == true
    case (.timeLimit, .ended): isTrue = requests[attempt.task.job]?.timeLimit != nil
    case (.timeLimit, .notStarted): isTrue = requests[attempt.task.job]?.timeLimit != nil
    case (.start, .notStarted(_, let reason, errno: _)): isTrue = reason == outcome.startReason
    case (.exit, _), (.signal, _), (.memoryLimit, _), (.timeLimit, _), (.start, _): isTrue = false
    case (.killed, _), (.workerLost, _), (.preempted, _), (.gang, _), (.dependency, _),
      (.deadline, _):
      isTrue = true
    }
    guard !isTrue else { return [] }
    let truth = end.map { "\($0)" } ?? "nothing"
    return ["attempt \(attempt.uid) is said to have ended by \(outcome), and the shim saw \(truth)"]
  }

  private mutating func finish(_ task: TaskID, _ state: TaskState) -> [String] {
    let before = accounts[task.job]?[task.position]?.final
    accounts[task.job, default: [:]][task.position, default: Account()].final = state
    return before == nil ? [] : ["task \(task) ended twice"]
  }

  private mutating func noteEnd(of progress: JobProgress) -> [String] {
    count("job \(progress.state.word)")
    ended[progress.job] = progress.state
    let accounts = accounts[progress.job] ?? [:]
    var counts = StateCounts()
    for account in accounts.values {
      if let final = account.final { counts[final] += 1 }
    }
    if progress.failures.count != accounts.values.reduce(0, { $0 + $1.failures }) {
      return ["job \(progress.job) ended with \(progress.failures.count) failures in all"]
    }
    let count = requests[progress.job]?.array.count
    return counts == progress.counts && count == UInt32(accounts.count)
      ? [] : ["job \(progress.job) ended as \(progress.counts), and its tasks as \(counts)"]
  }
}
