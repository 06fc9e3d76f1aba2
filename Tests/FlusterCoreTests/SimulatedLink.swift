import FlusterCore

/// One connection between a worker and the controller: in order both ways while it lasts, cut
/// anywhere when it breaks. The two ends hear of that at different times, and a worker may be back
/// on another connection long before.
struct SimulatedLink {
  enum Up {
    case register(WorkerRecord)
    case observed([Observation])
    case ailing(String?)
    case end
  }

  enum Down {
    case registered
    /// With `more` the next one belongs to it.
    case desired(Desired, more: Bool)
    case end
  }

  let id: LinkID
  /// The machine's place.
  let machine: Int
  var up: [Up] = []
  var down: [Down] = []
  /// Nothing arrives before this.
  var stalled: Instant?
  var isWelcome = false
  /// The full set has not been told to its end.
  var isFilling = false
  /// Attempts that the worker is to be told of when it has room.
  var waiting: [AttemptUID] = []
  /// The controller's end has been closed, or has seen the other end closed.
  var isClosedAbove = false
  var isClosedBelow = false

  /// The worker keeps up with what is sent.
  var hasRoom: Bool { down.count < 3 }

  func isStalled(at now: Instant) -> Bool { stalled.map { now < $0 } ?? false }
}

extension Simulation {
  mutating func send(_ message: SimulatedLink.Down, on link: LinkID) {
    guard let place = links.firstIndex(where: { $0.id == link && !$0.isClosedAbove }) else {
      return
    }
    // Nothing follows the end.
    if case .end = links[place].down.last { return }
    links[place].down.append(message)
  }

  mutating func send(_ message: SimulatedLink.Up, from machine: Int) {
    guard let link = machines[machine].link,
      let place = links.firstIndex(where: { $0.id == link && !$0.isClosedBelow })
    else { return }
    if case .end = links[place].up.last { return }
    links[place].up.append(message)
  }

  /// The controller closes its end: what was not read never is, what was sent may still arrive.
  mutating func closeAbove(_ place: Int) {
    links[place].isClosedAbove = true
    links[place].up = []
    endDown(place)
  }

  /// The worker closes its end.
  mutating func closeBelow(_ place: Int) {
    links[place].isClosedBelow = true
    links[place].down = []
    endUp(place)
  }

  /// The connection breaks: of what is on its way some arrives, and then the end.
  mutating func breakLink(_ place: Int) {
    endUp(place)
    endDown(place)
  }

  private mutating func endUp(_ place: Int) {
    guard !links[place].isClosedAbove else { return }
    if case .end = links[place].up.last { return }
    let count = Int.random(in: 0...links[place].up.count, using: &random)
    links[place].up.removeLast(links[place].up.count - count)
    links[place].up.append(.end)
  }

  private mutating func endDown(_ place: Int) {
    guard !links[place].isClosedBelow else { return }
    if case .end = links[place].down.last { return }
    let count = Int.random(in: 0...links[place].down.count, using: &random)
    links[place].down.removeLast(links[place].down.count - count)
    links[place].down.append(.end)
  }

  /// Forgets connections that both ends have closed.
  mutating func buryLinks() { links.removeAll { $0.isClosedAbove && $0.isClosedBelow } }
}
