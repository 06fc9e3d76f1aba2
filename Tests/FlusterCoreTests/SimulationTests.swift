import FlusterCore
import Glibc
import Testing

/// FLUSTER_SIMULATION_STEPS says how far to walk, FLUSTER_SIMULATION_SEED where to begin; a walk
/// with a store goes a tenth as far.
@Suite("Simulation")
struct SimulationTests {
  private static let steps = setting("FLUSTER_SIMULATION_STEPS") ?? 20_000
  private static let first = UInt64(setting("FLUSTER_SIMULATION_SEED") ?? 1)

  private static func setting(_ name: String) -> Int? {
    getenv(name).flatMap { Int(String(cString: $0)) }
  }

  @Test("whatever fails, nothing acknowledged is lost and nothing runs twice")
  func walk() {
    let walk = SimulationWalk(from: Self.first, steps: Self.steps) { Simulation.run(seed: $0) }
    print(walk.summary)
    #expect(walk.trouble == nil)
  }

  @Test("nor with a real store on a disk that refuses")
  func walkWithStore() async {
    await #expect(processExitsWith: .success) {
      SimulationWalk.runChild {
        try SimulationWalk(from: Self.first, steps: Self.steps / 10) {
          try Simulation.run(seed: $0, disk: SimulatedDisk())
        }
      }
    }
  }

  /// Seeds that once failed.
  @Test("what was found once stays mended", arguments: [1, 7691] as [UInt64])
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
