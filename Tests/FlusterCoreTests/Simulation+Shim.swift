import FlusterCore

/// What shims do, and what becomes of processes.
extension Simulation {
  mutating func runShim(_ place: Int) {
    guard machines[place].shim.isUp else {
      if isCalm || chance(1, in: 4) { machines[place].shim.restart() }
      return
    }
    if chance(2, in: 3), !machines[place].shim.orders.isEmpty {
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        guard !machines[place].shim.orders.isEmpty else { return }
        carryOut(machines[place].shim.orders.removeFirst(), on: place)
      }
    } else if let uid = machines[place].shim.live.randomElement(using: &random) {
      goOn(uid, on: place)
    }
  }

  private mutating func carryOut(_ order: SimulatedShim.Order, on place: Int) {
    switch order {
    case .list:
      machines[place].shim.serves = true
      for uid in machines[place].shim.processes.keys.sorted() {
        machines[place].shim.present(uid)
      }
      machines[place].shim.tell(.listEnd)
    case .spawn(let uid, let capacity):
      if machines[place].shim.processes[uid] == nil {
        spawn(uid, on: place, of: capacity)
      } else {
        machines[place].shim.present(uid)
      }
    case .signal(let uid, let number):
      if number == 15, machines[place].shim.isLive(uid) {
        machines[place].shim.processes[uid]?.isTermed = true
      }
    case .freeze(let uid, let isFrozen):
      machines[place].shim.freeze(uid, isFrozen, at: clock.monotonic)
    case .kill(let uid):
      if machines[place].shim.isLive(uid) {
        machines[place].shim.processes[uid]?.isDoomed = true
      } else {
        machines[place].shim.present(uid)
      }
    case .acknowledge(let uid):
      if !machines[place].shim.isLive(uid) { machines[place].shim.processes[uid] = nil }
    }
  }

  /// A process is made; whatever forbids it has failed by now.
  private mutating func spawn(_ uid: AttemptUID, on place: Int, of capacity: Amounts) {
    guard let attempt = ledger.attempts[uid] else {
      return complain("attempt \(uid) is started, and its assignment is not durable")
    }
    if attempt.worker != machines[place].id { complain("attempt \(uid) is started elsewhere") }
    if !ledger.started.insert(uid).inserted { complain("attempt \(uid) is started twice") }
    var used = attempt.charge
    for (other, machine) in machines.enumerated() {
      for process in machine.shim.processes.values where process.isLive {
        if process.task == attempt.task { complain("task \(attempt.task) runs twice") }
        if other == place { used.add(process.charge) }
      }
    }
    if !capacity.covers(used) {
      complain("\(used) run on \(machines[place].id), which has \(capacity)")
    }
    machines[place].shim.processes[uid] = SimulatedShim.Process(
      task: attempt.task, charge: attempt.charge)
  }

  /// Something happens to a process.
  private mutating func goOn(_ uid: AttemptUID, on place: Int) {
    guard let process = machines[place].shim.processes[uid] else { return }
    if process.isDoomed {
      if !process.isToldStuck, chance(1, in: 20) {
        machines[place].shim.processes[uid]?.isToldStuck = true
        return machines[place].shim.tell(.stuck(uid))
      }
      return end(uid, on: place) { process.isLost ? ($0.isLost = true) : ($0.signal = 9) }
    }
    switch process.phase {
    case .over: break
    case .starting:
      if chance(1, in: 12) {
        let reason: StartReason = chance(1, in: 2) ? .exec : .cgroup
        over(uid, .notStarted(uid, reason, errno: 2), on: place)
      } else {
        let now = moment(of: place)
        machines[place].shim.processes[uid]?.phase = .running(since: now)
        machines[place].shim.tell(.started(uid, at: now))
      }
    case .running where process.frozen.isFrozen: break
    case .running:
      if process.isTermed, chance(2, in: 3) { return end(uid, on: place) { $0.signal = 15 } }
      switch Int.random(in: 0..<16, using: &random) {
      case 0..<5: end(uid, on: place) { $0.exitCode = 0 }
      case 5: end(uid, on: place) { $0.exitCode = 1 }
      case 6: end(uid, on: place) { $0.exitCode = 3 }
      case 7: end(uid, on: place) { $0.signal = 9 }
      case 8:
        end(uid, on: place) {
          $0.signal = 9
          $0.outOfMemory = true
        }
      default: break
      }
    }
  }

  private mutating func end(
    _ uid: AttemptUID, on place: Int, _ edit: (inout ExitRecord) -> Void
  ) {
    var record = ExitRecord(ended: moment(of: place))
    if case .running(let since) = machines[place].shim.processes[uid]?.phase {
      record.started = since
    }
    edit(&record)
    over(uid, .ended(uid, record), on: place)
  }

  private mutating func over(_ uid: AttemptUID, _ notice: AgentNotice, on place: Int) {
    machines[place].shim.processes[uid]?.phase = .over(notice)
    machines[place].shim.tell(notice)
    ledger.ends[uid] = notice
  }
}
