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
    (2, { $0.options.okStatuses = [$1.status()] }),
    (2, { $0.options.finalStatuses = [$1.status()] }),
    (2, { $0.options.maxFailures = $0.retries + .random(in: 0...2, using: &$1.random) }),
    (2, { $0.options.scheduleTimeout = .seconds(.random(in: 1...30, using: &$1.random)) }),
    (2, { $0.options.band = Band.allCases.randomElement(using: &$1.random) ?? .batch }),
    (2, { $0.options.priority = .random(in: -1...1, using: &$1.random) }),
    (3, { $0 = $1.gang(of: $0) }),
    (2, { request, _ in request.endChildren = true }),
    (4, { $0.options.dependencies = $1.dependencies() }),
    (2, { $0.options.begin = $1.now.wall + .seconds(.random(in: 0...20, using: &$1.random)) }),
    (2, { $0.options.deadline = $1.now.wall + .seconds(.random(in: 1...40, using: &$1.random)) }),
    (
      3,
      {
        $0.timeLimit = .seconds(.random(in: 4...8, using: &$1.random))
        $0.options.warning = Warning(signal: 10, before: .seconds(1))
      }
    ),
  ]

  /// One that a process may end with.
  private mutating func status() -> UInt8 { chance(1, in: 2) ? 1 : 3 }

  private mutating func gang(of request: JobRequest) -> JobRequest {
    var request = request
    request.array = TaskArray(
      first: 0, step: 1, count: .random(in: 1...world.tasks, using: &random), throttle: nil,
      isExplicit: true)
    request.options.gang = Gang(
      groupBy: chance(1, in: 3) ? "zone" : nil, spread: chance(1, in: 3))
    return request
  }

  private mutating func array() -> TaskArray {
    TaskArray(
      first: 2, step: 3, count: .random(in: 1...world.tasks, using: &random),
      throttle: chance(1, in: 3) ? .random(in: 1...3, using: &random) : nil, isExplicit: true)
  }

  private mutating func needs() -> Requirement {
    Requirement(
      cpuMillis: UInt64.random(in: 1...4, using: &random) * 500,
      memoryBytes: chance(1, in: 4) ? .random(in: 1...700, using: &random) : nil,
      constraints: chance(1, in: 4) ? [constraint()] : [])
  }

  private mutating func constraint() -> Constraint {
    Constraint(
      key: "zone", chance(1, in: 2) ? .equal : .notEqual, [AttributeValue("a")],
      isHard: chance(1, in: 2))
  }
}
