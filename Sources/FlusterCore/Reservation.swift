/// What is kept for the oldest work that does not fit, so that a stream of smaller tasks cannot
/// starve it: the shadow reservation of EASY backfilling (Lifka 1995; Mu'alem and Feitelson 2001).
struct Reservation: Sendable {
  /// Kept for a job that has waited at least so long.
  static let patience = Span.seconds(10)

  let rank: Rank
  /// How many of its tasks each worker is to take, by worker id.
  let places: [(worker: WorkerID, tasks: UInt32)]
}

/// What others may still have of a worker on which something is kept.
struct Shadow: Sendable {
  /// What is kept is free by then; nil: nobody knows when.
  let until: WallTime?
  /// What is left beside it even then.
  var extra: Amounts
}

/// One place for one task on a worker, and when it will be free.
private struct Slot: Comparable {
  /// nil: not known.
  let free: WallTime?
  /// So many attempts have to end first.
  let endings: Int
  let worker: WorkerID

  static func < (a: Slot, b: Slot) -> Bool {
    switch (a.free, b.free) {
    case (let a?, let b?) where a != b: return a < b
    case (.some, nil): return true
    case (nil, .some): return false
    default: return (a.endings, a.worker) < (b.endings, b.worker)
    }
  }
}

extension Controller {
  /// Keeps the places for `job` that will be free first; nil if no worker could ever take it.
  func reservation(for job: Job) -> Reservation? {
    let shape = Shape(of: job)
    let count = Int(shape.members == nil ? 1 : job.progress.counts.pending)
    var best: (latest: Slot, slots: [Slot])?
    for places in candidates(for: shape) {
      let free = places.flatMap { slots(for: shape, count, on: rooms.all[$0].worker) }.sorted()
      guard free.count >= count else { continue }
      let chosen = Array(free.prefix(count))
      if let latest = chosen.last, best.map({ latest < $0.latest }) ?? true {
        best = (latest, chosen)
      }
    }
    guard let best else { return nil }
    let workers = best.slots.map(\.worker).sorted()
    var places: [(worker: WorkerID, tasks: UInt32)] = []
    for worker in workers {
      if places.last?.worker == worker {
        places[places.count - 1].tasks += 1
      } else {
        places.append((worker, 1))
      }
    }
    return Reservation(rank: job.rank, places: places)
  }

  /// When each of up to `count` tasks could start on a worker as its attempts end.
  private func slots(for shape: Shape, _ count: Int, on worker: WorkerRecord) -> [Slot] {
    let charge = shape.needs.charge(on: worker.capacity)
    let most = shape.members?.gang.spread == true ? 1 : count
    var free = state.free(on: worker.id)
    var slots: [Slot] = []
    func fill(_ time: WallTime?, _ endings: Int) {
      while slots.count < most, free.covers(charge) {
        free.subtract(charge)
        slots.append(Slot(free: time, endings: endings, worker: worker.id))
      }
    }
    fill(WallTime(milliseconds: 0), 0)
    for (place, attempt) in byEnd(on: worker.id).enumerated() where slots.count < most {
      free.add(attempt.charge)
      fill(expectedEnd(of: attempt), place + 1)
    }
    return slots
  }

  /// What others may have of the workers on which `reservation` keeps something.
  func shadows(of reservation: Reservation, for shape: Shape) -> [WorkerID: Shadow] {
    var shadows: [WorkerID: Shadow] = [:]
    for (worker, tasks) in reservation.places {
      guard let record = state.workers[worker]?.record else { continue }
      let charge = shape.needs.charge(on: record.capacity)
      var kept = Amounts.none
      for _ in 0..<tasks { kept.add(charge) }
      var free = state.free(on: worker)
      var until: WallTime? = WallTime(milliseconds: 0)
      for attempt in byEnd(on: worker) where !free.covers(kept) {
        free.add(attempt.charge)
        until = expectedEnd(of: attempt)
      }
      free.subtract(kept)
      shadows[worker] = Shadow(until: until, extra: free)
    }
    return shadows
  }

  /// A worker's open attempts, the first to end first; those that may run for ever last.
  private func byEnd(on worker: WorkerID) -> [OpenAttempt] {
    let open = (state.workers[worker]?.open ?? []).compactMap { state.attempts[$0] }
    return open.map { ($0, expectedEnd(of: $0)) }.enumerated().sorted { a, b in
      switch (a.element.1, b.element.1) {
      case (let x?, let y?) where x != y: x < y
      case (.some, nil): true
      case (nil, .some): false
      default: a.offset < b.offset
      }
    }.map(\.element.0)
  }

  /// By when an attempt is over at the latest; nil if it has no time limit.
  func expectedEnd(of attempt: OpenAttempt) -> WallTime? {
    guard let request = state.jobs[attempt.task.job]?.request, let limit = request.timeLimit else {
      return nil
    }
    return (attempt.started ?? attempt.assigned) + limit + request.grace
  }
}
