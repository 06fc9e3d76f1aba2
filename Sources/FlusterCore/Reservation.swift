/// What is kept for the oldest work that does not fit, so that a stream of smaller tasks cannot
/// starve it: the shadow reservation of EASY backfilling (Lifka 1995; Mu'alem and Feitelson 2001).
struct Reservation: Sendable {
  /// Kept for a job that has waited at least so long.
  static let patience = Span.seconds(10)

  let rank: Rank
  /// What it is kept for; a job that has become another needs another.
  let shape: Shape
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

/// A place for one task on a worker, and when it will be free.
private struct Slot: Comparable {
  /// nil: not known.
  let free: WallTime?
  /// So many attempts have to end first.
  let endings: Int
  /// Its place in `rooms`, which is the order of workers.
  let room: Int

  static func < (a: Slot, b: Slot) -> Bool {
    switch (a.free, b.free) {
    case (let a?, let b?) where a != b: return a < b
    case (.some, nil): return true
    case (nil, .some): return false
    default: return (a.endings, a.room) < (b.endings, b.room)
    }
  }
}

extension Controller {
  /// Keeps the places for `job` that will be free first; nil if no worker could ever take it.
  func reservation(for job: Job) -> Reservation? {
    let shape = Shape(of: job)
    let count = Int(shape.members == nil ? 1 : job.progress.counts.pending)
    var best: [Slot] = []
    if shape.members == nil {
      best = rooms.earliest(count, for: shape, among: rooms.all.indices)
    } else {
      for set in candidates(for: shape) {
        let slots = rooms.earliest(count, for: shape, among: set)
        guard let latest = slots.last else { continue }
        if best.last.map({ latest < $0 }) ?? true { best = slots }
      }
    }
    guard !best.isEmpty else { return nil }
    var places: [(worker: WorkerID, tasks: UInt32)] = []
    for room in best.map(\.room).sorted() {
      let worker = rooms.all[room].worker.id
      if places.last?.worker == worker {
        places[places.count - 1].tasks += 1
      } else {
        places.append((worker, 1))
      }
    }
    return Reservation(rank: job.rank, shape: shape, places: places)
  }
}

extension Rooms {
  /// The `count` slots that will be free first, in order; none if there are fewer.
  fileprivate func earliest(
    _ count: Int, for shape: Shape, among places: some Sequence<Int>
  ) -> [Slot] {
    var chosen: [Slot] = []
    // With `count` at hand, one that is not free before this is of no use.
    var latest: Slot?
    for place in places {
      if let latest, latest <= Slot(free: all[place].firstEnd, endings: 1, room: place),
        !all[place].takes(shape.needs)
      {
        continue
      }
      chosen += slots(for: shape, count, in: place)
      guard chosen.count >= (latest == nil ? count : 2 * count) else { continue }
      chosen.sort()
      chosen.removeLast(chosen.count - count)
      latest = chosen.last
    }
    chosen.sort()
    return chosen.count < count ? [] : Array(chosen.prefix(count))
  }

  /// When each of up to `count` tasks could start in a room as its attempts end.
  private func slots(for shape: Shape, _ count: Int, in place: Int) -> [Slot] {
    guard all[place].worker.admits(shape) else { return [] }
    let charge = shape.needs.charge(on: all[place].worker.capacity)
    guard all[place].worker.capacity.covers(charge) else { return [] }
    let most = shape.members?.gang.spread == true ? 1 : count
    var free = all[place].free
    var slots: [Slot] = []
    func fill(_ time: WallTime?, _ endings: Int) {
      while slots.count < most, free.covers(charge) {
        free.subtract(charge)
        slots.append(Slot(free: time, endings: endings, room: place))
      }
    }
    fill(WallTime(milliseconds: 0), 0)
    guard slots.count < most else { return slots }
    for (number, use) in all[place].usesByEnd.enumerated() where slots.count < most {
      free.add(use.charge)
      fill(use.end, number + 1)
    }
    return slots
  }

  /// What others may have of the workers on which `reservation` keeps something, by place; nil if
  /// one of them takes no work any more.
  func shadows(of reservation: Reservation) -> [Int: Shadow]? {
    var shadows: [Int: Shadow] = [:]
    for (worker, tasks) in reservation.places {
      guard let place = place(of: worker) else { return nil }
      let charge = reservation.shape.needs.charge(on: all[place].worker.capacity)
      var kept = Amounts.none
      for _ in 0..<tasks { kept.add(charge) }
      var free = all[place].free
      var until: WallTime? = WallTime(milliseconds: 0)
      for use in all[place].usesByEnd where !free.covers(kept) {
        free.add(use.charge)
        until = use.end
      }
      free.subtract(kept)
      shadows[place] = Shadow(until: until, extra: free)
    }
    return shadows
  }
}

extension State {
  /// By when an attempt is over at the latest; nil if it has no time limit, or has stood still.
  func expectedEnd(of attempt: OpenAttempt) -> WallTime? {
    guard attempt.freeze == .never, let request = jobs[attempt.task.job]?.request,
      let limit = request.timeLimit
    else { return nil }
    return (attempt.started ?? attempt.assigned) + limit + request.grace
  }
}
