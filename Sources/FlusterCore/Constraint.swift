/// What a worker says of itself by name, beside its resources.
package enum AttributeValue: Hashable, Sendable, CustomStringConvertible {
  case text(String)
  /// Always finite.
  case number(Double)

  /// Reads what a user wrote: a decimal number is a number, all else a text. Both lose the blanks
  /// around them, texts their capitals (semantics 5.4).
  package init(_ written: String) {
    let text = written.trimmed.lowercased()
    let isDecimal = text.utf8.allSatisfy { "0123456789+-.e".utf8.contains($0) }
    if isDecimal, let number = Double(text), number.isFinite {
      self = .number(number)
    } else {
      self = .text(text)
    }
  }

  package var description: String {
    switch self {
    case .text(let text): text
    case .number(let number):
      number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
    }
  }
}

/// One of a worker's attributes.
package struct Attribute: Hashable, Sendable {
  /// Lower case, without blanks around it.
  package let name: String
  package let value: AttributeValue

  /// Brings the name into its form.
  package init(name: String, value: AttributeValue) {
    self.name = name.trimmed.lowercased()
    self.value = value
  }
}

/// What a task wants a worker's attributes to be.
package struct Constraint: Hashable, Sendable, CustomStringConvertible {
  /// The number is the wire's and the store's.
  package enum Comparison: UInt8, Hashable, Sendable, CaseIterable {
    case equal = 1
    case notEqual = 2
    case exists = 3
    case notExists = 4
    case greater = 5
    case greaterOrEqual = 6
    case less = 7
    case lessOrEqual = 8
    case among = 9

    /// As users write it.
    package var word: String {
      switch self {
      case .equal: "="
      case .notEqual: "!="
      case .exists: "exists"
      case .notExists: "not-exists"
      case .greater: ">"
      case .greaterOrEqual: ">="
      case .less: "<"
      case .lessOrEqual: "<="
      case .among: "in"
      }
    }
  }

  package let key: String
  package let comparison: Comparison
  package let values: [AttributeValue]
  /// It must hold; else it only decides between workers that both would do.
  package let isHard: Bool

  /// Brings the key into its form.
  package init(
    key: String, _ comparison: Comparison, _ values: [AttributeValue], isHard: Bool = true
  ) {
    self.key = key.trimmed.lowercased()
    self.comparison = comparison
    self.values = values
    self.isHard = isHard
  }

  /// Whether it holds for a value; nil where the worker has no such attribute: then nothing is true
  /// but that it does not exist.
  func holds(for value: AttributeValue?) -> Bool {
    guard let value else { return comparison == .notExists }
    return switch comparison {
    case .exists: true
    case .notExists: false
    case .equal, .among: values.contains(value)
    case .notEqual: !values.contains(value)
    case .greater: compares(value) { $0 > $1 }
    case .greaterOrEqual: compares(value) { $0 >= $1 }
    case .less: compares(value) { $0 < $1 }
    case .lessOrEqual: compares(value) { $0 <= $1 }
    }
  }

  /// Only numbers are greater or less than one another.
  private func compares(_ value: AttributeValue, _ holds: (Double, Double) -> Bool) -> Bool {
    guard case .number(let have) = value, case .number(let want)? = values.first else {
      return false
    }
    return holds(have, want)
  }

  /// `zone = a`, `gpu in a100,h100`, `ssd exists`.
  package var description: String {
    let operands = values.map(\.description).joined(separator: ",")
    return "\(key) \(comparison.word)" + (operands.isEmpty ? "" : " \(operands)")
  }
}

extension WorkerRecord {
  /// The value of an attribute; every worker has its id as `worker`.
  package func attribute(_ name: String) -> AttributeValue? {
    if name == "worker" { return .text(id.name.lowercased()) }
    return attributes.first { $0.name == name }?.value
  }

  /// Whether every constraint that must hold does.
  func meets(_ constraints: [Constraint]) -> Bool {
    constraints.allSatisfy { !$0.isHard || $0.holds(for: attribute($0.key)) }
  }

  /// How many of the wishes among the constraints it grants.
  func score(of constraints: [Constraint]) -> Int {
    constraints.count { !$0.isHard && $0.holds(for: attribute($0.key)) }
  }
}

extension String {
  /// Without the blanks at both ends.
  fileprivate var trimmed: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
