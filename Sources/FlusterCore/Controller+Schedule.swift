/// The placement pass: one order of bands, priorities and age, first fit, skip and continue, and
/// something kept for the oldest work that does not fit.
extension Controller {
  mutating func schedule(at now: Moment) {
    passTimes(at: now)
    wantsSchedule = false
    rooms.refresh(from: state)
    var pass = Pass(now: now.wall, grown: rooms.grown)
    look(at: reservation, in: &pass)
    if reservation == nil, let group = queue.oldestIfBlocked,
      let front = queue.front(of: group, in: state)
    {
      keep(front.rank, &pass)
      pass.hasSeenBlocked = false
    }
    var walk = queue.walk(everything: !pass.grown.isEmpty)
    while hasRoom, !pass.grown.isEmpty || queue.hasFresh, let group = queue.next(in: &walk) {
      place(group, &pass, &walk)
    }
    lookAhead(pass)
    queue.settle()
    rooms.settle()
    expire(at: now)
  }

  /// What a pass remembers.
  struct Pass {
    let now: WallTime
    /// Rooms that have grown since the last pass and are not used up.
    var grown: [Int]
    /// By place in `rooms`: what is kept for the holder of the reservation.
    var shadows: [Int: Shadow] = [:]
    /// The first work in order that does not fit has been seen.
    var hasSeenBlocked = false
  }

  private var hasRoom: Bool { rooms.mostCpuMillis >= queue.leastCpuMillis }

  /// Starts what of one group can be started.
  private mutating func place(_ group: Int, _ pass: inout Pass, _ walk: inout Queue.Walk) {
    if pass.hasSeenBlocked, queue.groups[group].isBlocked, !hasGrown(for: group, pass) { return }
    let shape = queue.groups[group].shape
    guard let rank = queue.groups[group].head else { return }
    while true {
      // What is kept for one is not kept from those that go before it.
      let kept = reservation?.rank
      let holds = kept.map { rank <= $0 } ?? false
      if queue.groups[group].isBlocked, pass.grown.isEmpty { return }
      guard let front = queue.front(of: group, in: state) else { return }
      guard front.rank == rank else { return queue.add(group, to: &walk) }
      guard let places = places(for: front, shape, holds: holds, pass, group) else {
        queue.block(group)
        return keep(rank, &pass)
      }
      for (position, place) in places {
        assign(TaskID(rank.job, position), shape, to: place, holds: rank == kept, &pass)
      }
      if rank == kept { lift(&pass) }
    }
  }

  /// Whether a room that has grown could take something of a group: a cheap question, which most
  /// groups answer with no.
  private func hasGrown(for group: Int, _ pass: Pass) -> Bool {
    guard queue.groups[group].shape.members == nil, let rank = queue.groups[group].head else {
      return true
    }
    let holds = reservation.map { rank <= $0.rank } ?? false
    for place in pass.grown {
      if admits(place, queue.groups[group].shape, holds: holds, pass) { return true }
    }
    return false
  }

  /// Where the front of a group may start: one task, or all of a gang; nil if nowhere.
  private func places(
    for front: (rank: Rank, position: UInt32), _ shape: Shape, holds: Bool, _ pass: Pass,
    _ group: Int
  ) -> [(UInt32, Int)]? {
    if shape.members != nil {
      return state.jobs[front.rank.job].flatMap { gangPlaces(for: $0, shape, holds: holds, pass) }
    }
    let isBlocked = queue.groups[group].isBlocked
    return firstFit(shape, holds: holds, pass, among: isBlocked ? pass.grown : nil)
      .map { [(front.position, $0)] }
  }

  func firstFit(_ shape: Shape, holds: Bool, _ pass: Pass, among places: [Int]?) -> Int? {
    let wishes = shape.needs.constraints.contains { !$0.isHard }
    if wishes {
      let admitted = (places ?? Array(rooms.all.indices))
        .filter { admits($0, shape, holds: holds, pass) }
      return admitted.max { a, b in
        let (x, y) = (score(shape, at: a), score(shape, at: b))
        return x == y ? a > b : x < y
      }
    }
    // Loops: closures over all of this would copy it at every step.
    if let places {
      for place in places where admits(place, shape, holds: holds, pass) { return place }
      return nil
    }
    var next = rooms.next(for: shape.needs, from: 0)
    while let place = next {
      if admits(place, shape, holds: holds, pass) { return place }
      next = rooms.next(for: shape.needs, from: place + 1)
    }
    return nil
  }

  /// How many wishes a room grants.
  func score(_ shape: Shape, at place: Int) -> Int {
    rooms.all[place].worker.score(of: shape.needs.constraints)
  }

