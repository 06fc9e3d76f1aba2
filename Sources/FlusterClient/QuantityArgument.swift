package import FlusterCore

/// Numbers with units on a command line, read strictly. What is refused is a usage error that names
/// the option and shows the accepted forms; so is nothing at all, which an unset variable leaves.
package enum QuantityArgument {
  /// `90`, `5m`, `2h30m`.
  package static func span(_ option: String, _ text: String) throws(Failure) -> Span {
    do {
      return Span(milliseconds: try Quantity.milliseconds(parsing: text))
    } catch {
      throw failure(option, error)
    }
  }

  /// Bytes from `8G`.
  package static func bytes(_ option: String, _ text: String) throws(Failure) -> UInt64 {
    do {
      return try Quantity.bytes(parsing: text)
    } catch {
      throw failure(option, error)
    }
  }

  /// Thousandths of a cpu from `1.5`.
  package static func cpuMillis(_ option: String, _ text: String) throws(Failure) -> UInt64 {
    do {
      return try Quantity.cpuMillis(parsing: text)
    } catch {
      throw failure(option, error)
    }
  }

  /// A whole number within bounds.
  package static func count<Number: FixedWidthInteger>(
    _ option: String, _ text: String, in bounds: ClosedRange<Number>
  ) throws(Failure) -> Number {
    let digits = text.hasPrefix("-") ? text.dropFirst() : Substring(text)
    guard SelectorArgument.number(digits) != nil, let number = Number(text),
      bounds.contains(number)
    else {
      throw .usage(
        "\(option): \"\(text)\" is no number from \(bounds.lowerBound) to \(bounds.upperBound)")
    }
    return number
  }

  static func failure(_ option: String, _ error: QuantityError) -> Failure {
    let lines = error.description.split(separator: "\n", maxSplits: 1)
    return .usage(
      "\(option): \(lines.first ?? "no number")",
      wayOut: lines.count > 1 ? String(lines[1]) : nil)
  }
}
