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
