import FlusterCore
import Glibc
import Testing

/// FLUSTER_SIMULATION_STEPS says how far to walk, FLUSTER_SIMULATION_SEED where to begin.
@Suite("Simulation")
struct SimulationTests {
  private static func setting(_ name: String) -> Int? {
    getenv(name).flatMap { Int(String(cString: $0)) }
  }

  @Test("whatever fails, nothing acknowledged is lost and nothing runs twice")
  func walk() {
    let total = Self.setting("FLUSTER_SIMULATION_STEPS") ?? 20_000
    var seed = UInt64(Self.setting("FLUSTER_SIMULATION_SEED") ?? 1)
    var steps = 0
    while steps < total {
      let simulation = Simulation.run(seed: seed)
      guard simulation.violations.isEmpty else {
        Issue.record("FLUSTER_SIMULATION_SEED=\(seed): \(simulation.violations.prefix(5))")
        return
      }
      steps += simulation.steps
      seed += 1
    }
    print("\(steps) steps of \(seed) simulations")
  }

  /// Seeds that once failed.
  @Test("what was found once stays mended", arguments: [1] as [UInt64])
  func found(seed: UInt64) {
    #expect(Simulation.run(seed: seed).violations.isEmpty)
  }

  @Test("the same seed gives the same history")
  func determinism() {
    let runs = (0..<2).map { _ in Simulation.run(seed: 99) }
    #expect(runs[0].steps == runs[1].steps)
    #expect(runs[0].clock.moment == runs[1].clock.moment)
    #expect(runs[0].ledger.attempts == runs[1].ledger.attempts)
    #expect(runs[0].ledger.ended == runs[1].ledger.ended)
  }
}

extension Simulation {
  /// A walk of this seed with everything failing that it knows, and then its end.
  static func run(seed: UInt64) -> Simulation {
    var simulation = Simulation(seed: seed)
    for _ in 0..<1500 where simulation.violations.isEmpty { simulation.walk() }
    if simulation.violations.isEmpty { simulation.settle() }
    return simulation
  }
}
