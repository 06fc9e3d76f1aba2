import Glibc

/// Seed after seed, until so many steps are made or one seed fails.
struct SimulationWalk {
  private var steps = 0
  private var seed: UInt64
  private let first: UInt64
  private var tally: [String: Int] = [:]
  /// What went wrong, with the seed that shows it again.
  private(set) var trouble: String?

  init(from first: UInt64, steps most: Int, _ run: (UInt64) throws -> Simulation) rethrows {
    self.first = first
    seed = first
    while steps < most {
      let simulation = try run(seed)
      guard simulation.violations.isEmpty else {
        trouble = "FLUSTER_SIMULATION_SEED=\(seed): \(simulation.violations.prefix(5))"
        return
      }
      steps += simulation.steps
      tally.merge(simulation.ledger.tally, uniquingKeysWith: +)
      seed += 1
    }
  }

  /// How far it went, and what it met.
  var summary: String {
    let words = tally.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    return "\(steps) steps of \(seed - first) seeds: \(words.joined(separator: ", "))"
  }

  /// The same in a process of its own, which ends with 1 if something went wrong. What it says goes
  /// to the standard error of the process that waits, since that of an exit test goes nowhere.
  static func runChild(_ walk: () throws -> SimulationWalk) {
    var line: String
    var status: Int32 = 1
    do {
      let walk = try walk()
      line = walk.trouble ?? walk.summary
      status = walk.trouble == nil ? 0 : 1
    } catch {
      line = "\(error)"
    }
    line = "with a store: \(line)\n"
    let errors = open("/proc/\(getppid())/fd/2", O_WRONLY | O_APPEND | O_CLOEXEC)
    _ = write(errors, line, line.utf8.count)
    exit(status)
  }
}

extension Simulation {
  /// A walk of this seed with everything failing that it knows, and then its end.
  static func run(seed: UInt64, disk: SimulatedDisk? = nil) -> Simulation {
    var simulation = Simulation(seed: seed, disk: disk)
    for _ in 0..<1500 where simulation.violations.isEmpty { simulation.walk() }
    if simulation.violations.isEmpty { simulation.settle() }
    return simulation
  }
}
