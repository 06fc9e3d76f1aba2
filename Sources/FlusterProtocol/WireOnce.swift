package import FlusterCore
import SwiftProtobuf

extension Once {
  /// How a key is to be taken; what is absent is as usual.
  ///
  /// Throws unimplemented for what a newer client has.
  package init(wire: WireOnce) throws(Refusal) {
    self.init(scope: try Scope(wire: wire.scope), ifExists: try IfExists(wire: wire.ifExists))
  }
}

extension Once.Scope {
  fileprivate init(wire: WireOnce.Scope) throws(Refusal) {
    switch wire {
    case .unspecified, .ever: self = .ever
    case .live: self = .live
    case .UNRECOGNIZED(let number): throw .unknown("scope of keys", number)
    }
  }
}

extension Once.IfExists {
  fileprivate init(wire: WireOnce.IfExists) throws(Refusal) {
    switch wire {
    case .unspecified, .return: self = .return
    case .fail: self = .fail
    case .replace: self = .replace
    case .UNRECOGNIZED(let number): throw .unknown("way with a key that exists", number)
    }
  }
}

extension Refusal {
  /// Guessing would make a job that nobody wanted, or end one.
  fileprivate static func unknown(_ what: String, _ number: Int) -> Refusal {
    Refusal(.unimplemented, "flusterd \(FlusterVersion.software) has no \(what) number \(number)")
  }
}

extension WireOnce {
  /// A key for the wire; what is as usual stays out.
  package init(key: String, _ once: Once) {
    self.init()
    self.key = key
    switch once.scope {
    case .ever: break
    case .live: scope = .live
    }
    switch once.ifExists {
    case .return: break
    case .fail: ifExists = .fail
    case .replace: ifExists = .replace
    }
  }
}

extension JobKey {
  /// The key that a request came with, for what it asks for.
  init(
    wire: WireOnce, for request: JobRequest, _ payload: Payload, _ dependencies: [WireDependency]
  ) throws(Refusal) {
    guard !wire.key.isEmpty else { throw .invalid("the key is empty") }
    try Limit.text(wire.key, to: Limit.name, "the key")
    self.init(name: wire.key, digest: try RequestDigest(of: request, payload, dependencies))
  }
}

extension RequestDigest {
  /// Of all that was asked for, and not of what a command only finds around it, which differs
  /// between a terminal and cron: environment, umask, nice value and resource limits; nor of the
  /// attempt that submits. Dependencies count as they were named, whatever that means by
  /// now; times do not, since most are named from when the command runs.
  init(
    of request: JobRequest, _ payload: Payload, _ dependencies: [WireDependency]
  ) throws(Refusal) {
    var request = request
    (request.options.begin, request.options.deadline) = (nil, nil)
    var wire = try WireJobRequest(request, payload)
    wire.clearOnce()
    if !dependencies.isEmpty { wire.options.dependencies = dependencies }
    wire.environment = .of([])
    wire.launch.umask = 0
    wire.launch.nice = 0
    wire.launch.rlimits = []
    wire.launch.comment = ""
    do {
      let bytes: [UInt8] = try wire.serializedBytes()
      guard let value = AttemptUID(bytes: SHA256.hash(bytes).prefix(16)) else {
        throw Refusal(.internal, "a hash is too short")
      }
      self.init(value)
    } catch {
      throw (error as? Refusal) ?? Refusal(.internal, "a request cannot be encoded")
    }
  }
}
