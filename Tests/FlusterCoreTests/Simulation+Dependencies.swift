import FlusterCore

/// Jobs that wait for others.
extension Simulation {
  /// Some that were acknowledged, ended or not.
  mutating func dependencies() -> [Dependency] {
    let known = ledger.acknowledged.sorted()
    let open = known.filter { controller.state.jobs[$0] != nil }
    return (0..<Int.random(in: 1...3, using: &random)).compactMap { _ in
      let jobs = chance(1, in: 4) || open.isEmpty ? known : open
      guard let job = jobs.randomElement(using: &random),
        let array = ledger.requests[job]?.array,
        let kind = Dependency.Kind.allCases.randomElement(using: &random)
      else { return nil }
      guard chance(1, in: 3) else { return Dependency(kind, Selection(job: job)) }
      let first = array.index(of: .random(in: 0..<array.count, using: &random))
      let indices = chance(1, in: 2) ? first...first : first...(first + 5)
      return Dependency(kind, Selection(job: job, indices: indices))
    }
  }

  /// What the store says of those that have ended; nil if one is so new that it cannot say.
  func past(of request: JobRequest) -> [Selection: TaskState]? {
    var past: [Selection: TaskState] = [:]
    for dependency in request.options.dependencies {
      guard controller.state.jobs[dependency.target.job] == nil else { continue }
      guard ledger.ended[dependency.target.job] != nil else { return nil }
      past[dependency.target] =
        ledger.ends(of: dependency.target).first { $0 != .succeeded }
        .map { $0 ?? .pending } ?? .succeeded
    }
    return past
  }
}

extension SimulationLedger {
  /// How each of these tasks ended; nil for one that has not.
  func ends(of target: Selection) -> [TaskState?] {
    guard let array = requests[target.job]?.array else { return [nil] }
    let positions = target.indices.map { array.positions(within: $0) ?? 0..<0 } ?? array.positions
    return positions.map { accounts[target.job]?[$0]?.final }
  }

  /// What is wrong with the start of a job now, as far as others must have ended before.
  func contradictions(toStarting job: JobID) -> [String] {
    let all = requests[job]?.options.dependencies ?? []
    var found = all.filter { dependency in
      let ends = ends(of: dependency.target)
      if ends.contains(nil) { return true }
      return dependency.kind == .afterOK && ends.contains { $0 != .succeeded }
    }.map { "job \(job) is started, and \($0) is not met" }
    let failures = all.filter { $0.kind == .afterFail }
    if !failures.isEmpty,
      failures.allSatisfy({ ends(of: $0.target).allSatisfy { $0 == .succeeded } })
    {
      found.append("job \(job) is started after failures, and there was none")
    }
    return found
  }

  /// What is wrong with ending a job because it could never be started.
  func contradictions(toGivingUp job: JobID) -> [String] {
    let all = requests[job]?.options.dependencies ?? []
    let isLost = all.contains { dependency in
      dependency.kind == .afterOK
        && ends(of: dependency.target).contains { $0 != nil && $0 != .succeeded }
    }
    let failures = all.filter { $0.kind == .afterFail }
    let hasAllSucceeded =
      !failures.isEmpty
      && failures.allSatisfy { ends(of: $0.target).allSatisfy { $0 == .succeeded } }
    return isLost || hasAllSucceeded ? [] : ["job \(job) is given up, and might be started yet"]
  }
}
