package import FlusterCore
import SwiftProtobuf

/// A Submit that has passed the door.
package struct Submission: Hashable, Sendable {
  package var request: JobRequest
  package let payload: Payload
  /// Nil: the caller takes the risk that a resend submits twice.
  package let token: Token?
  /// The token may have been sent before.
  package let isResend: Bool
  /// Nothing is to be stored.
  package let isDryRun: Bool
  /// The attempt that submits, by its own word.
  package let parent: AttemptUID?
  /// What is to become of it if the request has a key that is taken.
  package let once: Once
  /// What it is to wait for, as named; the request's own list is flusterd's to fill in.
  package let dependencies: [DependencyOrder]

  /// Decodes and checks a Submit of `owner`, whom the kernel named.
  ///
  /// Throws invalid-argument naming the field; nothing of a refused submit goes on.
  package init(wire: WireSubmit, owner: UserID) throws(Refusal) {
    guard wire.hasJob else { throw .invalid("the submit holds no job") }
    token = wire.token.isEmpty ? nil : Token(bytes: wire.token.array)
    guard wire.token.isEmpty == (token == nil) else {
      throw .invalid("the token has \(wire.token.count) bytes instead of 16")
    }
    guard token != nil || !wire.resend else { throw .invalid("a resend has no token") }
    isResend = wire.resend
    isDryRun = wire.dryRun
    parent =
      wire.parentAttempt.isEmpty
      ? nil : try Limit.uid(wire.parentAttempt.array, "the parent's attempt")
    var request = try JobRequest(wire: wire.job, owner: owner)
    payload = try Payload(wire: wire.job)
    once = try Once(wire: wire.job.once)
    dependencies = try DependencyOrder.list(wire: wire.job.options.dependencies)
    if wire.job.hasOnce {
      request.options.key = try JobKey(
        wire: wire.job.once, for: request, payload, wire.job.options.dependencies)
    }
    self.request = request
  }
}

extension JobRequest {
  /// What `owner` asks for, checked against every limit of the door.
  package init(wire: WireJobRequest, owner: UserID) throws(Refusal) {
    guard !wire.name.isEmpty else { throw .invalid("the name is empty") }
    try Limit.text(wire.name, to: Limit.name, "the name")
    guard wire.retries <= Limit.retries, wire.retriesLost <= Limit.retries else {
      throw .invalid(
        "\(max(wire.retries, wire.retriesLost)) retries are above the limit of \(Limit.retries)")
    }
    self.init(name: wire.name, owner: owner)
    array = wire.hasArray ? try TaskArray(wire: wire.array) : .plain
    needs = try Requirement(wire: wire.needs)
    retries = wire.retries
    retriesLost = wire.retriesLost
    timeLimit = wire.hasTimeLimitMs ? try Limit.timeLimit(wire.timeLimitMs) : nil
    grace = try Limit.span(wire.graceMs, "a grace")
    held = wire.held
    endChildren = wire.endChildren
    options = try JobOptions(wire: wire.options)
    backoff = try Backoff(wire: wire.options)
  }
}

extension Payload {
  /// How to start the job's tasks, checked. Fields of a launch that this build does not know stay
  /// in it and reach the worker.
  package init(wire: WireJobRequest) throws(Refusal) {
    guard wire.hasLaunch else { throw .invalid("the job has no launch description") }
    var launch = wire.launch
    try launch.check()
    let environment = wire.environment.array
    try checkEnvironment(environment)
    try checkScript(wire.script.count, launch)
    if launch.hasScript { launch.script.bytes = UInt64(wire.script.count) }
    guard !launch.hasEntries || wire.hasArray else {
      throw .invalid("there are entries, and no array of tasks for them")
    }
    let bytes: [UInt8]
    do {
      bytes = try launch.serializedBytes()
    } catch {
      throw Refusal(.internal, "a launch description cannot be encoded")
    }
    guard bytes.count <= Limit.launch else {
      throw .invalid(
        "the launch description has \(bytes.count) bytes; the limit is \(Limit.launch)")
    }
    self.init(
      launch: bytes, environment: environment, script: wire.script.array,
      entryBytes: launch.hasEntries ? launch.entries.bytes : nil)
  }
}

extension WireJobRequest {
  /// A request for the wire; without a payload the launch stays empty.
  ///
  /// Throws internal if the payload's launch is damaged.
  package init(_ request: JobRequest, _ payload: Payload?) throws(Refusal) {
    self.init()
    name = request.name
    array = WireArray(request.array)
    needs = WireNeeds(request.needs)
    retries = request.retries
    retriesLost = request.retriesLost
    if let limit = request.timeLimit { timeLimitMs = limit.milliseconds }
    graceMs = request.grace.milliseconds
    held = request.held
    endChildren = request.endChildren
    if let options = WireOptions(request) { self.options = options }
    guard let payload else { return }
    launch = try WireLaunch(stored: payload)
    environment = .of(payload.environment)
    script = .of(payload.script)
  }
}
