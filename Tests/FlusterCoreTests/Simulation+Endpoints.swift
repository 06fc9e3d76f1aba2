import FlusterCore

/// Tasks that say where they can be reached.
extension Simulation {
  /// A few names and addresses for all, so that they meet.
  mutating func registration() -> Command? {
    guard let (attempt, job, caller) = registrant() else { return nil }
    let name =
      "\(Bool.random(using: &random) ? "a" : "b")/\(UInt8.random(in: 0...1, using: &random))"
    return .registerEndpoint(
      Endpoint(
        attempt: attempt, name: name,
        address: "localhost:\(UInt8.random(in: 1...3, using: &random))",
        metadata: chance(1, in: 3) ? [Endpoint.Property(key: "k", value: name)] : []),
      of: job, from: caller, request())
  }

  mutating func unregistration() -> Command? {
    guard let (attempt, job, caller) = registrant() else { return nil }
    let scope: EndpointScope = chance(1, in: 4) ? .tree(job) : .attempt(attempt)
    return .unregisterEndpoint("a/0", scope, from: caller, request())
  }

  /// Some open attempt, or one that ended long ago.
  private mutating func registrant() -> (AttemptUID, JobID, Caller)? {
    let isPast = chance(1, in: 8)
    let attempts = isPast ? ledger.attempts : controller.state.attempts
    guard let uid = attempts.keys.sorted().randomElement(using: &random),
      let attempt = attempts[uid]
    else { return nil }
    let owner = controller.state.jobs[attempt.task.job]?.request.owner ?? UserID(1)
    return (uid, attempt.task.job, Caller(uid: owner, isAdministrator: false))
  }
}
