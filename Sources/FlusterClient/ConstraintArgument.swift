import FlusterCore
package import FlusterProtocol

/// The argument of `fluster-submit --constraint` and `--prefer`: `KEY OP VALUE`.
package enum ConstraintArgument {
  private static let forms =
    "write KEY OP VALUE with = != < <= > >= or in, or KEY exists, or KEY not-exists:"
    + " 'zone = north', 'gpu in a100,h100', 'ssd exists'"

  private static let signs: [(String, Constraint.Comparison)] = [
    ("!=", .notEqual), ("<=", .lessOrEqual), (">=", .greaterOrEqual), ("==", .equal),
    ("=", .equal), ("<", .less), (">", .greater),
  ]

  /// The constraint meant. Throws usage for what is none, or can never hold.
  package static func parse(
    _ option: String, _ text: String, isHard: Bool
  ) throws(Failure) -> WireConstraint {
    var rest = blanks(text)
    let key = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    rest = blanks(rest.dropFirst(key.count))
    guard let first = key.utf8.first, UInt8(ascii: ".") != first, UInt8(ascii: "-") != first,
      UInt8(ascii: "_") != first, let (comparison, operand) = comparison(rest)
    else { throw .usage("\(option): \"\(text)\" is no constraint", wayOut: forms) }
    let values = comparison == .among ? split(operand) : operand.isEmpty ? [] : [operand]
    guard comparison.takes.contains(values.count), !values.contains("") else {
      throw .usage(
        "\(option): \"\(text)\" has \(values.isEmpty ? "no value" : "a wrong number of values")",
        wayOut: forms)
    }
    let constraint = Constraint(
      key: String(key), comparison, values.map { AttributeValue($0) }, isHard: isHard)
    if comparison.isOfNumbers, case .text? = constraint.values.first {
      throw .usage(
        "\(option): \"\(text)\" never holds: only numbers are greater or less", wayOut: forms)
    }
    return WireConstraint(constraint)
  }

  /// The comparison at the beginning, and what comes after it.
  private static func comparison(
    _ text: Substring
  ) -> (Constraint.Comparison, operand: String)? {
    for (sign, comparison) in signs where text.hasPrefix(sign) {
      return (comparison, trimmed(text.dropFirst(sign.count)))
    }
    let word = text.prefix { !$0.isWhitespace }
    let operand = trimmed(text.dropFirst(word.count))
    switch word {
    case "in": return (.among, operand)
    case "exists": return (.exists, operand)
    case "not-exists": return (.notExists, operand)
    case _: return nil
    }
  }

  private static func split(_ list: String) -> [String] {
    list.isEmpty
      ? []
      : list.split(separator: ",", omittingEmptySubsequences: false).map { trimmed($0) }
  }

  private static func blanks(_ text: some StringProtocol) -> Substring {
    Substring(text).drop { $0.isWhitespace }
  }

  private static func trimmed(_ text: Substring) -> String {
    String(blanks(String(blanks(text).reversed())).reversed())
  }
}
