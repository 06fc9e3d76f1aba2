import HeapModule

extension Agent {
  /// Does what is due for one attempt now, and notes when it next wants something.
  ///
  /// The only code that warns, ends and reminds, so that it does not matter what brought us here:
  /// a timer, news, or a shim that is back.
  mutating func attend(_ uid: AttemptUID, at now: Moment) {
    guard let attempt = held[uid] else { return }
    switch attempt.phase {
    case .queued: schedule(uid, at: nil)
    case .starting(let since, let told):
      attendStart(uid, since: since, told: told, at: now)
    case .running(let since):
      attendRun(uid, since: since.monotonic, at: now)
    case .ended, .notStarted, .missing:
      attendEnd(uid, at: now)
    }
  }

  mutating func attendAll(at now: Moment) {
    for attempt in inOrder { attend(attempt.uid, at: now) }
  }

  mutating func attendDue(at now: Moment) {
    while let next = nextDue(), next <= now.monotonic {
      let due = agenda.removeMin()
      held[due.uid]?.due = nil
      attend(due.uid, at: now)
    }
  }

  /// When something is next due.
  mutating func nextDue() -> Instant? {
    while let due = agenda.min {
      if held[due.uid]?.due == due.at { return due.at }
      agenda.removeMin()
    }
    return nil
  }

  /// Notes when the attempt wants to be attended to; nil: not by the clock.
  mutating func schedule(_ uid: AttemptUID, at due: Instant?) {
    guard held[uid]?.due != due else { return }
    held[uid]?.due = due
    if let due { agenda.insert(Due(at: due, uid: uid)) }
  }

  /// Brings about the end of what is starting or running: TERM, grace, KILL. `within` bounds the
  /// grace, also that of an end which is under way.
  mutating func end(
    _ uid: AttemptUID, _ cause: Cause, text: String = "", within limit: Span? = nil, at now: Moment
  ) {
    guard let attempt = held[uid] else { return }
    if let ending = attempt.ending {
      guard let limit, now.monotonic + limit < ending.killAt else { return }
      held[uid]?.ending?.killAt = now.monotonic + limit
    } else {
      let grace = attempt.assignment?.grace ?? Self.defaultGrace
      held[uid]?.ending = HeldAttempt.Ending(
        cause: cause, killAt: now.monotonic + min(grace, limit ?? grace), text: text)
    }
    attend(uid, at: now)
  }

  private mutating func attendStart(
    _ uid: AttemptUID, since: Moment, told: Bool, at now: Moment
  ) {
    guard shim == .ready else { return schedule(uid, at: nil) }
    var told = told
    let slow = since.monotonic + Self.slowStart
    if !told, now.monotonic >= slow {
      told = true
      held[uid]?.phase = .starting(since: since, told: true)
      tell(uid, .starting, at: since.wall)
    }
    // There is no process yet that could be asked to end; one that comes is, when it has come.
    let kill = killIfDue(uid, at: now)
    schedule(uid, at: [told ? nil : slow, kill].compactMap(\.self).min())
  }

  private mutating func attendRun(_ uid: AttemptUID, since: Instant, at now: Moment) {
    guard shim == .ready, let attempt = held[uid] else { return schedule(uid, at: nil) }
    if attempt.ending == nil {
      attendFreeze(uid)
      guard let assignment = attempt.assignment, let limit = assignment.timeLimit,
        !attempt.frozen.isFrozen
      else { return schedule(uid, at: nil) }
      let end = attempt.end(of: limit, since: since, at: now.monotonic)
      guard now.monotonic >= end else {
        return schedule(uid, at: warn(uid, before: end, at: now) ?? end)
      }
      held[uid]?.ending = Self.timeLimitEnding(of: assignment, limit: end, at: now)
    }
    attendFreeze(uid)
    if let ending = held[uid]?.ending, !ending.termSent {
      held[uid]?.ending?.termSent = true
      effect(.signal(uid, Self.terminate))
    }
    schedule(uid, at: killIfDue(uid, at: now))
  }

  /// Warns of the limit that ends then, if that is due; else says when it will be.
  private mutating func warn(_ uid: AttemptUID, before end: Instant, at now: Moment) -> Instant? {
    guard let attempt = held[uid], !attempt.isWarned, let warning = attempt.assignment?.warning
    else { return nil }
    let due = Instant(
      nanoseconds: end.nanoseconds - Int64(warning.before.milliseconds) * 1_000_000)
    guard now.monotonic >= due else { return due }
    held[uid]?.isWarned = true
    effect(.signal(uid, warning.signal))
    return nil
  }

  /// Has the shim make it stand still, or go on, as is wanted. What is to end must be able to heed
  /// that.
  private mutating func attendFreeze(_ uid: AttemptUID) {
    guard let attempt = held[uid] else { return }
    let isFrozen = attempt.frozen.isFrozen
    let isWanted = attempt.ending == nil && (attempt.assignment?.isFrozen ?? isFrozen)
    guard isWanted != attempt.toldFreeze ?? isFrozen else { return }
    held[uid]?.toldFreeze = isWanted
    effect(.freeze(uid, isWanted))
  }

  /// The grace counts from the limit, whichever life of the worker noticed it first; but a TERM is
  /// always followed by a moment to heed it.
  private static func timeLimitEnding(
    of assignment: Assignment, limit: Instant, at now: Moment
  ) -> HeldAttempt.Ending {
    let least = now.monotonic + min(assignment.grace, .seconds(1))
    return HeldAttempt.Ending(
      cause: .timeLimit, killAt: max(limit + assignment.grace, least), text: "")
  }

  /// Sends KILL if its time has come; else says when it will.
  private mutating func killIfDue(_ uid: AttemptUID, at now: Moment) -> Instant? {
    guard let ending = held[uid]?.ending, !ending.killSent else { return nil }
    guard now.monotonic >= ending.killAt else { return ending.killAt }
    held[uid]?.ending?.killSent = true
    effect(.kill(uid))
    return nil
  }

  private static let terminate: UInt8 = 15
}