  /// Whether one more task of this shape may start in a room, `taken` of them being there already.
  func admits(
    _ place: Int, _ shape: Shape, holds: Bool, _ pass: Pass, taken: Amounts? = nil
  ) -> Bool {
    let charge = shape.needs.charge(on: rooms.all[place].worker.capacity)
    var free = rooms.all[place].free
    if let taken { free.subtract(taken) }
    guard free.covers(charge), rooms.all[place].worker.admits(shape) else { return false }
    guard !holds, var extra = pass.shadows[place]?.extra else { return true }
    if let taken { extra.subtract(taken) }
    return extra.covers(charge) || isOver(shape, before: pass.shadows[place]?.until, pass)
  }

  private func isOver(_ shape: Shape, before time: WallTime?, _ pass: Pass) -> Bool {
    guard let time, let limit = shape.timeLimit else { return false }
    return pass.now + limit <= time
  }

  private mutating func assign(
    _ task: TaskID, _ shape: Shape, to place: Int, holds: Bool, _ pass: inout Pass
  ) {
    let charge = shape.needs.charge(on: rooms.all[place].worker.capacity)
    if !holds, let until = pass.shadows[place]?.until, isOver(shape, before: until, pass) {
      // It is gone before what is kept is wanted.
    } else if !holds {
      pass.shadows[place]?.extra.subtract(charge)
    }
    assign(task, charge, to: place, isAhead: false, pass)
    let least = queue.leastCpuMillis
    pass.grown.removeAll { rooms.all[$0].free.cpuMillis < least }
  }

  /// The next attempt of the task is the worker's.
  mutating func assign(
    _ task: TaskID, _ charge: Amounts, to place: Int, isAhead: Bool, _ pass: Pass
  ) {
    let uid = AttemptUID(high: random.next(), low: random.next())
    let number = state.jobs[task.job]?.records[task.position]?.attempts ?? 0
    record(
      .assigned(
        OpenAttempt(
          uid: uid, task: task, number: number, worker: rooms.all[place].worker.id, charge: charge,
          assigned: pass.now, isAhead: isAhead)))
    effect(.run(uid))
  }

  /// Ends what has found no place in time. It had this pass to find one; what is held, or waits for
  /// others of its own array or for other jobs, did not wait for a place.
  private mutating func expire(at now: Moment) {
    for id in queue.waits.takeTimeouts(at: now.wall) {
      guard let job = state.jobs[id] else { continue }
      let isThrottled = job.request.array.throttle.map { job.progress.counts.active >= $0 } ?? false
      let isKept =
        job.progress.held || isThrottled || state.dependents.isWaiting(id)
        || queue.waits.isEarly(id)
      if isKept || !job.progress.heldTasks.isEmpty { queue.waits.postpone(id) }
      guard !isKept else { continue }
      let waiting = job.progress.pending
      end(waiting, of: id, as: .unschedulable)
      if !waiting.isEmpty { gangFails(with: id) }
      finishIfOver(id, at: now)
    }
  }
}

/// What is kept for the oldest work that does not fit.
extension Controller {
  /// Takes up the reservation as it stands, or lets it go if nobody waits for it any more.
  private mutating func look(at reservation: Reservation?, in pass: inout Pass) {
    guard let reservation else { return }
    guard let job = state.jobs[reservation.rank.job], job.rank == reservation.rank, job.mayWait,
      Shape(of: job) == reservation.shape, let shadows = rooms.shadows(of: reservation)
    else { return lift(&pass) }
    pass.shadows = shadows
  }

  /// Keeps something for the first in order that does not fit, once it has waited long enough.
  private mutating func keep(_ rank: Rank, _ pass: inout Pass) {
    guard !pass.hasSeenBlocked else { return }
    pass.hasSeenBlocked = true
    if let reservation, reservation.rank <= rank { return }
    guard let job = state.jobs[rank.job], job.submitted + Reservation.patience <= pass.now else {
      return
    }
    guard let kept = reservation(for: job) else {
      // It could never run as things are: the next one may have the place.
      pass.hasSeenBlocked = false
      return
    }
    lift(&pass)
    reservation = kept
    look(at: kept, in: &pass)
  }

  /// Lets go what was kept: others may have it.
  private mutating func lift(_ pass: inout Pass) {
    for place in pass.shadows.keys.sorted() where !pass.grown.contains(place) {
      pass.grown.append(place)
    }
    pass.grown.sort()
    pass.shadows.removeAll()
    for (worker, _) in reservation?.places ?? [] { rooms.touch(worker) }
    if reservation != nil { wantsSchedule = true }
    reservation = nil
  }
}

extension Job {
  /// It has something that waits for nothing but a place.
  fileprivate var mayWait: Bool {
    guard !progress.held else { return false }
    if request.options.gang != nil { return waitingGang != nil }
    return !progress.pending.isEmpty || records.values.contains(where: \.mayStart)
  }
}

extension WorkerRecord {
  /// Whether work of this shape may be given to it at all.
  func admits(_ shape: Shape) -> Bool {
    serves(shape.owner) && meets(shape.needs.constraints)
  }
}
