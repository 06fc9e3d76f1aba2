extension Agent {
  /// Adds to what will be reported with this step, if somebody is there to hear it. Nothing is lost
  /// otherwise: the answer to the next full set tells the same.
  mutating func tell(_ uid: AttemptUID, _ kind: Observation.Kind, at time: WallTime) {
    guard controller == .synced else { return }
    news.append(Observation(uid: uid, kind: kind, at: time))
  }

  /// Reports an end for the first time on this link, or again.
  mutating func attendEnd(_ uid: AttemptUID, at now: Moment) {
    guard controller == .synced, let attempt = held[uid] else { return schedule(uid, at: nil) }
    let again = attempt.reported.map { $0 + Self.repeatAfter }
    if let again, again > now.monotonic { return schedule(uid, at: again) }
    news += attempt.observations.suffix(1)
    held[uid]?.reported = now.monotonic
    schedule(uid, at: now.monotonic + Self.repeatAfter)
  }

  /// Sends what this step has to tell.
  mutating func report(at now: Moment) {
    defer { news = [] }
    if let sequence = unanswered {
      unanswered = nil
      controller = .synced
      let attempts = inOrder
      effect(.report(attempts.flatMap(\.observations), sequence: sequence, full: true))
      for attempt in attempts where attempt.phase.isOver {
        held[attempt.uid]?.reported = now.monotonic
        attend(attempt.uid, at: now)
      }
    } else if asked != nil || !news.isEmpty {
      effect(.report(news, sequence: asked ?? 0, full: false))
    }
    asked = nil
  }

  /// Whether the controller may be told of this a moment later, together with what comes next: of
  /// starts, for which nobody waits, and of plain successes among what was given before its turn,
  /// as long as more is left to go on with here than has ended. By then an answer is wanted.
  package func mayWait(_ news: [Observation]) -> Bool {
    var ends = 0
    for observation in news {
      switch observation.kind {
      case .started: continue
      case .finished(let outcome):
        guard outcome.exitCode == 0, outcome.cause == .exit, isAhead(observation.uid) else {
          return false
        }
        ends += 1
      case .queued, .starting, .missing, .stuck: return false
      }
    }
    return ends == 0 || ends < queue.count
  }
}

extension HeldAttempt {
  /// Everything there is to say of the attempt, the newest last.
  var observations: [Observation] {
    switch phase {
    case .queued(let at): [sight(.queued, at)]
    case .starting(let since, told: _): [sight(.starting, since.wall)]
    case .running(let since):
      [sight(.started, since.wall)] + (isStuck ? [sight(.stuck, since.wall)] : [])
    case .ended(let record):
      (record.started.map { [sight(.started, $0.wall)] } ?? [])
        + [sight(.finished(outcome(of: record)), record.ended.wall)]
    case .notStarted(let reason, let errno, let at):
      [sight(.finished(outcome(of: reason, errno: errno)), at)]
    case .missing(let at): [sight(.missing, at)]
    }
  }

  private func sight(_ kind: Observation.Kind, _ at: WallTime) -> Observation {
    Observation(uid: uid, kind: kind, at: at)
  }
}
