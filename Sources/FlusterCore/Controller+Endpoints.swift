/// Whose endpoints a request is about.
package enum EndpointScope: Hashable, Sendable {
  case attempt(AttemptUID)
  /// All that runs in the tree of the job.
  case tree(JobID)
}

/// The endpoint registry.
extension Controller {
  mutating func register(
    _ endpoint: Endpoint, of job: JobID, from caller: Caller, _ reply: RequestID
  ) {
    do throws(Refusal) {
      try check(endpoint, of: job, from: caller)
    } catch {
      return effect(.reply(reply, .refused(error)))
    }
    // The same again has nothing to tell.
    if !state.endpoints.list(of: endpoint.attempt).contains(where: endpoint.isSame) {
      record(.endpointRegistered(endpoint))
    }
    effect(.reply(reply, .done(unknown: [])))
  }

  mutating func unregister(
    _ name: String, _ scope: EndpointScope, from caller: Caller, _ reply: RequestID
  ) {
    let found: [Endpoint]
    do throws(Refusal) {
      switch scope {
      case .attempt(let uid):
        try checkOwner(of: uid, caller)
        found = state.endpoints.list(of: uid).filter { $0.name.hasBytes(of: name) }
      case .tree(let job):
        found = try endpoints(inTreeOf: job, prefix: name, for: caller)
          .map(\.endpoint).filter { $0.name.hasBytes(of: name) }
      }
    } catch {
      return effect(.reply(reply, .refused(error)))
    }
    for endpoint in found {
      record(.endpointRemoved(endpoint.attempt, name: endpoint.name, address: endpoint.address))
    }
    // What is gone already is gone.
    effect(.reply(reply, .done(unknown: [])))
  }

  /// The endpoints of a tree whose names begin with `prefix`: by name, and under one name in the
  /// order of their tasks; at most so many, from behind `last` on. Empty for a tree in which
  /// nothing runs.
  ///
  /// Throws permission-denied if the tree is another user's.
  package func endpoints(
    inTreeOf job: JobID, prefix: String,
    behind last: (endpoint: Endpoint, task: TaskID)? = nil, most: Int = .max, for caller: Caller
  ) throws(Refusal) -> [(endpoint: Endpoint, task: TaskID)] {
    let found = state.endpoints.list(
      in: state.namespace(of: job), prefix: prefix, behind: last, most: most)
    // A tree has one owner.
    let any = found.first?.task.job ?? job
    if let owner = state.jobs[any]?.request.owner, !caller.mayChange(owner) {
      throw Refusal(.permissionDenied, "job \(job) belongs to uid \(owner)")
    }
    return found
  }

  private func check(
    _ endpoint: Endpoint, of job: JobID, from caller: Caller
  ) throws(Refusal) {
    if let refusal = endpoint.refusal { throw refusal }
    let uid = endpoint.attempt
    guard job.number > 0, job < state.nextJob else {
      throw Refusal(.notFound, "there is no job \(job), and so no attempt \(uid) of it")
    }
    guard let attempt = state.attempts[uid], attempt.task.job == job else {
      throw Refusal(
        .failedPrecondition, "attempt \(uid) of job \(job) is not open",
        wayOut: "only a task that runs can be reached")
    }
    try checkOwner(of: uid, caller)
    guard attempt.stop == nil else {
      throw Refusal(.failedPrecondition, "attempt \(uid) of job \(job) is being ended")
    }
    let own = state.endpoints.list(of: uid)
    let isKnown = own.contains {
      $0.name.hasBytes(of: endpoint.name) && $0.address.hasBytes(of: endpoint.address)
    }
    if isKnown { return }
    let namespace = state.namespace(of: job)
    let count = state.endpoints.count(in: namespace)
    guard own.count < Endpoint.maximumPerAttempt, count < Endpoint.maximumPerTree else {
      throw Refusal(
        .resourceExhausted,
        "attempt \(uid) has \(own.count) endpoints and the tree of job \(namespace) \(count): "
          + "the limits are \(Endpoint.maximumPerAttempt) and \(Endpoint.maximumPerTree)",
        wayOut: "remove some with fluster-endpoint rm")
    }
  }

  private func checkOwner(of uid: AttemptUID, _ caller: Caller) throws(Refusal) {
    guard let job = state.attempts[uid]?.task.job, let owner = state.jobs[job]?.request.owner,
      !caller.mayChange(owner)
    else { return }
    throw Refusal(.permissionDenied, "job \(job) belongs to uid \(owner)")
  }
}
