import FlusterCore
import Glibc
import Testing

@Suite("Simulation")
struct SimulationTests {
  /// Steps in all; FLUSTER_SIMULATION_STEPS sets more, FLUSTER_SIMULATION_SEED another start.
  private static func setting(_ name: String) -> UInt64? {
    getenv(name).flatMap { UInt64(String(cString: $0)) }
  }

  @Test("whatever fails, nothing acknowledged is lost and nothing runs twice")
  func walk() {
    let total = Self.setting("FLUSTER_SIMULATION_STEPS") ?? 20_000
    let first = Self.setting("FLUSTER_SIMULATION_SEED") ?? 1
    let perSeed: UInt64 = 4000
    for seed in first..<(first + max(1, total / perSeed)) {
      var simulation = Simulation(seed: seed)
      for _ in 0..<perSeed where simulation.violations.isEmpty { simulation.walk() }
      simulation.settle()
      if !simulation.violations.isEmpty {
        Issue.record(
          "FLUSTER_SIMULATION_SEED=\(seed): \(simulation.violations.prefix(5))")
        return
      }
    }
  }
}

extension Simulation {
  /// Once faults stop, every job ends and everything is given back.
  mutating func settle() {
    faults = false
    for _ in 0..<40_000 where violations.isEmpty {
      walk()
      if controller.state.jobs.isEmpty && uncommitted.isEmpty { break }
    }
    // What is still to be said between workers and controller.
    for _ in 0..<2000 where violations.isEmpty { walk2() }
    guard violations.isEmpty else { return }
    for job in controller.state.jobs.keys.sorted() {
      violations.append("job \(job) never ended: \(describe(job))")
    }
    for job in acknowledged.sorted() where ended[job] == nil {
      violations.append("job \(job) was acknowledged and is lost")
    }
    if !controller.state.attempts.isEmpty { violations.append("attempts are still open") }
    for worker in controller.state.workers.keys.sorted()
    where controller.state.free(on: worker).cpuMillis != 2000 {
      violations.append("worker \(worker) has not got back all its room")
    }
    for worker in workers where !worker.held.isEmpty {
      violations.append("worker \(worker.id) still holds \(worker.held)")
    }
  }

  private func describe(_ id: JobID) -> String {
    guard let job = controller.state.jobs[id] else { return "gone" }
    let records = job.records.keys.sorted().compactMap { job.records[$0] }
    let reason = controller.pendingReason(for: id, at: now)?.text ?? "nothing pending"
    let seen = records.compactMap(\.open).compactMap { uid -> String? in
      guard let attempt = controller.state.attempts[uid],
        let worker = workers.first(where: { $0.id == attempt.worker })
      else { return nil }
      let link = controller.state.workers[attempt.worker]?.link
      return "\(uid) on \(worker.id): \(String(describing: worker.held[uid])), "
        + "connected \(String(describing: worker.link)) and \(String(describing: link))"
    }
    return "\(reason); \(job.progress.counts); \(records); \(seen)"
  }

  /// Only messages and commits, nothing new.
  private mutating func walk2() {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: commit()
    case 1: deliverToWorker()
    case 2: deliverToController()
    default: mend()
    }
  }
}
