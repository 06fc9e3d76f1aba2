package import FlusterCore

/// A Register that has passed the door.
package struct Registration: Hashable, Sendable {
  package let record: WorkerRecord
  /// The store whose attempts it holds, 16 bytes; nil when it holds none.
  package let store: [UInt8]?
  package let pid: UInt32

  /// Decodes and checks what a worker of `owner`, whom the kernel named, says of itself.
  ///
  /// Throws invalid-argument naming the field.
  package init(wire: WireRegister, owner: UserID) throws(Refusal) {
    try Limit.word(wire.id, to: Limit.workerID, "worker id")
    try Limit.text(wire.boot, to: Limit.word, "the boot id")
    try Limit.text(wire.software, to: Limit.word, "the software version")
    guard wire.lacks.count <= Limit.word else {
      throw .invalid("a worker lacks \(wire.lacks.count) things; the limit is \(Limit.word)")
    }
    for lack in wire.lacks { try Limit.word(lack, to: Limit.word, "a missing limit") }
    guard wire.attributes.count <= Limit.attributes else {
      throw .invalid(
        "\(wire.attributes.count) attributes are above the limit of \(Limit.attributes)")
    }
    for attribute in wire.attributes {
      try Limit.word(attribute.key, to: Limit.word, "attribute")
      try Limit.text(attribute.value, to: Limit.name, "attribute \(attribute.key)")
    }
    guard wire.store.isEmpty || wire.store.count == 16 else {
      throw .invalid("the store id has \(wire.store.count) bytes instead of 16")
    }
    guard wire.capacity.cpuMillis > 0 else { throw .invalid("worker \(wire.id) has no cpu") }
    try checkAddress(wire.address)
    guard !wire.hasLeaseMs || (5000...Limit.span).contains(wire.leaseMs) else {
      throw .invalid("a lease of \(wire.leaseMs) ms is below 5s, or longer than a century")
    }
    record = WorkerRecord(
      id: WorkerID(wire.id), owner: owner,
      incarnation: try Limit.uid(wire.incarnation.array, "the incarnation"), boot: wire.boot,
      capacity: try Amounts(wire: wire.capacity), lacks: wire.lacks, software: wire.software,
      attributes: wire.attributes.map {
        Attribute(name: $0.key, value: AttributeValue($0.value))
      }, address: wire.address.isEmpty ? "localhost" : wire.address,
      lease: wire.hasLeaseMs ? Span(milliseconds: wire.leaseMs) : nil)
    store = wire.store.isEmpty ? nil : wire.store.array
    pid = wire.pid
  }
}

/// An address stands in a list with blanks between its members.
private func checkAddress(_ address: String) throws(Refusal) {
  try Limit.text(address, to: Limit.address, "the address")
  guard !address.contains(where: \.isWhitespace) else {
    throw .invalid("the address \(Limit.quoted(address)) contains a blank")
  }
}

extension WireAttribute {
  /// What a worker says of itself, for the wire.
  package init(_ attribute: Attribute) {
    self.init()
    key = attribute.name
    value = attribute.value.description
  }
}

extension WireObservation {
  /// What a worker saw, for the wire.
  package init(_ observation: Observation) {
    self.init()
    uid = .of(observation.uid.bytes)
    atMs = observation.at.milliseconds
    switch observation.kind {
    case .queued: kind = .queued
    case .starting: kind = .starting
    case .started: kind = .started
    case .missing: kind = .missing
    case .stuck: kind = .stuck
    case .finished(let end):
      kind = .finished
      outcome = WireOutcome(end)
    }
  }
}

extension Observation {
  /// One sight of an attempt, checked.
  package init(wire: WireObservation) throws(Refusal) {
    let uid = try Limit.uid(wire.uid.array, "the uid of an observation")
    let kind: Kind
    switch wire.kind {
    case .queued: kind = .queued
    case .starting: kind = .starting
    case .started: kind = .started
    case .missing: kind = .missing
    case .stuck: kind = .stuck
    case .finished:
      guard wire.hasOutcome else { throw .invalid("attempt \(uid) finished without an outcome") }
      kind = .finished(try Outcome(wire: wire.outcome))
    case .unspecified, .UNRECOGNIZED:
      throw .invalid("there is no kind of observation number \(wire.kind.rawValue)")
    }
    self.init(uid: uid, kind: kind, at: Limit.nearest(wire.atMs))
  }

  /// Everything a worker reports at once, checked.
  package static func list(wire: [WireObservation]) throws(Refusal) -> [Observation] {
    guard wire.count <= Limit.observations else {
      throw .invalid(
        "\(wire.count) observations are above the limit of \(Limit.observations)")
    }
    var observations: [Observation] = []
    observations.reserveCapacity(wire.count)
    for observation in wire { observations.append(try Observation(wire: observation)) }
    return observations
  }
}

/// What a worker says of its own fitness.
package enum Fitness: Hashable, Sendable {
  case well
  /// It wants no new work, because of this.
  case unwell(String)

  /// What an Observed tells of it, checked; nil: nothing new.
  package init?(wire: WireObserved) throws(Refusal) {
    guard wire.hasAilment else { return nil }
    try Limit.text(wire.ailment, to: Limit.sentence, "an ailment")
    self = wire.ailment.isEmpty ? .well : .unwell(wire.ailment)
  }

  /// The sentence; nil: it is well.
  package var ailment: String? {
    switch self {
    case .well: nil
    case .unwell(let sentence): sentence
    }
  }
}

extension AttemptUID {
  /// The uid in a field of Desired; invalid-argument if there are not 16 bytes.
  package init(wire bytes: [UInt8]) throws(Refusal) {
    self = try Limit.uid(bytes, "an attempt's uid")
  }
}
