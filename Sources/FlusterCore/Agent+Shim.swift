extension Agent {
  mutating func shimLinked(at now: Moment) {
    shim = .listing
    for uid in held.keys {
      held[uid]?.isListed = false
      held[uid]?.toldFreeze = nil
      // Signals on their way when the connection broke may be lost.
      held[uid]?.ending?.termSent = false
      held[uid]?.ending?.killSent = false
    }
  }

  /// Attempts are as they were, as far as anybody knows; nothing can be done about them.
  mutating func shimUnlinked(at now: Moment) {
    shim = .away
    toldLease = .unknown
    attendAll(at: now)
  }

  mutating func hear(_ notice: AgentNotice, of store: StoreID?, at now: Moment) {
    switch notice {
    case .starting(let uid): starting(uid, of: store, at: now)
    case .started(let uid, let since): started(uid, of: store, since: since, at: now)
    case .notStarted(let uid, let reason, let errno):
      over(uid, of: store, .notStarted(reason, errno: errno, at: now.wall), at: now)
    case .ended(let uid, let record): over(uid, of: store, .ended(record), at: now)
    case .frozen(let uid, let time):
      guard held[uid] != nil else { return }
      held[uid]?.frozen = time
      attend(uid, at: now)
    case .stuck(let uid):
      guard let attempt = held[uid], attempt.phase.isActive, !attempt.isStuck else { return }
      held[uid]?.isStuck = true
      tell(uid, .stuck, at: now.wall)
    case .listEnd: listEnd(at: now)
    }
  }

  private mutating func starting(_ uid: AttemptUID, of store: StoreID?, at now: Moment) {
    guard let attempt = held[uid] else {
      return adopt(uid, of: store, .starting(since: now, told: false), at: now)
    }
    held[uid]?.isListed = true
    switch attempt.phase {
    case .queued:
      queue.removeAll { $0 == uid }
      held[uid]?.phase = .starting(since: now, told: false)
      attend(uid, at: now)
    case .missing:
      // It was reported as not here, so that another copy may run already.
      held[uid]?.phase = .starting(since: now, told: true)
      effect(.odd(.unwanted(uid)))
      effect(.kill(uid))
    case .starting, .running, .ended, .notStarted: break
    }
  }

  private mutating func started(
    _ uid: AttemptUID, of store: StoreID?, since: Moment, at now: Moment
  ) {
    guard let attempt = held[uid] else {
      return adopt(uid, of: store, .running(since: since), at: now)
    }
    held[uid]?.isListed = true
    switch attempt.phase {
    case .running: break
    case .queued, .starting:
      // Queued: an earlier life of this worker started it.
      queue.removeAll { $0 == uid }
      held[uid]?.phase = .running(since: since)
      tell(uid, .started, at: since.wall)
      attend(uid, at: now)
    case .missing:
      // It was reported as not here, so that another copy may run already.
      held[uid]?.phase = .running(since: since)
      effect(.odd(.unwanted(uid)))
      effect(.kill(uid))
    case .ended, .notStarted: break
    }
  }

  private mutating func over(
    _ uid: AttemptUID, of store: StoreID?, _ phase: HeldAttempt.Phase, at now: Moment
  ) {
    guard let attempt = held[uid] else { return adopt(uid, of: store, phase, at: now) }
    held[uid]?.isListed = true
    switch attempt.phase {
    case .queued, .starting, .running, .missing:
      queue.removeAll { $0 == uid }
      held[uid]?.phase = phase
      held[uid]?.isStuck = false
      held[uid]?.isInherited = attempt.phase.isQueued
      held[uid]?.reported = nil
      if !attempt.phase.isRunning, case .ended(let record) = phase, let started = record.started {
        tell(uid, .started, at: started.wall)
      }
      if attempt.isAbandoned { return abandon(uid, at: now) }
      attend(uid, at: now)
    case .ended, .notStarted: break
    }
  }

  /// The shim names something this life of the worker knows nothing of. Whether it is wanted only
  /// a full set of its own store can tell; after one, it is not.
  private mutating func adopt(
    _ uid: AttemptUID, of store: StoreID?, _ phase: HeldAttempt.Phase, at now: Moment
  ) {
    hold(uid, phase, nil, of: store)
    held[uid]?.isInherited = true
    recallLease(of: uid, at: now)
    let isLinked = controller == .fresh || controller == .synced
    if let store, let own = self.store, store != own, isLinked {
      estrange(from: own, store)
    } else if phase.isActive, controller == .synced {
      endUnwanted(uid, at: now)
    } else {
      attend(uid, at: now)
    }
  }

  private mutating func listEnd(at now: Moment) {
    guard shim == .listing else { return }
    shim = .ready
    for attempt in inOrder where attempt.phase.isActive && !attempt.isListed {
      miss(attempt.uid, at: now)
    }
    attendAll(at: now)
  }
}

extension HeldAttempt.Phase {
  fileprivate var isQueued: Bool {
    if case .queued = self { true } else { false }
  }

  fileprivate var isRunning: Bool {
    if case .running = self { true } else { false }
  }
}
