extension Agent {
  mutating func link(to offered: StoreID) {
    backlog = []
    unanswered = nil
    asked = nil
    store = offered
    controller = .fresh
    if let foreign = foreignStore(to: offered) { return estrange(from: offered, foreign) }
    // What the shim never had is nobody's loss.
    for attempt in inOrder where attempt.store != offered && !attempt.phase.isWithShim {
      forget(attempt.uid)
    }
  }

  /// What the controller with the store `offered` wants is not the business of what is held here.
  mutating func estrange(from offered: StoreID, _ foreign: StoreID) {
    controller = .foreign
    backlog = []
    unanswered = nil
    asked = nil
    effect(.odd(.foreignStore(held: foreign, offered: offered)))
  }

  mutating func unlink() {
    controller = .away
    // What was not followed yet comes again with the next full set.
    backlog = []
    unanswered = nil
    asked = nil
    for uid in held.keys { held[uid]?.reported = nil }
  }

  /// Nothing can be answered truthfully before the shim has told what it holds.
  mutating func receive(_ desired: Desired) {
    guard controller == .fresh || controller == .synced else { return }
    if desired.isFull { backlog = [] }
    backlog.append(desired)
  }

  mutating func followBacklog(at now: Moment) {
    let pending = backlog
    backlog = []
    for desired in pending { follow(desired, at: now) }
  }

  private mutating func follow(_ desired: Desired, at now: Moment) {
    let keeps = Set(desired.keeps)
    for run in desired.runs { take(run, mayStart: !keeps.contains(run.uid), at: now) }
    for uid in desired.keeps where held[uid] == nil { miss(uid, at: now) }
    if desired.isFull {
      endUnlisted(by: desired, at: now)
      unanswered = desired.sequence
    }
    if desired.asks { asked = desired.sequence }
    for stop in desired.stops { follow(stop, at: now) }
    for uid in desired.recalls { giveBack(uid, at: now) }
    for uid in desired.acknowledged { acknowledge(uid) }
    for signal in desired.signals {
      if case .running = held[signal.uid]?.phase { effect(.signal(signal.uid, signal.number)) }
    }
  }

  private mutating func take(_ run: Assignment, mayStart: Bool, at now: Moment) {
    if let attempt = held[run.uid] {
      held[run.uid]?.assignment = run
      // Nobody could know that it would be over by now: the grace begins now, too.
      if let old = attempt.assignment, attempt.isOver(run.timeLimit, at: now),
        !attempt.isOver(old.timeLimit, at: now)
      {
        end(run.uid, .timeLimit, at: now)
      }
      attend(run.uid, at: now)
    } else if !run.isStartable || !mayStart {
      miss(run.uid, at: now)
    } else if !capacity.covers(run.charge) {
      effect(.odd(.neverFits(run.uid)))
      miss(run.uid, at: now)
    } else {
      hold(run.uid, .queued(at: now.wall), run, of: store)
      queue.append(run.uid)
    }
  }

  /// Says that the attempt is not here, until that is acknowledged.
  mutating func miss(_ uid: AttemptUID, at now: Moment) {
    if held[uid] == nil { hold(uid, .missing(at: now.wall), nil, of: store) }
    queue.removeAll { $0 == uid }
    held[uid]?.phase = .missing(at: now.wall)
    attend(uid, at: now)
  }

  /// What a full set does not list is a zombie.
  private mutating func endUnlisted(by desired: Desired, at now: Moment) {
    var listed = Set(desired.keeps)
    listed.formUnion(desired.runs.map(\.uid))
    listed.formUnion(desired.stops.map(\.uid))
    for attempt in inOrder where !listed.contains(attempt.uid) {
      switch attempt.phase {
      case .queued: forget(attempt.uid)
      case .starting, .running: endUnwanted(attempt.uid, at: now)
      case .ended, .notStarted, .missing: break
      }
    }
  }

  /// Ends what nobody wants.
  mutating func endUnwanted(_ uid: AttemptUID, at now: Moment) {
    guard held[uid]?.ending == nil else { return }
    effect(.odd(.unwanted(uid)))
    end(uid, .killed, text: "the controller did not want it any more", at: now)
  }

  /// Ends and forgets what is held of a store, without anybody being told how it ended.
  mutating func abandon(_ store: StoreID, at now: Moment) {
    for uid in uids(of: store) { abandon(uid, at: now) }
  }

  mutating func abandon(_ uid: AttemptUID, at now: Moment) {
    switch held[uid]?.phase {
    case nil: break
    case .queued, .missing: forget(uid)
    case .ended, .notStarted:
      effect(.acknowledge(uid))
      forget(uid)
    case .starting, .running:
      held[uid]?.isAbandoned = true
      end(uid, .killed, at: now)
    }
  }

  private mutating func follow(_ stop: Desired.Stop, at now: Moment) {
    switch held[stop.uid]?.phase {
    case nil, .queued: miss(stop.uid, at: now)
    case .starting, .running: end(stop.uid, stop.cause, at: now)
    case .ended(let record):
      // An earlier life of this worker may have carried out this very order.
      guard let attempt = held[stop.uid], attempt.isInherited, attempt.ending == nil,
        record.wasTerminated
      else { return }
      held[stop.uid]?.ending = HeldAttempt.Ending(
        cause: stop.cause, killAt: now.monotonic, text: "", termSent: true, killSent: true)
    case .notStarted, .missing: break
    }
  }

  /// What has not begun is somebody else's; one that never came must not begin when it does.
  private mutating func giveBack(_ uid: AttemptUID, at now: Moment) {
    switch held[uid]?.phase {
    case nil, .queued: miss(uid, at: now)
    case .starting, .running, .ended, .notStarted, .missing: break
    }
  }

  private mutating func acknowledge(_ uid: AttemptUID) {
    switch held[uid]?.phase {
    case nil: break
    case .ended, .notStarted:
      effect(.acknowledge(uid))
      forget(uid)
    case .missing: forget(uid)
    case .queued, .starting, .running: effect(.odd(.earlyAcknowledgement(uid)))
    }
  }
}
