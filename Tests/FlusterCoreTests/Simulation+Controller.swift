import FlusterCore

/// What one turn came to.
struct SimulatedTurn {
  var events: [Event] = []
  var effects: [Effect] = []
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
    guard isUp, let place = links.indices.randomElement(using: &random),
      !links[place].isStalled(at: clock.monotonic)
    else { return }
    let id = links[place].id
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      guard let place = links.firstIndex(where: { $0.id == id }), !links[place].up.isEmpty else {
        return
      }
      switch links[place].up.removeFirst() {
      case .register(let record): register(record, on: place)
      case .observed(let observations): step(.observe(id, observations))
      case .end:
        links[place].isClosedAbove = true
        buryLinks()
        if controller.state.links[id] != nil { step(.disconnect(id)) }
      }
    }
  }

  private mutating func register(_ record: WorkerRecord, on place: Int) {
    links[place].hasRegistered = true
    step(.register(record, links[place].id))
  }

  /// The timer has gone off; if it was early, the core says when to try again.
  mutating func ring() {
    guard isUp, let due = timer, due <= clock.monotonic || chance(1, in: 20) else { return }
    timer = nil
    step(.tick)
    if let next = controller.nextWake { wake(at: next) }
  }

  /// Within the hour at the latest, because the wall clock may be set.
  mutating func wake(at time: WallTime) {
    let left = min(max(0, time.milliseconds - now.wall.milliseconds), 3_600_000)
    timer = now.monotonic + Span(milliseconds: UInt64(left))
  }

  /// The turn ends, the disk goes on, and what rests on it is done.
  mutating func commit() {
    guard isUp else { return }
    closeTurn()
    if chance(1, in: 2) { release() }
    let count = Int.random(in: 0...turns.count, using: &random)
    for turn in turns.prefix(count) {
      for event in turn.events {
        for sentence in ledger.note(event, in: durable) { complain(sentence) }
        durable.replay(event)
      }
      releasable += turn.effects
    }
    turns.removeFirst(count)
    if turns.isEmpty, durable != controller.state {
      complain("the replay of what is stored differs from memory")
    }
    if chance(3, in: 4) { release() }
  }

  private mutating func closeTurn() {
    _ = controller.takeProgress()
    guard !turn.events.isEmpty || !turn.effects.isEmpty else { return }
    turns.append(turn)
    turn = SimulatedTurn()
  }

  /// The controller dies: what was not durable never was, and nobody was told of it.
  mutating func crash() {
    isUp = false
    turn = SimulatedTurn()
    turns = []
    releasable = []
    desires = [:]
    timer = nil
    for place in links.indices { closeAbove(place) }
    buryLinks()
  }

  /// It comes back with what the disk holds.
  mutating func restart() {
    guard !isUp else { return }
    isUp = true
    let restored = durable.restored
    controller = Controller(restored: restored, random: Random(seed: random.next()))
    if controller.state.restored != restored { complain("a restart changed the state") }
    durable = State(restored: restored)
    for sentence in ledger.missing(from: durable) { complain(sentence) }
    if let next = controller.nextWake { wake(at: next) }
  }
}
