extension Agent {
  /// What no started attempt holds. Derived, never counted.
  package var free: Amounts {
    var free = capacity
    for attempt in held.values where attempt.phase.isActive {
      if let charge = attempt.assignment?.charge { free.subtract(charge) }
    }
    return free
  }

  /// Starts attempts in the order given, as long as the next one fits: first those for which the
  /// controller keeps room, then those that were given before their turn.
  mutating func startNext(at now: Moment) {
    guard shim == .ready, !queue.isEmpty else { return }
    var free = free
    let inTurn = queue.filter { held[$0]?.isAhead != true }
    let ordered = inTurn.count == queue.count ? queue : inTurn + queue.filter { isAhead($0) }
    var begun: Set<AttemptUID> = []
    for uid in ordered {
      guard let assignment = held[uid]?.assignment, free.covers(assignment.charge) else { break }
      free.subtract(assignment.charge)
      held[uid]?.phase = .starting(since: now, told: false)
      effect(.spawn(uid))
      attend(uid, at: now)
      begun.insert(uid)
    }
    if !begun.isEmpty { queue.removeAll { begun.contains($0) } }
  }

  /// It was given before its turn.
  func isAhead(_ uid: AttemptUID) -> Bool { held[uid]?.isAhead ?? false }

  /// What runs goes on; what could never start any more goes back.
  mutating func resize(to capacity: Amounts, at now: Moment) {
    self.capacity = capacity
    for uid in queue {
      guard let assignment = held[uid]?.assignment, !capacity.covers(assignment.charge) else {
        continue
      }
      effect(.odd(.neverFits(uid)))
      miss(uid, at: now)
    }
  }
}
