/// A protobuf message that is written field by field, in the order of the calls. Scalars that are
/// zero and texts that are empty are left out, as proto3 has it.
struct WireBytes: Sendable {
  private enum Kind: UInt64 {
    case varint = 0
    case lengthDelimited = 2
  }

  private(set) var bytes: [UInt8] = []

  init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  /// A number or truth value; enumerations by their raw value, negative numbers by their bits.
  mutating func put(_ field: UInt8, _ number: UInt64) {
    if number != 0 { put(field, optional: number) }
  }

  /// A number that is there even if it is zero.
  mutating func put(_ field: UInt8, optional number: UInt64?) {
    guard let number else { return }
    tag(field, .varint)
    varint(number)
  }

  mutating func put(_ field: UInt8, text: String) {
    guard !text.isEmpty else { return }
    tag(field, .lengthDelimited)
    varint(UInt64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  /// Bytes, or a message that has been serialised; there even if it is empty.
  mutating func put(_ field: UInt8, bytes content: [UInt8]) {
    tag(field, .lengthDelimited)
    varint(UInt64(content.count))
    bytes.append(contentsOf: content)
  }

  /// A message inside this one. Most have less than 128 bytes, and a length of one; those that
  /// have more are moved to make room for theirs.
  mutating func message(_ field: UInt8, _ write: (inout WireBytes) -> Void) {
    tag(field, .lengthDelimited)
    let place = bytes.count
    bytes.append(0)
    write(&self)
    var length = bytes.count - place - 1
    guard length >= 0x80 else { return bytes[place] = UInt8(length) }
    var prefix: [UInt8] = []
    while length >= 0x80 {
      prefix.append(UInt8(truncatingIfNeeded: length) | 0x80)
      length >>= 7
    }
    prefix.append(UInt8(length))
    bytes.replaceSubrange(place...place, with: prefix)
  }

  private mutating func tag(_ field: UInt8, _ kind: Kind) {
    varint(UInt64(field) << 3 | kind.rawValue)
  }

  private mutating func varint(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
