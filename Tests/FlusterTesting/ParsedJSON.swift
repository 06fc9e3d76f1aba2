/// A JSON text as it was read, strictly: one value, nothing behind it, no key twice.
package indirect enum ParsedJSON: Hashable, Sendable {
  case null
  case bool(Bool)
  /// As it is written, so that nothing is rounded.
  case number(String)
  case string(String)
  case array([ParsedJSON])
  /// In the order of the text.
  case object([Member])

  /// A key and its value.
  package struct Member: Hashable, Sendable {
    package let key: String
    package let value: ParsedJSON
  }

  /// A text that is not JSON.
  package struct Malformed: Error, CustomStringConvertible {
    package let description: String
  }

  /// The one value that `text` is.
  package init(_ text: String) throws(Malformed) {
    var reader = Reader(bytes: Array(text.utf8))
    self = try reader.value()
    reader.skipSpace()
    guard reader.place == reader.bytes.count else { throw reader.malformed("more than a value") }
  }

  /// The value under a key of an object.
  package subscript(key: String) -> ParsedJSON? {
    members?.first { $0.key == key }?.value
  }

  /// Of an object.
  package var members: [Member]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  /// Of an array.
  package var elements: [ParsedJSON]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  /// Of a string.
  package var string: String? {
    guard case .string(let string) = self else { return nil }
    return string
  }

  /// Of a number.
  package var double: Double? {
    guard case .number(let text) = self else { return nil }
    return Double(text)
  }

  /// Of a number without a fraction.
  package var integer: Int? {
    guard case .number(let text) = self else { return nil }
    return Int(text)
  }
}

/// Reads from left to right.
private struct Reader {
  let bytes: [UInt8]
  var place = 0

  func malformed(_ what: String) -> ParsedJSON.Malformed {
    ParsedJSON.Malformed(
      description: "\(what) at byte \(place) of \(String(decoding: bytes, as: UTF8.self))")
  }

  var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  mutating func skipSpace() {
    while let byte = next, " \t\r\n".utf8.contains(byte) { place += 1 }
  }

  mutating func takes(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  mutating func value() throws(ParsedJSON.Malformed) -> ParsedJSON {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    default: return try word()
    }
  }

  private mutating func object() throws(ParsedJSON.Malformed) -> ParsedJSON {
    place += 1
    var members: [ParsedJSON.Member] = []
    var keys: Set<String> = []
    if takes("}") { return .object([]) }
    repeat {
      skipSpace()
      let key = try string()
      guard keys.insert(key).inserted else { throw malformed("the key \(key) a second time") }
      guard takes(":") else { throw malformed("no colon") }
      members.append(ParsedJSON.Member(key: key, value: try value()))
    } while takes(",")
    guard takes("}") else { throw malformed("an object without an end") }
    return .object(members)
  }

  private mutating func array() throws(ParsedJSON.Malformed) -> ParsedJSON {
    place += 1
    var elements: [ParsedJSON] = []
    if takes("]") { return .array([]) }
    repeat { elements.append(try value()) } while takes(",")
    guard takes("]") else { throw malformed("an array without an end") }
    return .array(elements)
  }

  private mutating func string() throws(ParsedJSON.Malformed) -> String {
    guard next == UInt8(ascii: "\"") else { throw malformed("no string") }
    place += 1
    var text: [UInt8] = []
    while let byte = next, byte != UInt8(ascii: "\"") {
      place += 1
      guard byte >= 0x20 else { throw malformed("a control character in a string") }
      if byte == UInt8(ascii: "\\") { text += try escaped().utf8 } else { text.append(byte) }
    }
    guard next != nil, let string = String(validating: text, as: UTF8.self) else {
      throw malformed("a string without an end, or not in UTF-8")
    }
    place += 1
    return string
  }

  private mutating func escaped() throws(ParsedJSON.Malformed) -> String {
    let plain: [UInt8: String] = [
      UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/",
      UInt8(ascii: "n"): "\n", UInt8(ascii: "t"): "\t", UInt8(ascii: "r"): "\r",
      UInt8(ascii: "b"): "\u{8}", UInt8(ascii: "f"): "\u{c}",
    ]
    guard let byte = next else { throw malformed("a string without an end") }
    place += 1
    if let text = plain[byte] { return text }
    let digits = String(decoding: bytes[place...].prefix(4), as: UTF8.self)
    guard byte == UInt8(ascii: "u"), digits.count == 4, let number = UInt32(digits, radix: 16),
      let scalar = Unicode.Scalar(number)
    else { throw malformed("an unknown escape") }
    place += 4
    return String(Character(scalar))
  }

  private mutating func word() throws(ParsedJSON.Malformed) -> ParsedJSON {
    let rest = String(decoding: bytes[place...].prefix(40), as: UTF8.self)
    let words: [(String, ParsedJSON)] = [
      ("null", .null), ("true", .bool(true)), ("false", .bool(false)),
    ]
    for (word, value) in words where rest.hasPrefix(word) {
      place += word.utf8.count
      return value
    }
    guard let match = rest.prefixMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/) else {
      throw malformed("no value")
    }
    place += match.0.utf8.count
    return .number(String(match.0))
  }
}
