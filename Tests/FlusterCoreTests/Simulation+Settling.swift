import FlusterCore

/// The end of a walk: faults stop, and then everything must come to rest.
extension Simulation {
  mutating func settle() {
    isCalm = true
    disk?.accept()
    for place in links.indices { links[place].stalled = nil }
    for place in machines.indices {
      machines[place].frozen = nil
      ail(place, nil)
    }
    let most = steps + 40_000
    while violations.isEmpty, !isAtRest, steps < most { walk() }
    guard violations.isEmpty else { return }
    for job in controller.state.jobs.keys { complain("job \(job) never ended: \(describe(job))") }
    for job in ledger.acknowledged.sorted() where ledger.ended[job] == nil {
      complain("job \(job) was acknowledged and is lost")
    }
    for id in controller.state.workers.keys.sorted()
    where controller.state.free(on: id) != controller.state.workers[id]?.record.capacity {
      complain("worker \(id) has not got back all its room")
    }
    violations += checkHistory()
    if violations.isEmpty, !isAtRest { complain("it does not come to rest: \(restlessness)") }
  }

  /// Nothing is to be said or done any more.
  private var isAtRest: Bool {
    isUp && controller.state.jobs.isEmpty && controller.state.attempts.isEmpty
      && clients.unanswered.isEmpty && !isRefused && turn.isEmpty && turns.isEmpty
      && releasable.isEmpty
      && links.allSatisfy { $0.up.isEmpty && $0.down.isEmpty && $0.waiting.isEmpty }
      && machines.allSatisfy(\.isAtRest)
  }

  /// Time passes until something is due.
  mutating func leap() {
    let due = ([timer] + machines.map(\.wake)).compactMap(\.self).min()
    if let due { clock.pass(until: due) }
  }

  private var restlessness: String {
    machines.filter { !$0.isAtRest }.map { machine in
      "\(machine.id) holds \(machine.agent.heldUIDs), its shim \(machine.shim.processes), "
        + "registered: \(machine.registration)"
    }.joined(separator: "; ")
  }

  private func describe(_ id: JobID) -> String {
    guard let job = controller.state.jobs[id] else { return "gone" }
    let records = job.records.keys.sorted().compactMap { job.records[$0] }
    let reason = controller.pendingReason(for: id, at: now)?.text ?? "nothing pending"
    let seen = records.compactMap(\.open).compactMap { uid -> String? in
      guard let attempt = controller.state.attempts[uid],
        let machine = machines.first(where: { $0.id == attempt.worker })
      else { return nil }
      return "\(uid) on \(machine.id): \(String(describing: machine.shim.processes[uid])), "
        + "registered: \(machine.registration)"
    }
    return "\(reason); \(job.progress.counts); \(records); \(seen)"
  }
}

extension SimulatedMachine {
  /// Connected, and holding nothing.
  var isAtRest: Bool {
    isUp && shim.isUp && registration == .stands && agent.holdsNothing && shim.processes.isEmpty
      && shim.orders.isEmpty && shim.news.isEmpty
  }
}
