/// The language between worker and shim: one SOCK_SEQPACKET packet a message, an eight byte head
/// (version, kind, length; little-endian like everything after it) and a fixed struct, bulk in a
/// sealed memfd. Small enough to be checked by eye, because one end of it is root.
package enum ShimWire {
  /// The only version this build speaks.
  package static let version: UInt32 = 2
  /// The versions whose entries of attempt files this build reads; it writes the newest.
  package static let fileVersions: ClosedRange<UInt32> = 1...version
  /// The most bytes one packet may have.
  package static let packetLimit = 4096
  /// The most bytes a spawn's memfd may have: an environment and arguments at the kernel's limit.
  package static let bulkLimit = 8 << 20
  /// The most descriptors that travel with one packet.
  package static let descriptorLimit = 5
  /// The bytes of an attempt uid, and of a tag.
  package static let uidLength = 16
  /// The tag of an attempt of which it is not known whose it is.
  package static let noTag = [UInt8](repeating: 0, count: uidLength)
}

/// Why bytes are not a packet of this wire.
package enum ShimWireError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Of another version, which is told.
  case version(UInt32)
  /// Something is missing, left over or out of its bounds; the sentence says what.
  case malformed(String)

  package var description: String {
    switch self {
    case .version(let theirs):
      "version \(theirs) of the shim's protocol; version \(ShimWire.version) is spoken here"
    case .malformed(let what):
      "malformed packet: \(what)"
    }
  }
}

/// Writes the little-endian fields of a packet or of a spawn's bulk.
struct ShimWriter {
  private(set) var bytes: [UInt8] = []

  mutating func number<Number: FixedWidthInteger>(_ value: Number) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A presence byte, then the value or as many zero bytes: the struct keeps its size.
  mutating func optional<Number: FixedWidthInteger>(_ value: Number?) {
    number(UInt8(value == nil ? 0 : 1))
    number(value ?? 0)
  }

  mutating func flag(_ value: Bool) { number(UInt8(value ? 1 : 0)) }

  /// An attempt uid. One of another length is a bug of the caller.
  mutating func uid(_ uid: [UInt8]) {
    precondition(uid.count == ShimWire.uidLength, "an attempt uid has 16 bytes")
    bytes.append(contentsOf: uid)
  }

  /// A length and so many bytes.
  mutating func string(_ value: [UInt8]) {
    number(UInt32(value.count))
    bytes.append(contentsOf: value)
  }

  mutating func strings(_ values: [[UInt8]]) {
    number(UInt32(values.count))
    for value in values { string(value) }
  }

  /// The finished packet: `bytes` behind their head.
  func packet(kind: UInt16, version: UInt32 = ShimWire.version) -> [UInt8] {
    var head = ShimWriter()
    head.number(UInt16(truncatingIfNeeded: version))
    head.number(kind)
    head.number(UInt32(bytes.count + 8))
    return head.bytes + bytes
  }
}

/// Reads what `ShimWriter` wrote, from bytes that may be anything.
struct ShimReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Checks the head of a packet; what is left to read is its struct. A packet of kind `timeless`
  /// is the same in all versions.
  static func packet(
    _ bytes: [UInt8], timeless: UInt16? = nil
  ) throws(ShimWireError) -> (kind: UInt16, reader: ShimReader) {
    var reader = ShimReader(bytes)
    let version = try reader.number(UInt16.self)
    let kind = try reader.number(UInt16.self)
    guard version == ShimWire.version || kind == timeless else { throw .version(UInt32(version)) }
    guard try reader.number(UInt32.self) == bytes.count else { throw .malformed("wrong length") }
    return (kind, reader)
  }

  /// Checks the head of an entry of an attempt's file, which may be older than this build.
  static func entry(
    _ bytes: [UInt8]
  ) throws(ShimWireError) -> (version: UInt32, kind: UInt16, reader: ShimReader) {
    var reader = ShimReader(bytes)
    let version = UInt32(try reader.number(UInt16.self))
    guard ShimWire.fileVersions.contains(version) else { throw .version(version) }
    let kind = try reader.number(UInt16.self)
    guard try reader.number(UInt32.self) == bytes.count else { throw .malformed("wrong length") }
    return (version, kind, reader)
  }

  mutating func number<Number: FixedWidthInteger>(
    _: Number.Type
  ) throws(ShimWireError) -> Number {
    let size = MemoryLayout<Number>.size
    let slice = try take(size)
    var value: Number = 0
    withUnsafeMutableBytes(of: &value) { $0.copyBytes(from: slice) }
    return Number(littleEndian: value)
  }

  mutating func optional<Number: FixedWidthInteger>(
    _: Number.Type
  ) throws(ShimWireError) -> Number? {
    let present = try flag()
    let value = try number(Number.self)
    return present ? value : nil
  }

  mutating func flag() throws(ShimWireError) -> Bool {
    switch try number(UInt8.self) {
    case 0: return false
    case 1: return true
    default: throw .malformed("a flag is neither 0 nor 1")
    }
  }

  mutating func uid() throws(ShimWireError) -> [UInt8] { Array(try take(ShimWire.uidLength)) }

  mutating func string(limit: Int) throws(ShimWireError) -> [UInt8] {
    let length = Int(try number(UInt32.self))
    guard length <= limit else { throw .malformed("a string of \(length) bytes") }
    return Array(try take(length))
  }

  mutating func strings(limit: Int) throws(ShimWireError) -> [[UInt8]] {
    let count = Int(try number(UInt32.self))
    // Every string costs at least its length field, so the count cannot exceed what is there.
    guard count <= (bytes.count - position) / 4 else { throw .malformed("\(count) strings") }
    var values: [[UInt8]] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try string(limit: limit)) }
    return values
  }

  /// Nothing may be left over.
  func end() throws(ShimWireError) {
    guard position == bytes.count else { throw .malformed("\(bytes.count - position) bytes more") }
  }

  private mutating func take(_ count: Int) throws(ShimWireError) -> ArraySlice<UInt8> {
    guard count <= bytes.count - position else { throw .malformed("it ends too early") }
    defer { position += count }
    return bytes[position..<(position + count)]
  }
}
