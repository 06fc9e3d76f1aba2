/// Giving workers more than fits, of what is short and next in order, and taking it back.
extension Controller {
  /// Ends a pass: takes back what is better placed elsewhere, or in whose place something better is
  /// to stand, then fills up where something has ended.
  mutating func lookAhead(_ pass: Pass) {
    if !lookAhead.isEmpty { takeBack(pass) }
    guard !lookAhead.knowsNone else { return }
    for place in rooms.grown { fill(place, pass) }
  }

  private mutating func fill(_ place: Int, _ pass: Pass) {
    while let (shape, rank, position) = nextAhead(for: place) {
      // What is kept for an array that has waited for long is its own.
      if pass.shadows[place] != nil, let reservation, reservation.rank < rank { return }
      let charge = shape.needs.charge(on: rooms.all[place].worker.capacity)
      let most = slots(of: shape, in: place) * LookAhead.perSlot
      guard rooms.all[place].waiting < most, !rooms.all[place].free.covers(charge) else { return }
      assign(TaskID(rank.job, position), charge, to: place, isAhead: true, pass)
    }
  }

  /// The next task in order that a worker could run, if it may be given before its turn. Nobody is
  /// passed: where the first that this worker could serve may not, none may.
  private mutating func nextAhead(for place: Int) -> (Shape, Rank, UInt32)? {
    for head in queue.heads(LookAhead.mostHeads) {
      let shape = queue.groups[head.group].shape
      guard couldServe(shape, in: place), let front = queue.front(of: head.group, in: state) else {
        continue
      }
      guard front.rank == head.rank, shape.members == nil, lookAhead.isShort(front.rank.job) else {
        return nil
      }
      return (shape, front.rank, front.position)
    }
    return nil
  }

  /// How many short tasks of this shape run in a room.
  private func slots(of shape: Shape, in place: Int) -> Int {
    rooms.all[place].uses.count { use in
      guard use.holds, let task = state.attempts[use.attempt]?.task, lookAhead.isShort(task.job),
        let job = state.jobs[task.job]
      else { return false }
      return Shape(of: job) == shape
    }
  }

  /// A room could take one of this shape if it were empty.
  private func couldServe(_ shape: Shape, in place: Int) -> Bool {
    let worker = rooms.all[place].worker
    return worker.admits(shape)
      && worker.capacity.covers(shape.needs.charge(on: worker.capacity))
  }
}

/// Taking back: what has begun by the time the worker hears of it goes on.
extension Controller {
  private mutating func takeBack(_ pass: Pass) {
    let heads = queue.heads(LookAhead.mostHeads)
    for id in lookAhead.jobs {
      guard let job = state.jobs[id] else { continue }
      if job.progress.held {
        recall(lookAhead.given(of: id))
        continue
      }
      let inTheWay = lookAhead.given(of: id).filter { uid in
        guard let worker = state.attempts[uid]?.worker else { return false }
        return stands(job.rank, before: heads, on: worker, pass)
      }
      recall(inTheWay)
      recall(whatFitsElsewhere(of: job, pass))
    }
  }

  /// Whether something better placed waits for a worker, or has it kept, where work of this rank
  /// was given before its turn; or the worker is to have no new work at all, and so has no room.
  private func stands(
    _ rank: Rank, before heads: [Queue.Head], on worker: WorkerID, _ pass: Pass
  ) -> Bool {
    guard let place = rooms.place(of: worker) else { return true }
    if pass.shadows[place] != nil, let reservation, reservation.rank < rank { return true }
    for head in heads {
      guard head.rank < rank else { return false }
      if couldServe(queue.groups[head.group].shape, in: place) { return true }
    }
    return false
  }

  /// As much of what waits at a worker as there is room for on another.
  private func whatFitsElsewhere(of job: Job, _ pass: Pass) -> [AttemptUID] {
    let shape = Shape(of: job)
    let holds = reservation.map { job.rank <= $0.rank } ?? false
    guard let place = firstFit(shape, holds: holds, pass, among: pass.grown) else { return [] }
    let charge = shape.needs.charge(on: rooms.all[place].worker.capacity)
    let waiting = lookAhead.given(of: job.id).filter { isWaiting($0) }
    var free = rooms.all[place].free
    var count = -lookAhead.recalls(of: job.id)
    while free.covers(charge), count < waiting.count {
      free.subtract(charge)
      count += 1
    }
    return Array(waiting.prefix(max(0, count)))
  }

  /// It was given before its turn, and that has not come.
  private func isWaiting(_ uid: AttemptUID) -> Bool {
    guard let attempt = state.attempts[uid], let place = rooms.place(of: attempt.worker) else {
      return false
    }
    return rooms.all[place].uses.contains { $0.attempt == uid && !$0.holds }
  }

  private mutating func recall(_ attempts: [AttemptUID]) {
    for uid in attempts {
      guard let attempt = state.attempts[uid], attempt.stop == nil,
        state.workers[attempt.worker]?.link != nil
      else { continue }
      lookAhead.recall(uid)
      effect(.recall(attempt.worker, uid))
    }
  }
}
