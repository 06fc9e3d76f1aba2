extension State {
  /// What an event that is about to be applied is in the feed; nil: nothing that has a reader.
  func entry(of event: Event, at time: WallTime) -> FeedEntry? {
    switch event {
    case .submitted(let job, _, _):
      FeedEntry(.jobSubmitted, at: time, job: job, job.request.array.positions, .pending)
    case .assigned(let attempt): entry(.taskAssigned, at: time, attempt, .assigned)
    case .building(let uid): entry(.taskBuilding, at: time, attempts[uid], .building)
    case .started(let uid, at: _): entry(.taskStarted, at: time, attempts[uid], .running)
    case .stopRequested(let uid, let reason):
      entry(.taskStopRequested, at: time, attempts[uid], nil)?.asked(by: reason)
    case .frozen(let uid, let isFrozen, by: let caller):
      entry(isFrozen ? .taskFrozen : .taskThawed, at: time, attempts[uid], nil)?
        .asked(by: caller, "")
    case .stuck(let uid): entry(.taskStuck, at: time, attempts[uid], nil)
    case .attemptEnded(let uid, let outcome, at: _, let verdict):
      entry(.taskEnded, at: time, attempts[uid], verdict.state)?.ended(outcome)
    case .tasksEnded(let id, let tasks, let state):
      entry(.tasksEnded, at: time, id, tasks, state)?.told(
        jobs[id].map { $0.progress.story(ofEnding: state, of: $0.request) })
    case .killRequested(let id, let request):
      request.isUnmet ? nil : entry(.jobKillRequested, at: time, id)?.asked(by: request)
    case .changed(let id, _, let change, by: let caller):
      entry(.jobChanged, at: time, id)?.asked(by: caller, change.text)
    case .held(let id, let held): entry(held ? .jobHeld : .jobReleased, at: time, id)
    case .tasksHeld(let id, let tasks): entry(.tasksHeld, at: time, id, tasks)
    case .tasksReleased(let id, let tasks): entry(.tasksReleased, at: time, id, tasks)
    case .jobEnded(let progress): entry(.jobEnded, at: time, progress.job, nil, progress.state)
    case .registered(let record): FeedEntry(.workerRegistered, at: time, worker: record.id)
    case .drained(let id, let drained):
      FeedEntry(drained ? .workerDrained : .workerResumed, at: time, worker: id)
    case .forgotten(let id): FeedEntry(.workerForgotten, at: time, worker: id)
    case .unlinked(let id): FeedEntry(.workerDisconnected, at: time, worker: id)
    case .silent(let id, let silent):
      FeedEntry(silent ? .workerSilent : .workerHeard, at: time, worker: id)
    case .ailing(let id, let ailment):
      FeedEntry(ailment == nil ? .workerWell : .workerAiling, at: time, worker: id)
        .saying(ailment ?? "")
    // The registration has told it; the wait was told with the end before it; endpoints are no
    // state of a task, and those who look for one ask for it.
    case .linked, .backoffOver, .dependencyEnded, .endpointRegistered, .endpointRemoved: nil
    }
  }

  private func entry(
    _ kind: FeedEntry.Kind, at time: WallTime, _ attempt: OpenAttempt?, _ state: TaskState?
  ) -> FeedEntry? {
    guard let attempt, let job = jobs[attempt.task.job] else { return nil }
    let position = attempt.task.position
    var entry = FeedEntry(kind, at: time, job: job, position..<(position + 1), state)
    entry.attempt = FeedEntry.Attempt(uid: attempt.uid, number: attempt.number)
    entry.worker = attempt.worker
    return entry
  }

  private func entry(
    _ kind: FeedEntry.Kind, at time: WallTime, _ id: JobID, _ tasks: RangeSet<UInt32>? = nil,
    _ state: TaskState? = nil
  ) -> FeedEntry? {
    jobs[id].map { FeedEntry(kind, at: time, job: $0, tasks, state) }
  }
}

extension Verdict {
  /// The state that it leaves its task in.
  fileprivate var state: TaskState {
    switch self {
    case .final(let state, charged: _): state
    case .retry: .pending
    }
  }
}

extension FeedEntry {
  fileprivate init(
    _ kind: Kind, at time: WallTime, job: Job, _ positions: Range<UInt32>, _ state: TaskState?
  ) {
    self.init(kind, at: time, job: job, nil, state)
    add(positions, of: job.request.array)
  }

  fileprivate init(
    _ kind: Kind, at time: WallTime, job: Job, _ tasks: RangeSet<UInt32>?, _ state: TaskState?
  ) {
    self.init(kind, at: time)
    subject = Subject(job: job.id, owner: job.request.owner, name: job.request.name)
    self.state = state
    guard let tasks else { return }
    for range in tasks.ranges { add(range, of: job.request.array) }
  }

  fileprivate init(_ kind: Kind, at time: WallTime, worker: WorkerID) {
    self.init(kind, at: time)
    self.worker = worker
  }

  private mutating func add(_ positions: Range<UInt32>, of array: TaskArray) {
    guard array.isExplicit, let last = positions.last else { return }
    step = array.step
    tasks.append(array.index(of: positions.lowerBound)...array.index(of: last))
  }

  fileprivate func asked(by reason: StopReason) -> FeedEntry {
    var entry = saying(reason.text)
    if case .killed(let request) = reason { entry.by = request.by }
    return entry
  }

  fileprivate func saying(_ text: String) -> FeedEntry {
    var entry = self
    entry.text = text
    return entry
  }

  fileprivate func asked(by request: KillRequest) -> FeedEntry {
    asked(by: request.by, request.reason)
  }

  fileprivate func asked(by caller: UserID, _ text: String) -> FeedEntry {
    var entry = saying(text)
    entry.by = caller
    return entry
  }

  /// With the cause, where there is one without an attempt.
  fileprivate func told(_ story: EndStory?) -> FeedEntry {
    story?.outcome.map { ended($0) } ?? self
  }

  fileprivate func ended(_ outcome: Outcome) -> FeedEntry {
    var entry = self
    entry.cause = outcome.cause
    entry.status = outcome.status
    entry.text = outcome.text
    return entry
  }
}
