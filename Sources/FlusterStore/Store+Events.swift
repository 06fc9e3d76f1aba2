import FlusterCore

/// What each event is in SQL.
extension Store {
  func write(_ event: Event, of turn: Turn) throws(StoreError) {
    switch event {
    case .submitted(let job, let payload, let token):
      try insert(job, payload, token, turn.entryFiles[job.id])
    case .assigned(let attempt): try insert(attempt)
    case .building(let uid): try set(.building, started: nil, of: uid)
    case .started(let uid, let at): try set(.running, started: at, of: uid)
    case .stopRequested(let uid, let reason): try set(reason, of: uid)
    case .frozen(let uid, let isFrozen, by: _): try setFreeze(isFrozen ? .frozen : .thawed, of: uid)
    case .stuck(let uid): try setStuck(uid)
    case .attemptEnded(let uid, let outcome, let at, let verdict):
      try close(uid, outcome, at: at, verdict)
    case .tasksEnded(let job, let positions, let state): try end(positions, of: job, as: state)
    case .tasksHeld(let job, let positions): try hold(true, positions, of: job)
    case .tasksReleased(let job, let positions): try hold(false, positions, of: job)
    case .jobEnded(let progress): try end(progress)
    case .changed(let job, let request, _, by: _): try change(job, to: request)
    case .endpointRegistered(let endpoint):
      try statements.upsertEndpoint.run { EndpointColumns.put(endpoint, into: &$0) }
    case .endpointRemoved(let uid, let name, let address):
      let changed = try statements.deleteEndpoint.run { parameters in
        parameters.put(uid)
        parameters.put(name)
        parameters.put(address)
      }
      try expect(changed, "endpoint \(name) of attempt \(uid)")
    case .registered(let record): try upsert(record)
    case .drained(let worker, let isDrained): try drain(worker, isDrained)
    case .forgotten(let worker):
      try expect(statements.workers.delete.run { $0.put(worker.name) }, "worker \(worker)")
    // The progress row that comes with the turn says it.
    case .killRequested, .held, .dependencyEnded: break
    case .linked(let worker, _): try link(worker, true)
    case .unlinked(let worker): try link(worker, false)
    case .silent(let worker, let isSilent):
      let changed = try statements.workers.silence.run { parameters in
        parameters.put(isSilent)
        parameters.put(worker.name)
      }
      try expect(changed, "worker \(worker)")
    case .ailing(let worker, let ailment):
      let changed = try statements.workers.ail.run { parameters in
        parameters.put(ailment)
        parameters.put(worker.name)
      }
      try expect(changed, "worker \(worker)")
    // A time to wait for that has passed needs no row.
    case .backoffOver: break
    }
  }

  /// Rewrites the changing columns of an unfinished job.
  func update(_ progress: JobProgress) throws(StoreError) {
    let changed = try statements.updateJob.run { parameters in
      JobColumns.put(progress, into: &parameters)
      parameters.put(progress.job.number)
    }
    try expect(changed, "job \(progress.job)")
  }

  /// Rewrites what can be changed of a request.
  private func change(_ job: JobID, to request: JobRequest) throws(StoreError) {
    let changed = try statements.changeJob.run { parameters in
      JobColumns.putChangeable(of: request, into: &parameters)
      parameters.put(job.number)
    }
    try expect(changed, "job \(job)")
  }

  private func end(_ progress: JobProgress) throws(StoreError) {
    precondition(
      progress.ended != nil && progress.state.isFinal,
      "a job that ended has a final state and the time of its end")
    try update(progress)
    tallies.add(1, of: try owner(of: progress.job), progress.state)
  }

  private func upsert(_ worker: WorkerRecord) throws(StoreError) {
    try statements.workers.upsert.run { WorkerColumns.put(worker, into: &$0) }
  }

  private func drain(_ worker: WorkerID, _ isDrained: Bool) throws(StoreError) {
    let changed = try statements.workers.drain.run { parameters in
      parameters.put(isDrained)
      parameters.put(worker.name)
    }
    try expect(changed, "worker \(worker)")
  }

  private func link(_ worker: WorkerID, _ isLinked: Bool) throws(StoreError) {
    let changed = try statements.workers.link.run { parameters in
      parameters.put(isLinked)
      parameters.put(worker.name)
    }
    try expect(changed, "worker \(worker)")
  }

  /// A row that the core knows and the file has not means that the file is not what was written.
  func expect(_ changed: Int32, _ object: @autoclosure () -> String) throws(StoreError) {
    guard changed == 1 else {
      throw .damaged(database.path, "it has no row for \(object())")
    }
  }
}
