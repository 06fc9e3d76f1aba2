package import FlusterCore

/// A RegisterEndpoint that has passed the door.
package struct EndpointOrder: Hashable, Sendable {
  package let endpoint: Endpoint
  /// Of which its attempt is said to be.
  package let job: JobID

  /// Decodes; what it may say the core decides. Throws invalid-argument naming the field.
  package init(wire: WireRegisterEndpoint) throws(Refusal) {
    guard wire.hasEndpoint else { throw .invalid("the request holds no endpoint") }
    let wire = wire.endpoint
    guard wire.job > 0, wire.job <= Limit.number else {
      throw Refusal(.notFound, "there is no job \(wire.job)")
    }
    job = JobID(wire.job)
    endpoint = Endpoint(
      attempt: try Limit.uid(wire.attemptUid.array, "the attempt of an endpoint"),
      name: wire.name, address: wire.address,
      metadata: wire.metadata.map { Endpoint.Property(key: $0.key, value: $0.value) })
  }
}

/// An UnregisterEndpoint that has passed the door.
package struct EndpointRemoval: Hashable, Sendable {
  /// Whose they are.
  package enum Owner: Hashable, Sendable {
    case attempt(AttemptUID)
    case tree(JobSelector)
  }

  package let name: String
  package let owner: Owner

  /// Decodes and checks; throws invalid-argument naming the field.
  package init(wire: WireUnregisterEndpoint) throws(Refusal) {
    name = wire.name
    guard wire.attemptUid.isEmpty else {
      owner = .attempt(try Limit.uid(wire.attemptUid.array, "the attempt of an endpoint"))
      return
    }
    guard wire.hasTree else { throw .invalid("the request names neither attempt nor tree") }
    owner = .tree(try JobSelector(wire: wire.tree))
  }
}

/// A ListEndpoints that has passed the door.
package struct EndpointQuery: Hashable, Sendable {
  /// Nil: all.
  package let tree: JobSelector?
  package let prefix: String
  /// Only the first of this very name.
  package let isExact: Bool

  /// Decodes and checks; throws invalid-argument naming the field.
  package init(wire: WireListEndpoints) throws(Refusal) {
    tree = wire.hasTree ? try JobSelector(wire: wire.tree) : nil
    prefix = wire.prefix
    isExact = wire.exact
  }
}

extension WireEndpoint {
  /// An endpoint of `task`, which is a task of `job`.
  package init(_ endpoint: Endpoint, _ task: TaskID, of job: Job) {
    precondition(task.job == job.id, "an endpoint is shown with its own job")
    self.init()
    name = endpoint.name
    address = endpoint.address
    metadata = endpoint.metadata.map { property in
      var attribute = WireAttribute()
      attribute.key = property.key
      attribute.value = property.value
      return attribute
    }
    self.job = job.id.number
    attemptUid = .of(endpoint.attempt.bytes)
    index = job.request.array.index(of: task.position)
    explicit = job.request.array.isExplicit
  }
}
