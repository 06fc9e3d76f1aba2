package import FlusterCore

/// A value of a JSON text. Numbers are exact: nothing passes through floating point.
package enum JSON: Hashable, Sendable {
  case string(String)
  case integer(Int64)
  case unsigned(UInt64)
  /// A decimal with up to three places.
  case thousandths(UInt64)
  case bool(Bool)
  case array([JSON])
  case object(JSONObject)

  /// Bytes that are mostly text: paths, words of a command. What is no UTF-8 becomes U+FFFD.
  package static func text(_ bytes: [UInt8]) -> JSON {
    .string(String(decoding: bytes, as: UTF8.self))
  }

  /// A span, in seconds.
  package static func seconds(milliseconds: UInt64) -> JSON { .thousandths(milliseconds) }

  /// A time, as RFC 3339 in UTC with milliseconds.
  package static func time(_ time: WallTime) -> JSON { .string(Timestamp.utc(time)) }

  /// Adds it to `bytes`, on one line.
  package func write(to bytes: inout [UInt8]) {
    switch self {
    case .string(let string): JSON.write(string, to: &bytes)
    case .integer(let number): bytes += String(number).utf8
    case .unsigned(let number): bytes += String(number).utf8
    case .thousandths(let number):
      bytes += String(number / 1000).utf8
      var fraction = String(1000 + number % 1000).dropFirst()
      while fraction.last == "0" { fraction = fraction.dropLast() }
      if !fraction.isEmpty { bytes += ".\(fraction)".utf8 }
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .array(let values):
      bytes.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        value.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let object): object.write(to: &bytes)
    }
  }

  static func write(_ string: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes += "\\\"".utf8
      case UInt8(ascii: "\\"): bytes += "\\\\".utf8
      case UInt8(ascii: "\n"): bytes += "\\n".utf8
      case UInt8(ascii: "\t"): bytes += "\\t".utf8
      case UInt8(ascii: "\r"): bytes += "\\r".utf8
      case 0..<0x20, 0x7f:
        bytes += "\\u00".utf8
        bytes += (byte < 16 ? "0" : "").utf8
        bytes += String(byte, radix: 16).utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

/// A JSON object with its keys in the order in which they were set.
package struct JSONObject: Hashable, Sendable {
  private struct Member: Hashable, Sendable {
    let key: String
    let value: JSON
  }

  private var members: [Member] = []

  /// An object without members, for use inside another.
  package init() {}

  /// The beginning of a line of output: it names the version of its keys' meaning.
  package static var line: JSONObject {
    var object = JSONObject()
    object.set("schema", .unsigned(1))
    return object
  }

  /// Adds a member; nil is unknown, and what is unknown is absent.
  package mutating func set(_ key: String, _ value: JSON?) {
    if let value { members.append(Member(key: key, value: value)) }
  }

  /// No members.
  package var isEmpty: Bool { members.isEmpty }

  /// One line of JSON, with the newline.
  package var lineBytes: [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  func write(to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "{"))
    for (index, member) in members.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      JSON.write(member.key, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      member.value.write(to: &bytes)
    }
    bytes.append(UInt8(ascii: "}"))
  }
}
