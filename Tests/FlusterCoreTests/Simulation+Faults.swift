import FlusterCore

/// What goes wrong. Each seed knows some of them.
enum SimulatedFault: CaseIterable {
  case breakLink
  case stallLink
  case crashWorker
  case freezeWorker
  case unlinkShim
  case crashShim
  case reboot
  case resize
  /// The worker says that it wants no new work, or that it is well again.
  case ail
  case crashController
  /// The controller hangs, or nothing happens anywhere for a while.
  case pass
  case setClock
  /// In a walk with a store.
  case fillDisk
}

extension Simulation {
  mutating func fault() {
    guard isUp else {
      if chance(1, in: 3) { restart() }
      return
    }
    guard let fault = world.faults.randomElement(using: &random),
      let place = machines.indices.randomElement(using: &random)
    else { return }
    ledger.count("\(fault)")
    switch fault {
    case .breakLink:
      if let link = links.indices.randomElement(using: &random) { breakLink(link) }
    case .stallLink:
      if let link = links.indices.randomElement(using: &random) { links[link].stalled = later() }
    case .crashWorker: crashWorker(place)
    case .freezeWorker: machines[place].frozen = later()
    case .unlinkShim: unlinkShim(place)
    case .crashShim:
      let count = Int.random(in: 0...machines[place].shim.news.count, using: &random)
      machines[place].shim.crash(telling: count)
    case .reboot: reboot(place)
    case .resize: resize(place, slots: UInt64.random(in: 1...3, using: &random))
    case .ail: ail(place, chance(1, in: 2) ? "its disk is full" : nil)
    case .crashController: crash()
    case .pass: clock.pass(milliseconds: Int64.random(in: 0...20_000, using: &random))
    case .setClock: setClock(place)
    case .fillDisk:
      chance(1, in: 3)
        ? disk?.accept() : disk?.refuse(after: UInt.random(in: 0...60_000, using: &random))
    }
  }

  private mutating func later() -> Instant {
    clock.monotonic + Span(milliseconds: UInt64.random(in: 0...15_000, using: &random))
  }

  private mutating func crashWorker(_ place: Int) {
    if let id = machines[place].link, let link = links.firstIndex(where: { $0.id == id }) {
      closeBelow(link)
      buryLinks()
    }
    let count = Int.random(in: 0...machines[place].shim.orders.count, using: &random)
    machines[place].shim.losesWorker(keeping: count)
    machines[place].loseWorker()
  }

  private mutating func unlinkShim(_ place: Int) {
    guard machines[place].hasShim else { return }
    let count = Int.random(in: 0...machines[place].shim.orders.count, using: &random)
    machines[place].shim.losesWorker(keeping: count)
    machines[place].shim.news = [.end]
  }

  /// Everything on it is gone.
  mutating func reboot(_ place: Int) {
    crashWorker(place)
    machines[place].boot += 1
    let life = machines[place].shim.life
    machines[place].shim = SimulatedShim()
    machines[place].shim.life = life + 1
  }

  /// The configuration is read again and gives more or less.
  mutating func resize(_ place: Int, slots: UInt64) {
    machines[place].capacity = Amounts(cpuMillis: 1000 * slots, memoryBytes: 600 * slots)
    guard machines[place].isUp else {
      machines[place].agent = Agent(capacity: machines[place].capacity)
      return
    }
    feed(place, .resized(machines[place].capacity))
    dropController(place)
  }

  mutating func ail(_ place: Int, _ ailment: String?) {
    machines[place].ailment = ailment
    if machines[place].registration == .stands { send(.ailing(ailment), from: place) }
  }

  private mutating func setClock(_ place: Int) {
    let by = Int64.random(in: -4_000_000...4_000_000, using: &random)
    if chance(1, in: 2) { clock.set = by } else { machines[place].set = by }
  }
}
