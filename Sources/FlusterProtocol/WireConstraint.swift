package import FlusterCore

extension WireConstraint {
  /// What an attribute must be, or should.
  package init(_ constraint: Constraint) {
    self.init()
    key = constraint.key
    comparison = Comparison(constraint.comparison)
    values = constraint.values.map(\.description)
    preferred = !constraint.isHard
  }
}

extension Constraint {
  /// What came, checked: as many values as the comparison takes, and numbers where only those
  /// compare.
  package init(wire: WireConstraint) throws(Refusal) {
    try Limit.word(wire.key, to: Limit.word, "attribute")
    let comparison = try Comparison(wire: wire.comparison)
    let count = wire.values.count
    guard comparison.takes.contains(count) else {
      throw .invalid(
        "the constraint \(wire.key) \(comparison.word) has \(count) values; it takes "
          + "\(comparison.takes.lowerBound)"
          + (comparison.takes.count == 1 ? "" : " to \(comparison.takes.upperBound)"))
    }
    for value in wire.values {
      try Limit.text(value, to: Limit.name, "a value of the constraint on \(wire.key)")
    }
    let values = wire.values.map { AttributeValue($0) }
    if comparison.isOfNumbers, case .text(let text)? = values.first {
      throw .invalid(
        "the constraint \(wire.key) \(comparison.word) \(Limit.quoted(text)) never holds: "
          + "only numbers are greater or less")
    }
    self.init(key: wire.key, comparison, values, isHard: !wire.preferred)
  }

  /// All of a job's, checked.
  static func list(wire: [WireConstraint]) throws(Refusal) -> [Constraint] {
    guard wire.count <= Limit.constraints else {
      throw .invalid("\(wire.count) constraints are above the limit of \(Limit.constraints)")
    }
    let bytes = wire.reduce(0) { sum, constraint in
      constraint.values.reduce(sum + constraint.key.utf8.count) { $0 + $1.utf8.count }
    }
    guard bytes <= Limit.constraintBytes else {
      throw .invalid(
        "the constraints have \(bytes) bytes; the limit is \(Limit.constraintBytes)",
        wayOut: "give the workers that are meant an attribute in common")
    }
    var constraints: [Constraint] = []
    for constraint in wire { constraints.append(try Constraint(wire: constraint)) }
    return constraints
  }
}

extension Constraint.Comparison {
  /// How many values it compares with.
  package var takes: ClosedRange<Int> {
    switch self {
    case .exists, .notExists: 0...0
    case .among: 1...Limit.values
    case .equal, .notEqual, .greater, .greaterOrEqual, .less, .lessOrEqual: 1...1
    }
  }

  /// Whether it never holds between texts.
  package var isOfNumbers: Bool {
    switch self {
    case .greater, .greaterOrEqual, .less, .lessOrEqual: true
    case .equal, .notEqual, .exists, .notExists, .among: false
    }
  }

  /// The comparison with the wire's number; invalid-argument for one that there is not.
  package init(wire: WireConstraint.Comparison) throws(Refusal) {
    switch wire {
    case .equal: self = .equal
    case .notEqual: self = .notEqual
    case .exists: self = .exists
    case .notExists: self = .notExists
    case .greater: self = .greater
    case .greaterOrEqual: self = .greaterOrEqual
    case .less: self = .less
    case .lessOrEqual: self = .lessOrEqual
    case .among: self = .among
    case .unspecified, .UNRECOGNIZED:
      throw .invalid("there is no comparison number \(wire.rawValue)")
    }
  }
}

extension WireConstraint.Comparison {
  /// The wire's number of a comparison.
  package init(_ comparison: Constraint.Comparison) {
    switch comparison {
    case .equal: self = .equal
    case .notEqual: self = .notEqual
    case .exists: self = .exists
    case .notExists: self = .notExists
    case .greater: self = .greater
    case .greaterOrEqual: self = .greaterOrEqual
    case .less: self = .less
    case .lessOrEqual: self = .lessOrEqual
    case .among: self = .among
    }
  }
}
