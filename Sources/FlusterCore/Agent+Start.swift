extension Agent {
  /// What no started attempt holds. Derived, never counted.
  package var free: Amounts {
    var free = capacity
    for attempt in held.values where attempt.phase.isActive {
      if let charge = attempt.assignment?.charge { free.subtract(charge) }
    }
    return free
  }

  /// Starts attempts in the order given, as long as the next one fits.
  mutating func startNext(at now: Moment) {
    guard shim == .ready, !queue.isEmpty else { return }
    var free = free
    var count = 0
    for uid in queue {
      guard let assignment = held[uid]?.assignment, free.covers(assignment.charge) else { break }
      free.subtract(assignment.charge)
      held[uid]?.phase = .starting(since: now, told: false)
      effect(.spawn(uid))
      attend(uid, at: now)
      count += 1
    }
    queue.removeFirst(count)
  }

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
