import FlusterCore
import Testing

@Suite("The state of a job follows from its tasks")
struct DerivationTests {
  private func run(_ endings: [Outcome]) -> (JobProgress?, [String]) {
    var world = World()
    world.worker(cpus: 16)
    _ = world.job {
      $0.array = TaskArray(
        first: 0, step: 1, count: UInt32(endings.count), throttle: nil, isExplicit: true)
      $0.retriesLost = 0
    }
    var ended: JobProgress?
    for (attempt, ending) in zip(world.schedule(), endings) {
      world.observe(attempt, .started)
      ended = world.finish(attempt, ending).ended ?? ended
    }
    return (ended, world.violations)
  }

  @Test(
    "all endings together decide, and one bad task never ends the others",
    arguments: [
      (["ok", "ok"], .succeeded), (["ok", "fail"], .failed), (["fail", "ok", "ok"], .failed),
      (["ok", "lost"], .workerFailed), (["lost", "lost"], .workerFailed),
      (["fail", "lost"], .failed),
    ] as [([String], TaskState)])
  func table(endings: [String], state: TaskState) {
    let outcomes = endings.map { word in
      switch word {
      case "ok": Outcome(.exit, exitCode: 0)
      case "lost": Outcome(.workerLost)
      default: Outcome(.exit, exitCode: 1)
      }
    }
    let (ended, violations) = run(outcomes)
    #expect(ended?.state == state)
    #expect(violations.isEmpty)
  }

  /// Scenario 46.
  @Test("a job of two tasks runs until the second has succeeded")
  func two() {
    var world = World()
    world.worker(cpus: 2)
    let job = world.job {
      $0.array = TaskArray(first: 0, step: 1, count: 2, throttle: nil, isExplicit: true)
    }
    let attempts = world.schedule()
    #expect(world.finish(attempts[0]).ended == nil)
    #expect(world.controller.state.jobs[job]?.progress.state == .running)
    #expect(world.finish(attempts[1]).ended?.state == .succeeded)
  }

  @Test(
    "the status that is carried back",
    arguments: [
      (Outcome(.exit, exitCode: 7), 7), (Outcome(.exit, exitCode: 0), 0),
      (Outcome(.signal, signal: 9), 137), (Outcome(.killed, signal: 15), 143),
      (Outcome(.killed, exitCode: 0), 143), (Outcome(.killed, exitCode: 3), 3),
      (Outcome(.timeLimit, exitCode: 0), 143), (Outcome(.memoryLimit, signal: 9), 137),
      (Outcome(.killed), 126), (Outcome(.start, startReason: .exec), 126),
      (Outcome(.workerLost), 126),
    ] as [(Outcome, UInt8)])
  func status(outcome: Outcome, status: UInt8) {
    #expect(outcome.status == status)
  }
}
