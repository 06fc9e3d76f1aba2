/// Everything that must hold between two steps, derived from scratch.
package enum Invariants {
  /// The sentences of all that does not hold; empty when the controller is sound.
  package static func violations(in controller: Controller) -> [String] {
    let state = controller.state
    return state.jobs.flatMap { violations(of: $0, in: state) } + attempts(in: state)
      + workers(in: state) + links(in: state) + families(in: state) + keys(in: state)
      + dependents(in: state) + controller.rooms.violations(in: state)
      + endpoints(in: state)
  }

  private static func violations(of job: Job, in state: State) -> [String] {
    var found: [String] = []
    func check(_ holds: Bool, _ sentence: String) {
      if !holds { found.append("job \(job.id): \(sentence)") }
    }
    check(job.id < state.nextJob, "its id was not given out yet")
    let sets =
      [
        job.progress.pending, job.progress.heldTasks, job.progress.killedTasks,
        job.progress.unschedulableTasks,
      ]
      + TaskState.allCases.compactMap { job.failedTasks[$0] }
      + [RangeSet(job.records.keys.map { $0..<($0 + 1) })]
    var union = RangeSet<UInt32>()
    for set in sets {
      check(union.isDisjoint(set), "a task is in two places at once")
      union.formUnion(set)
    }
    check(
      union.isSubset(of: RangeSet(job.request.array.positions)), "it holds tasks it does not have")
    let counts = derivedCounts(of: job, others: union)
    check(counts == job.progress.counts, "counts are \(job.progress.counts), not \(counts)")
    check(counts.unfinished > 0, "all its tasks are final and it has not ended")
    if let throttle = job.request.array.throttle {
      check(counts.active <= throttle, "more than \(throttle) of its tasks run")
    }
    if job.request.options.gang != nil, counts.pending > 0 {
      let wanted = job.records.values.compactMap(\.open).contains { uid in
        state.attempts[uid].map { $0.stop == nil } ?? false
      }
      check(!wanted, "a part of its gang is placed, and is not being ended")
    }
    for position in job.records.keys.sorted() {
      if let record = job.records[position] {
        found += violations(of: record, at: TaskID(job.id, position), in: state, job)
      }
    }
    return found
  }

  private static func derivedCounts(of job: Job, others: RangeSet<UInt32>) -> StateCounts {
    var counts = StateCounts()
    counts.pending = job.progress.pending.elementCount + job.progress.heldTasks.elementCount
    counts.killed = job.progress.killedTasks.elementCount
    counts.unschedulable = job.progress.unschedulableTasks.elementCount
    for (state, positions) in job.failedTasks { counts[state] += positions.elementCount }
    for record in job.records.values { counts[record.state] += 1 }
    counts.succeeded = job.request.array.count - others.elementCount
    return counts
  }

  private static func violations(
    of record: TaskRecord, at task: TaskID, in state: State, _ job: Job
  ) -> [String] {
    var found: [String] = []
    func check(_ holds: Bool, _ sentence: String) {
      if !holds { found.append("task \(task.job).\(task.position): \(sentence)") }
    }
    check(!record.state.isFinal, "it is final and still has a record")
    check(record.failures <= job.request.retries, "it failed more often than its budget")
    check(record.preemptions <= job.request.retriesLost, "it was lost more often than its budget")
    check(
      record.attempts >= record.failures + record.preemptions, "it has more endings than attempts")
    check(record.state.isActive == (record.open != nil), "it is \(record.state.word), open or not")
    if let uid = record.open {
      let attempt = state.attempts[uid]
      check(attempt?.task == task, "its open attempt is not its own")
      check(attempt?.state == record.state, "its attempt is in another state")
      check(attempt?.number == record.attempts - 1, "its attempt has the wrong number")
    } else {
      check(
        job.progress.killed == nil, "its job was killed and it still waits for another attempt")
    }
    return found
  }

  private static func families(in state: State) -> [String] {
    var derived = Families()
    var found: [String] = []
    for id in state.jobs.keys {
      guard let job = state.jobs[id] else { continue }
      _ = derived.add(job)
      guard let lineage = job.lineage else { continue }
      if lineage.ancestors.count >= Lineage.maximumDepth {
        found.append("job \(id): it is deeper than a tree may be")
      }
      if let parent = state.jobs[lineage.parent.job], parent.request.owner != job.request.owner {
        found.append("job \(id): its parent \(parent.id) is another user's")
      }
    }
    if derived != state.families { found.append("the families are not those of the jobs") }
    return found
  }

  private static func endpoints(in state: State) -> [String] {
    var derived = Endpoints()
    var found: [String] = []
    for uid in state.endpoints.attempts {
      let own = state.endpoints.list(of: uid)
      guard let task = state.attempts[uid]?.task else {
        found.append("attempt \(uid): is not open and has \(own.count) endpoints")
        continue
      }
      if own.isEmpty || own.count > Endpoint.maximumPerAttempt {
        found.append("attempt \(uid): has \(own.count) endpoints")
      }
      for endpoint in own {
        derived.add(endpoint, of: task, in: state.namespace(of: task.job))
        if let refusal = endpoint.refusal { found.append("attempt \(uid): \(refusal.message)") }
      }
    }
    if derived != state.endpoints { found.append("the endpoints are not those of the attempts") }
    return found
  }

  /// Of the jobs under one key at most the first has begun: the others wait until it is gone.
  private static func keys(in state: State) -> [String] {
    var derived = Keys()
    var firsts: [OwnedKey: Job] = [:]
    var found: [String] = []
    for job in state.jobs {
      derived.add(job)
      guard let key = job.request.ownedKey else { continue }
      guard let first = firsts[key] else {
        firsts[key] = job
        continue
      }
      if state.predecessor(of: job) != first.id || !job.records.isEmpty {
        found.append("job \(job.id): it does not wait for job \(first.id), which has its key")
      }
    }
    if !derived.hasSameJobs(as: state.keys) { found.append("the keys are not those of the jobs") }
    return found
  }

  /// Who waits has not begun, and waits for what can still be met.
  private static func dependents(in state: State) -> [String] {
    var derived = Dependents()
    var found: [String] = []
    for job in state.jobs {
      derived.add(job, among: state.jobs)
      if !state.dependents.isWaiting(job.id) {
        if job.wantsFailure && !job.progress.hasSeenFailure {
          found.append("job \(job.id): all has succeeded that it wants to see fail")
        }
        continue
      }
      if !job.records.isEmpty || job.progress.counts.succeeded > 0 {
        found.append("job \(job.id): it waits for another and has begun")
      }
      for dependency in job.request.options.dependencies where dependency.kind == .afterOK {
        guard let target = state.jobs[dependency.target.job] else { continue }
        let positions = dependency.target.indices.flatMap {
          target.request.array.positions(within: $0)
        }
        if (positions ?? target.request.array.positions).contains(where: {
          target.state(of: $0).isFinal && target.state(of: $0) != .succeeded
        }) {
          found.append("job \(job.id): it waits for what cannot succeed")
        }
      }
    }
    if derived != state.dependents { found.append("who waits for whom is not what the jobs say") }
    return found
  }

  private static func attempts(in state: State) -> [String] {
    state.attempts.keys.sorted().compactMap { uid in
      guard let attempt = state.attempts[uid] else { return nil }
      guard state.jobs[attempt.task.job]?.records[attempt.task.position]?.open == uid else {
        return "attempt \(uid): its task knows nothing of it"
      }
      guard state.workers[attempt.worker]?.open.contains(uid) == true else {
        return "attempt \(uid): worker \(attempt.worker) knows nothing of it"
      }
      return nil
    }
  }

  private static func workers(in state: State) -> [String] {
    state.workers.keys.sorted().flatMap { id -> [String] in
      guard let worker = state.workers[id] else { return [] }
      var found: [String] = []
      var used = Amounts.none
      var waitsAhead = false
      for uid in worker.open {
        guard let attempt = state.attempts[uid], attempt.worker == id else {
          found.append("worker \(id): lists attempt \(uid), which is not open on it")
          continue
        }
        if !attempt.waitsAhead { used.add(attempt.charge) }
        waitsAhead = waitsAhead || attempt.waitsAhead
      }
      if Set(worker.open).count != worker.open.count {
        found.append("worker \(id): lists an attempt twice")
      }
      var free = worker.record.capacity
      free.subtract(used)
      let left = state.free(on: id)
      if waitsAhead ? !free.covers(left) : free != left {
        found.append("worker \(id): its room does not add up")
      }
      return found
    }
  }

  private static func links(in state: State) -> [String] {
    let broken = state.links.keys.sorted().filter { link in
      state.links[link].flatMap { state.workers[$0]?.link } != link
    }
    let orphans = state.workers.keys.sorted().filter { id in
      state.workers[id]?.link.map { state.links[$0] != id } ?? false
    }
    return broken.map { "connection \($0.number) leads to no worker" }
      + orphans.map { "worker \($0) has a connection that leads elsewhere" }
  }
}

extension Job {
  /// It is to be started after a failure.
  fileprivate var wantsFailure: Bool {
    request.options.dependencies.contains { $0.kind == .afterFail }
  }
}
