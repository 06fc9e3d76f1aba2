/// A number that is refused: what it is not, and the forms that are accepted.
package struct QuantityError: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String

  init(_ text: String, is what: String, accepted: String) {
    description = "\"\(text)\" is no \(what)\naccepted forms: \(accepted)"
  }
}

/// Sizes, spans of time and cpus as people write and read them.
///
/// Reading is strict: nothing is guessed, an empty text is no number.
package enum Quantity {
  /// Bytes from `1024`, `512m`, `8G`, `16 GB`, `1.5T`: the units K M G T are binary, in either
  /// case.
  package static func bytes(parsing text: String) throws(QuantityError) -> UInt64 {
    let error = QuantityError(text, is: "size", accepted: "1024, 512K, 100M, 1.5G, 2T")
    guard let decimal = Decimal(text) else { throw error }
    let unit = decimal.rest.drop { $0 == " " }.lowercased()
    let shift: UInt64? =
      switch unit {
      case "", "b": decimal.digits == 0 ? 0 : nil
      case "k", "kb", "kib": 10
      case "m", "mb", "mib": 20
      case "g", "gb", "gib": 30
      case "t", "tb", "tib": 40
      default: nil
      }
    // "8 " is not a size: the blank is there for a unit.
    guard let shift, unit.isEmpty == decimal.rest.isEmpty, let bytes = decimal.times(1 << shift)
    else { throw error }
    return bytes
  }

  /// Milliseconds from `90` and `90s` (seconds), `0.5`, `500ms`, `5m`, `2h30m`, `1d`.
  package static func milliseconds(parsing text: String) throws(QuantityError) -> UInt64 {
    let error = QuantityError(text, is: "span of time", accepted: "90, 90s, 1.5s, 5m, 2h30m, 1d")
    let units: [(name: String, milliseconds: UInt64)] = [
      ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]
    if let plain = Decimal(text), plain.rest.isEmpty, plain.digits <= 3 {
      guard let milliseconds = plain.times(1000) else { throw error }
      return milliseconds
    }
    var rest = Substring(text)
    var allowed = units[...]
    var total: UInt64 = 0
    while !rest.isEmpty {
      guard let part = Decimal(rest) else { throw error }
      let name = part.rest.prefix { !$0.isNumber }
      // From the largest to the smallest, each at most once; only seconds have a fraction.
      guard let index = allowed.firstIndex(where: { $0.name == name }),
        part.digits == 0 || (name == "s" && part.digits <= 3),
        let milliseconds = part.times(units[index].milliseconds)
      else { throw error }
      let (sum, overflow) = total.addingReportingOverflow(milliseconds)
      if overflow { throw error }
      total = sum
      allowed = allowed[(index + 1)...]
      rest = part.rest.dropFirst(name.count)
    }
    if text.isEmpty { throw error }
    return total
  }

  /// Thousandths of a cpu from `4`, `0.5`, `1.25`.
  package static func cpuMillis(parsing text: String) throws(QuantityError) -> UInt64 {
    guard let decimal = Decimal(text), decimal.rest.isEmpty, decimal.digits <= 3,
      let millis = decimal.times(1000)
    else {
      throw QuantityError(text, is: "number of cpus", accepted: "4, 0.5, 1.25")
    }
    return millis
  }

  /// `64G`, `1.5G`, `512M`, `100B`, `0`: one decimal at most, rounded to the nearest.
  package static func text(bytes: UInt64) -> String {
    if bytes == 0 { return "0" }
    if bytes < 1024 { return "\(bytes)B" }
    let units: [(name: String, shift: UInt64)] = [("K", 10), ("M", 20), ("G", 30), ("T", 40)]
    var text = ""
    for unit in units {
      let whole = bytes >> unit.shift
      let fraction = bytes & ((1 << unit.shift) - 1)
      let tenths = whole * 10 + (fraction * 10 + (1 << (unit.shift - 1))) >> unit.shift
      text = tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
      text += unit.name
      if tenths < 10240 { break }
    }
    return text
  }

  /// `1d2h`, `2h10m`, `45s`, `1.5s`, `500ms`: the two largest units, what is below is dropped.
  package static func text(milliseconds: UInt64) -> String {
    if milliseconds == 0 { return "0s" }
    if milliseconds < 1000 { return "\(milliseconds)ms" }
    let seconds = milliseconds / 1000
    if seconds < 10 {
      let tenths = milliseconds % 1000 / 100
      return tenths == 0 ? "\(seconds)s" : "\(seconds).\(tenths)s"
    }
    let parts = [
      (seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"),
      (seconds % 60, "s"),
    ]
    let shown = parts.drop { $0.0 == 0 }.prefix(2).filter { $0.0 > 0 }
    return shown.map { "\($0.0)\($0.1)" }.joined()
  }

  /// `4`, `0.5`, `1.25`.
  package static func text(cpuMillis: UInt64) -> String {
    // Nearly always whole, and a table has it in every row.
    guard cpuMillis % 1000 != 0 else { return String(cpuMillis / 1000) }
    var fraction = String(1000 + cpuMillis % 1000).dropFirst()
    while fraction.last == "0" { fraction = fraction.dropLast() }
    return "\(cpuMillis / 1000).\(fraction)"
  }

  /// `1 cpu`, `2.5 cpus`, for sentences.
  package static func words(cpuMillis: UInt64) -> String {
    text(cpuMillis: cpuMillis) + (cpuMillis == 1000 ? " cpu" : " cpus")
  }
}

/// A decimal number at the beginning of a text, kept exactly: `number / 10^digits`.
private struct Decimal {
  let number: UInt64
  /// How many digits stand after the point.
  let digits: Int
  /// What follows the number.
  let rest: Substring

  init?(_ text: some StringProtocol) {
    let text = Substring(text)
    let whole = text.prefix { $0.isASCII && $0.isNumber }
    var rest = text[whole.endIndex...]
    var fraction: Substring = ""
    if rest.first == "." {
      fraction = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
      if fraction.isEmpty { return nil }
      rest = rest[fraction.endIndex...]
    }
    guard !whole.isEmpty, let number = UInt64(whole + fraction) else { return nil }
    self.number = number
    self.digits = fraction.count
    self.rest = rest
  }

  /// The product, rounded down; nil if it is too large.
  func times(_ factor: UInt64) -> UInt64? {
    var divisor: UInt64 = 1
    for _ in 0..<digits {
      let (product, overflow) = divisor.multipliedReportingOverflow(by: 10)
      if overflow { return nil }
      divisor = product
    }
    let (high, low) = number.multipliedFullWidth(by: factor)
    if high >= divisor { return nil }
    return divisor.dividingFullWidth((high, low)).quotient
  }
}
