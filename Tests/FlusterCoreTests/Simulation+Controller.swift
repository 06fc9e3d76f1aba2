import FlusterCore

/// What one turn came to.
struct SimulatedTurn {
  var events: [Event] = []
  var effects: [Effect] = []
  var progress: [JobProgress] = []

  var isEmpty: Bool { events.isEmpty && effects.isEmpty && progress.isEmpty }
}

/// The shell around the controller core, as flusterd is: commands in turns, turns in order to the
/// disk, and nothing said to anybody before that.
extension Simulation {
  mutating func step(_ command: Command) {
    let step = controller.step(command, at: now)
    for event in step.events {
      if case .attemptEnded(let uid, _, at: _, _) = event { checkGone(uid) }
      if case .assigned(let attempt) = event { checkPlace(of: attempt) }
    }
    turn.events += step.events
    turn.effects += step.effects
    for sentence in Invariants.violations(in: controller) {
      complain("\(sentence), after \(command)")
    }
  }

  /// What has ended for the controller must have no process: another may be started at once.
  private mutating func checkGone(_ uid: AttemptUID) {
    for machine in machines where machine.shim.isLive(uid) {
      complain("attempt \(uid) is taken for ended and lives on \(machine.id)")
    }
  }

  /// It stands where its job may stand, and where its gang may.
  private mutating func checkPlace(of attempt: OpenAttempt) {
    let worker = controller.state.workers[attempt.worker]
    let isUsable = worker.map { $0.link != nil && !$0.isDrained && $0.ailment == nil } ?? false
    if !isUsable || worker?.isSilent == true {
      complain("task \(attempt.task) is placed on \(attempt.worker), which takes no work")
    }
    guard let request = controller.state.jobs[attempt.task.job]?.request else { return }
    let zone = zone(of: attempt.worker)
    for constraint in request.needs.constraints where constraint.isHard {
      if (constraint.comparison == .equal) != (zone == constraint.values.first) {
        complain("task \(attempt.task) is placed in zone \(zone), but \(constraint)")
      }
    }
    for other in controller.state.attempts.values where other.task.job != attempt.task.job {
      let job = controller.state.jobs[other.task.job]
      if let key = request.ownedKey, job?.request.ownedKey == key {
        complain("task \(attempt.task) starts while \(other.task) of the same key is not over")
      }
    }
    guard let gang = request.options.gang else { return }
    for mate in controller.state.attempts.values
    where mate.task.job == attempt.task.job && mate.uid != attempt.uid {
      if gang.spread, mate.worker == attempt.worker { complain("a gang is not spread") }
      if gang.groupBy != nil, self.zone(of: mate.worker) != zone {
        complain("a gang is not in one zone")
      }
    }
  }

  private func zone(of worker: WorkerID) -> AttributeValue {
    machines.first { $0.id == worker }?.zone ?? .text("")
  }

  /// Takes in a few messages of one connection.
  mutating func receive() {
    guard isUp,
      let id = links.filter({ !$0.up.isEmpty && !$0.isStalled(at: clock.monotonic) })
        .randomElement(using: &random)?.id
    else { return }
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      guard let place = links.firstIndex(where: { $0.id == id }), !links[place].up.isEmpty else {
        return
      }
      switch links[place].up.removeFirst() {
      case .register(let record): isRefused ? hangUp(id) : step(.register(record, id))
      case .observed(let observations): step(.observe(id, observations))
      case .ailing(let ailment): step(.report(id, ailment: ailment))
      case .end:
        links[place].isClosedAbove = true
        buryLinks()
        if controller.state.links[id] != nil { step(.disconnect(id)) }
      }
    }
  }

  /// The timer has gone off; if it was early, the core says when to try again.
  mutating func ring() {
    guard isUp, !isRefused, let due = timer, due <= clock.monotonic || chance(1, in: 20) else {
      return
    }
    timer = nil
    step(.tick)
    if let next = controller.nextWake { wake(at: next) }
  }

  /// Within the hour at the latest, because the wall clock may be set.
  mutating func wake(at wake: Wake) {
    let wall = wake.wall.map { time in
      let left = min(max(0, time.milliseconds - now.wall.milliseconds), 3_600_000)
      return now.monotonic + Span(milliseconds: UInt64(left))
    }
    timer = [wall, wake.monotonic].compactMap(\.self).min()
  }
}
