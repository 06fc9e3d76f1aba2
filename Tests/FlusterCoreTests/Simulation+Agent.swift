import FlusterCore

/// The worker's shell, as fluster-worker is around its agent.
extension Simulation {
  /// The one store there is.
  private static let store = StoreID(bytes: AttemptUID(high: 5, low: 5).bytes)

  func moment(of place: Int) -> Moment { clock.moment(set: machines[place].set) }

  mutating func feed(_ place: Int, _ input: AgentInput) {
    for effect in machines[place].agent.step(input, at: moment(of: place)) {
      perform(effect, on: place)
    }
  }

  private mutating func perform(_ effect: AgentEffect, on place: Int) {
    switch effect {
    case .spawn(let uid):
      guard machines[place].launches[uid] == true else {
        return complain("\(machines[place].id) has nothing to start \(uid) with")
      }
      machines[place].launches[uid] = false
      order(.spawn(uid, of: machines[place].capacity), on: place)
    case .signal(let uid, let number): order(.signal(uid, number), on: place)
    case .freeze(let uid, let isFrozen): order(.freeze(uid, isFrozen), on: place)
    case .kill(let uid): order(.kill(uid), on: place)
    case .acknowledge(let uid): order(.acknowledge(uid), on: place)
    case .forget(let uid): machines[place].launches[uid] = nil
    case .lease: break
    case .report(let observations, sequence: _, full: _):
      send(.observed(observations), from: place)
    case .wake(let time): machines[place].wake = time
    case .odd(.neverFits), .odd(.unwanted): break
    case .odd(.foreignStore(let held, let offered)):
      complain("\(machines[place].id) took store \(offered) for another than \(held)")
    case .odd(.earlyAcknowledgement(let uid)):
      complain("the end of \(uid) was acknowledged on \(machines[place].id) and has not come")
    }
  }

  private mutating func order(_ order: SimulatedShim.Order, on place: Int) {
    guard machines[place].hasShim, machines[place].shim.isUp else { return }
    machines[place].shim.orders.append(order)
  }

  /// The worker of one machine, or its shim, does some of its work.
  mutating func act() {
    guard let place = machines.indices.randomElement(using: &random) else { return }
    if chance(1, in: 2) { return runShim(place) }
    guard machines[place].isUp else {
      if isCalm || chance(1, in: 4) { machines[place].isUp = true }
      return
    }
    guard !machines[place].isFrozen(at: clock.monotonic) else { return }
    if let due = machines[place].wake, due <= clock.monotonic {
      // A timer that has gone off is spent.
      machines[place].wake = nil
      feed(place, .tick)
    }
    if chance(1, in: 2) { hearShim(place) }
    if chance(1, in: 2) { hearController(place) }
    if chance(1, in: 3) { connectShim(place) }
    if chance(1, in: 3) { connectController(place) }
  }

  private mutating func connectShim(_ place: Int) {
    guard !machines[place].hasShim, machines[place].shim.isUp else { return }
    machines[place].hasShim = true
    machines[place].shim.serves = false
    machines[place].shim.news = []
    machines[place].shim.orders.append(.list)
    feed(place, .shimLinked)
  }

  private mutating func hearShim(_ place: Int) {
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      guard machines[place].hasShim, !machines[place].shim.news.isEmpty else { return }
      switch machines[place].shim.news.removeFirst() {
      case .notice(let notice):
        feed(place, .shim(notice, of: Self.store))
        if notice == .listEnd { shimIsReady(place) }
      case .end:
        machines[place].hasShim = false
        machines[place].shimIsReady = false
        feed(place, .shimUnlinked)
      }
    }
  }

  private mutating func shimIsReady(_ place: Int) {
    machines[place].shimIsReady = true
    if machines[place].link != nil, machines[place].registeredShim != machines[place].shim.life {
      // What the controller knows of the shim is no longer true.
      dropController(place)
    }
  }

  private mutating func connectController(_ place: Int) {
    guard isUp, machines[place].link == nil, machines[place].shimIsReady else { return }
    lastLink += 1
    let link = LinkID(lastLink)
    links.append(SimulatedLink(id: link, machine: place))
    machines[place].link = link
    machines[place].registration = .sent
    machines[place].registeredShim = machines[place].shim.life
    send(.register(machines[place].record), from: place)
  }

  private mutating func hearController(_ place: Int) {
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      guard let id = machines[place].link, let link = links.firstIndex(where: { $0.id == id }),
        !links[link].down.isEmpty, !links[link].isStalled(at: clock.monotonic)
      else { return }
      switch links[link].down.removeFirst() {
      case .registered:
        machines[place].registration = .stands
        if let store = Self.store { feed(place, .linked(store)) }
        if let ailment = machines[place].ailment { ail(place, ailment) }
      case .desired(let desired, let more): follow(desired, more: more, on: place)
      case .end: dropController(place)
      }
    }
  }

  private mutating func follow(_ desired: Desired, more: Bool, on place: Int) {
    for run in desired.runs {
      if !run.isStartable {
        machines[place].launches[run.uid] = false
      } else if machines[place].launches[run.uid] != true {
        machines[place].launches[run.uid] = !machines[place].agent.holds(run.uid)
      }
    }
    var whole = machines[place].partial ?? Desired()
    whole.append(desired)
    machines[place].partial = more ? whole : nil
    if !more { feed(place, .desired(whole)) }
  }

  /// The worker's end of its connection is closed, by itself or because the other end is.
  mutating func dropController(_ place: Int) {
    guard let id = machines[place].link else { return }
    if let link = links.firstIndex(where: { $0.id == id }) { closeBelow(link) }
    buryLinks()
    machines[place].link = nil
    machines[place].registration = .none
    machines[place].partial = nil
    feed(place, .unlinked)
    let agent = machines[place].agent
    machines[place].launches = machines[place].launches.filter { agent.holds($0.key) }
  }
}
