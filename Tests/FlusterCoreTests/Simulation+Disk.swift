import FlusterCore
import FlusterStore

/// The controller's shell and its disk: turns become durable, or are all lost together.
extension Simulation {
  /// Some of the turns that wait become durable, in order.
  mutating func commit() {
    guard isUp else { return }
    guard !isRefused else { return probe() }
    closeTurn()
    if chance(1, in: 2) { release() }
    let count = Int.random(in: 0...turns.count, using: &random)
    guard count > 0 else { return }
    if let disk {
      do throws(StoreError) {
        try disk.commit(turns.prefix(count))
        try disk.checkpoint()
      } catch {
        return suspend(error)
      }
    }
    for turn in turns.prefix(count) {
      for event in turn.events {
        for sentence in ledger.note(event, in: durable) { complain(sentence) }
        durable.replay(event)
      }
      releasable += turn.effects
      checkTrees()
    }
    turns.removeFirst(count)
    if turns.isEmpty, durable != controller.state {
      complain("the replay of what is stored differs from memory")
    }
    if chance(3, in: 4) { release() }
  }

  private mutating func closeTurn() {
    turn.progress = controller.takeProgress()
    guard !turn.isEmpty else { return }
    turns.append(turn)
    turn = SimulatedTurn()
  }

  /// A commit failed: what is not durable is forgotten, together with everybody connected.
  private mutating func suspend(_ error: StoreError) {
    if error.kind != .full { complain("the store failed: \(error)") }
    ledger.count("full disk")
    release()
    isRefused = true
    forgetAll()
    reload { disk in try disk.restore() }
  }

  private mutating func probe() {
    guard let disk, isCalm || chance(1, in: 4) else { return }
    do throws(StoreError) {
      try disk.probe()
      isRefused = false
      step(.tick)
      if let next = controller.nextWake { wake(at: next) }
    } catch {
      if error.kind != .full { complain("the probe failed: \(error)") }
    }
  }

  /// The controller dies: what was not durable never was, and nobody was told of it.
  mutating func crash() {
    isUp = false
    timer = nil
    forgetAll()
  }

  private mutating func forgetAll() {
    turn = SimulatedTurn()
    turns = []
    releasable = []
    desires = [:]
    for place in links.indices { closeAbove(place) }
    buryLinks()
  }

  /// It comes back with what the disk holds.
  mutating func restart() {
    guard !isUp else { return }
    isUp = true
    isRefused = false
    reload { disk in try disk.reopen() }
    if let next = controller.nextWake { wake(at: next) }
  }

  private mutating func reload(_ read: (SimulatedDisk) throws -> Restored) {
    var restored = durable.restored
    do {
      if let disk { restored = try read(disk) }
    } catch {
      return complain("the store cannot be read: \(error)")
    }
    if let difference = difference(of: restored) { complain(difference) }
    controller = Controller(restored: restored, random: Random(seed: random.next()))
    durable = State(restored: restored)
    if controller.state != durable { complain("a restart changed the state") }
    for sentence in ledger.missing(from: durable) { complain(sentence) }
  }

  /// What the disk gives back must be what was made durable.
  private func difference(of restored: Restored) -> String? {
    var found = restored
    for place in found.jobs.indices {
      let job = durable.jobs[found.jobs[place].id]
      for position in found.jobs[place].records.keys
      where job?.records[position]?.notBefore == nil {
        // That a wait is over is not stored.
        found.jobs[place].records[position]?.notBefore = nil
      }
    }
    let expected = State(restored: durable.restored)
    guard State(restored: found) != expected else { return nil }
    return "the disk gives back \(found), and not \(expected.restored)"
  }

  /// The store finds the job that a token made as soon as that is durable, and no other.
  mutating func checkStored(_ token: Token) {
    guard let disk else { return }
    do throws(StoreError) {
      let job = try disk.reader.job(forToken: token, of: clients.owner(of: token))
      if job != ledger.jobs[token] { complain("the token of job \(job ?? JobID(0)) is another's") }
    } catch {
      complain("the store cannot be read: \(error)")
    }
  }

  /// The store knows the newest job under a key as everybody does.
  mutating func checkStored(_ known: StoredKey, _ key: OwnedKey) {
    guard let disk else { return }
    do throws(StoreError) {
      let stored = try disk.reader.stored(key)
      if stored != known { complain("\(key) is stored as \(stored), and is \(known)") }
    } catch {
      complain("the store cannot be read: \(error)")
    }
  }

  /// The history agrees with the ledger: every job, every attempt, every charge.
  func checkHistory() -> [String] {
    guard let disk else { return [] }
    do {
      return try ledger.requests.keys.sorted().flatMap { job in
        guard let stored = try disk.reader.job(job) else { return ["job \(job) has no row"] }
        let rows = try disk.reader.attempts(of: job, limit: 1000)
        return ledger.contradictions(of: stored, rows)
      }
    } catch {
      return ["the store cannot be read: \(error)"]
    }
  }
}

extension SimulationLedger {
  fileprivate func contradictions(of job: StoredJob, _ rows: [StoredAttempt]) -> [String] {
    var found: [String] = []
    if job.progress.state != ended[job.id] { found.append("job \(job.id) is stored as another") }
    var stored: [UInt32: Account] = [:]
    for row in rows {
      guard let ending = row.ending else {
        found.append("attempt \(row.attempt.uid) is stored without its end")
        continue
      }
      let position = row.attempt.task.position
      stored[position, default: Account()].add(ending.charged)
      stored[position]?.attempts += 1
    }
    for (position, account) in accounts[job.id] ?? [:] {
      let other = stored[position] ?? Account()
      if other.attempts != account.attempts || other.failures != account.failures
        || other.losses != account.losses
      {
        found.append("task \(job.id).\(position) is stored as \(other), and came to \(account)")
      }
    }
    return found
  }
}
