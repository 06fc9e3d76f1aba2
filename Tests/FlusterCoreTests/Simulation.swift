import FlusterCore

/// The controller core and several real agents under virtual time, with everything going wrong
/// between them that can. One seed, one history.
///
/// What a step needs to know when something is added to the core:
/// - a command: one line in `Simulation+Commands.swift`;
/// - a trait of jobs: one line in `Simulation+Traits.swift`;
/// - an event, an effect or an effect of the agent: the compiler names the switches, in
///   `SimulationLedger`, `Simulation+Effects.swift` and `Simulation+Agent.swift`;
/// - a fault: a case of `SimulatedFault`.
struct Simulation {
  let seed: UInt64
  var random: Random
  let world: SimulatedWorld
  var clock = SimulatedClock()
  var clients = SimulatedClients()

  // The controller's process.
  var controller: Controller
  var isUp = true
  /// The disk takes no writes; nothing is changed until it does.
  var isRefused = false
  /// Of this turn, so far.
  var turn = SimulatedTurn()
  /// Decided, on their way to the disk.
  var turns: [SimulatedTurn] = []
  /// Durable, not carried out yet.
  var releasable: [Effect] = []
  /// What the next frame to each worker will say.
  var desires: [LinkID: Desired] = [:]
  /// When `tick` is due, on the monotonic clock.
  var timer: Instant?

  /// What the disk holds, as the replay of all events that were committed.
  var durable = State(restored: .empty)
  /// The store that holds it, in a walk that has one.
  let disk: SimulatedDisk?
  var ledger = SimulationLedger()

  var links: [SimulatedLink] = []
  var lastLink: UInt64 = 0
  var machines: [SimulatedMachine]

  /// So many steps of this seed have been made.
  var steps = 0
  var violations: [String] = []
  /// Faults and users have stopped.
  var isCalm = false

  init(seed: UInt64, disk: SimulatedDisk? = nil) {
    self.seed = seed
    self.disk = disk
    random = Random(seed: seed)
    world = SimulatedWorld(isQuick: seed % 4 == 2, using: &random)
    controller = Controller(restored: .empty, random: Random(seed: seed &+ 1))
    machines = world.capacities.enumerated().map { place, capacity in
      SimulatedMachine(
        id: WorkerID("w\(place)"), zone: .text(place % 2 == 0 ? "a" : "b"), capacity: capacity)
    }
  }

  mutating func chance(_ part: Int, in whole: Int) -> Bool {
    Int.random(in: 0..<whole, using: &random) < part
  }

  mutating func complain(_ sentence: String) { violations.append(sentence) }

  /// The controller's clocks.
  var now: Moment { clock.moment }

  /// One random thing happens.
  mutating func walk() {
    steps += 1
    clock.pass(milliseconds: Int64.random(in: 0...world.stride, using: &random))
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<6: isCalm ? mend() : ask()
    case 6..<23: receive()
    case 23..<35: if isUp, !isRefused, controller.wantsSchedule { step(.schedule) }
    case 35..<50: commit()
    case 50..<55: ring()
    case 55..<97: act()
    default: isCalm ? leap() : fault()
    }
  }
}

/// How large the world of a seed is, and what goes wrong in it: few things at a time, differently
/// in each, find more than everything at once.
struct SimulatedWorld {
  let capacities: [Amounts]
  /// The most unfinished jobs.
  let jobs: Int
  /// The most milliseconds from one thing to the next: tasks take fifty times as long.
  let stride: Int64
  /// The most tasks of a job.
  let tasks: UInt32
  let faults: [SimulatedFault]

  /// In a quick one there are larger arrays of shorter tasks, which are given ahead.
  init(isQuick: Bool, using random: inout Random) {
    stride = isQuick ? 10 : 60
    capacities = (0..<Int.random(in: 1...3, using: &random)).map { _ in
      let slots = UInt64.random(in: 1...3, using: &random)
      return Amounts(cpuMillis: 1000 * slots, memoryBytes: 600 * slots)
    }
    jobs = Int.random(in: 1...4, using: &random)
    tasks = UInt32.random(in: isQuick ? 10...40 : 1...4, using: &random)
    faults = SimulatedFault.allCases.filter { _ in Bool.random(using: &random) }
  }
}

/// Virtual time. Only the walk moves it.
struct SimulatedClock {
  private var nanoseconds: Int64 = 0
  /// What the wall clock was set by, in milliseconds.
  var set: Int64 = 0

  var monotonic: Instant { Instant(nanoseconds: nanoseconds) }

  var moment: Moment { moment(set: set) }

  /// Both clocks of a machine whose wall clock was set by so many milliseconds.
  func moment(set: Int64) -> Moment {
    Moment(
      monotonic: monotonic,
      wall: WallTime(milliseconds: 1_700_000_000_000 + nanoseconds / 1_000_000 + set))
  }

  mutating func pass(milliseconds: Int64) { nanoseconds += milliseconds * 1_000_000 }

  mutating func pass(until time: Instant) { nanoseconds = max(nanoseconds, time.nanoseconds) }
}
