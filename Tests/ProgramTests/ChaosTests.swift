import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("chaos")
  struct ChaosTests {
    @Test("whatever dies and stands still, the store tells exactly what ran, and how it ended")
    func exact() throws { try run(shimsDie: false) }

    @Test("if shims die, too, what they held is told as lost, and charged as such")
    func shims() throws { try run(shimsDie: true) }

    private func run(shimsDie: Bool) throws {
      try Instance.with(daemons: [.controller]) { instance in
        for id in Chaos.workers {
          try instance.addWorker(id, ["--cpus", "2", "--mem", "2G", "--address", "\(id).example"])
        }
        var chaos = Chaos(instance, seconds: Programs.chaosSeconds, shimsDie: shimsDie)
        do {
          try chaos.rage()
          try chaos.settle()
          try chaos.check()
        } catch {
          Issue.record("\(chaos.seed)")
          throw error
        }
      }
    }
  }

  /// How long the chaos lasts.
  static var chaosSeconds: Double {
    Double(Processes.environment["FLUSTER_CHAOS_SECONDS"] ?? "") ?? 20
  }
}
