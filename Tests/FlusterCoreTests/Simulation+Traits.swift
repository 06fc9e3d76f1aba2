import FlusterCore

/// What jobs are like. To add a trait, add one line: in how many of twelve jobs it is found, and
/// how it is given.
extension Simulation {
  typealias Giving = @Sendable (inout JobRequest, inout Simulation) -> Void

  static let traits: [(part: Int, give: Giving)] = [
    (8, { $0.array = $1.array() }),
    (10, { $0.needs = $1.needs() }),
    (6, { $0.retries = UInt32.random(in: 1...2, using: &$1.random) }),
    (8, { $0.retriesLost = UInt32.random(in: 0...3, using: &$1.random) }),
    (3, { $0.timeLimit = .seconds(.random(in: 1...8, using: &$1.random)) }),
    (3, { $0.grace = .seconds(.random(in: 0...3, using: &$1.random)) }),
    (1, { request, _ in request.held = true }),
  ]

  private mutating func array() -> TaskArray {
    TaskArray(
      first: 2, step: 3, count: .random(in: 1...world.tasks, using: &random),
      throttle: chance(1, in: 3) ? .random(in: 1...3, using: &random) : nil, isExplicit: true)
  }

  private mutating func needs() -> Requirement {
    Requirement(
      cpuMillis: UInt64.random(in: 1...4, using: &random) * 500,
      memoryBytes: chance(1, in: 4) ? .random(in: 1...700, using: &random) : nil)
  }
}
