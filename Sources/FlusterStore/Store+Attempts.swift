import FlusterCore

/// The life of an attempt, and what its end leaves of its task.
extension Store {
  func insert(_ attempt: OpenAttempt) throws(StoreError) {
    try statements.insertAttempt.run {
      AttemptColumns.put(attempt, sequence: nextSequence, into: &$0)
    }
    nextSequence += 1
    let owner = try owner(of: attempt.task.job)
    charges.add(attempts: 1, to: owner)
    guard attempt.number >= AttemptCharge.kept else { return }
    let forgotten = try statements.deleteAttempt.run { parameters in
      put(attempt.task, into: &parameters)
      parameters.put(attempt.number - AttemptCharge.kept)
    }
    charges.add(attempts: -Int(forgotten), to: owner)
  }

  /// Whose job it is. Attempts come in streams of one job.
  func owner(of job: JobID) throws(StoreError) -> UserID {
    if let lastOwner, lastOwner.job == job { return lastOwner.owner }
    let owner = try statements.jobOwner.first {
      $0.put(job.number)
    } _: {
      UserID($0.number())
    }
    guard let owner else { throw .damaged(database.path, "it has no row for job \(job)") }
    lastOwner = (job, owner)
    return owner
  }

  func set(_ state: TaskState, started: WallTime?, of uid: AttemptUID) throws(StoreError) {
    let changed = try statements.setAttemptState.run { parameters in
      parameters.put(UInt32(state.rawValue))
      parameters.put(started?.milliseconds)
      parameters.put(uid)
    }
    try expect(changed, "attempt \(uid)")
  }

  func set(_ reason: StopReason, of uid: AttemptUID) throws(StoreError) {
    let changed = try statements.setAttemptStop.run { parameters in
      AttemptColumns.put(reason, into: &parameters)
      parameters.put(uid)
    }
    try expect(changed, "attempt \(uid)")
  }

  func setFreeze(_ freeze: Freeze, of uid: AttemptUID) throws(StoreError) {
    let changed = try statements.setAttemptFreeze.run { parameters in
      parameters.put(UInt32(freeze.rawValue))
      parameters.put(uid)
    }
    try expect(changed, "attempt \(uid)")
  }

  func setStuck(_ uid: AttemptUID) throws(StoreError) {
    try expect(statements.setAttemptStuck.run { $0.put(uid) }, "attempt \(uid)")
  }

  func close(
    _ uid: AttemptUID, _ outcome: Outcome, at ended: WallTime, _ verdict: Verdict
  ) throws(StoreError) {
    let found = try statements.findAttempt.first {
      $0.put(uid)
    } _: { row in
      (task: TaskID(JobID(row.word()), row.number()), number: row.number(UInt32.self))
    }
    guard let found else { throw .damaged(database.path, "it has no row for attempt \(uid)") }
    try statements.closeAttempt.run { parameters in
      AttemptColumns.put(ended: ended, outcome, verdict, into: &parameters)
      put(found.task, into: &parameters)
      parameters.put(found.number)
    }
    try statements.deleteEndpoints.run { $0.put(uid) }
    switch verdict {
    case .final(.succeeded, charged: _), .final(.killed, charged: _):
      try statements.deleteTask.run { put(found.task, into: &$0) }
    case .final(let state, let budget):
      try charge(found.task, budget, state: state, attempts: found.number + 1, notBefore: nil)
    case .retry(let budget, let notBefore):
      try charge(
        found.task, budget, state: .pending, attempts: found.number + 1, notBefore: notBefore)
    }
  }

  private func charge(
    _ task: TaskID, _ budget: Budget, state: TaskState, attempts: UInt32, notBefore: WallTime?
  ) throws(StoreError) {
    try statements.chargeTask.run { parameters in
      put(task, into: &parameters)
      parameters.put(UInt32(state.rawValue))
      parameters.put(budget == .failure)
      parameters.put(budget == .preemption)
      parameters.put(attempts)
      parameters.put(notBefore?.milliseconds)
    }
  }

  /// Waiting tasks that were killed or found no place need no row: the job's ranges tell of them.
  func end(
    _ positions: RangeSet<UInt32>, of job: JobID, as state: TaskState
  ) throws(StoreError) {
    for range in positions.ranges {
      guard state == .gangFailed else {
        try statements.deletePendingTasks.run { put(job, range, into: &$0) }
        continue
      }
      for position in range {
        try statements.endTask.run { parameters in
          put(TaskID(job, position), into: &parameters)
          parameters.put(UInt32(state.rawValue))
        }
      }
    }
  }

  func hold(_ held: Bool, _ positions: RangeSet<UInt32>, of job: JobID) throws(StoreError) {
    for range in positions.ranges {
      try statements.holdPendingTasks.run { parameters in
        parameters.put(held)
        put(job, range, into: &parameters)
      }
    }
  }

  private func put(_ task: TaskID, into parameters: inout Parameters) {
    parameters.put(task.job.number)
    parameters.put(task.position)
  }

  private func put(_ job: JobID, _ range: Range<UInt32>, into parameters: inout Parameters) {
    parameters.put(job.number)
    parameters.put(range.lowerBound)
    parameters.put(range.upperBound)
  }
}
