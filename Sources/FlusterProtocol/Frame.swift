package import SwiftProtobuf

/// Why a stream of frames cannot be read on. Nothing can be read after one of these: the sender is
/// to be told, and the connection closed.
package enum FrameError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A frame of more bytes than anybody may send.
  case tooLong(announced: Int, limit: Int)
  /// A frame of no bytes. It would be an envelope that asks nothing and answers nothing; what sends
  /// it is not speaking this protocol, and a stream of zeros shall end at its first word.
  case empty
  /// The payload is not an `Envelope`.
  case malformed
  /// The payload has more fields than any lawful one.
  case tooManyFields

  package var description: String {
    switch self {
    case .tooLong(let announced, let limit):
      "a frame of \(announced) bytes is longer than the limit of \(limit)"
    case .empty: "a frame is empty"
    case .malformed: "a frame holds no envelope"
    case .tooManyFields: "a frame has more than \(FieldCount.limit) fields"
    }
  }
}

/// What both directions of the frame codec agree on.
package enum Frame {
  /// The most bytes a payload may have. Enough for the largest submit (argv and environment at
  /// their own limits) several times over; small enough that a peer cannot ask for memory.
  package static let limit = 16 << 20

  /// The bytes of the length that stands before each payload.
  package static let headerLength = 4

  /// A whole frame: length and serialised message, written into one allocation.
  ///
  /// Throws `FrameError.tooLong` for a message that the other side would refuse.
  package static func encode(_ message: some Message) throws(FrameError) -> [UInt8] {
    let frame: FramedBytes
    do {
      frame = try message.serializedBytes()
    } catch {
      // Proto3 has no required fields, so size is the only thing that can be wrong.
      throw .tooLong(announced: Int(Int32.max), limit: limit)
    }
    guard frame.count <= limit else { throw .tooLong(announced: frame.count, limit: limit) }
    guard frame.count > 0 else { throw .empty }
    return frame.whole
  }
}

/// An output buffer for swift-protobuf which leaves room for the frame's length in front, so that
/// framing costs no second copy.
private struct FramedBytes: SwiftProtobufContiguousBytes {
  private(set) var whole: [UInt8]

  init(repeating byte: UInt8, count: Int) {
    whole = Array(repeating: byte, count: Frame.headerLength + count)
    writeHeader()
  }

  init(_ sequence: some Sequence<UInt8>) {
    whole = Array(repeating: 0, count: Frame.headerLength)
    whole.append(contentsOf: sequence)
    writeHeader()
  }

  /// Lengths that do not fit are refused by `encode` before anybody sees the header.
  private mutating func writeHeader() {
    let length = UInt32(truncatingIfNeeded: count)
    for place in 0..<Frame.headerLength {
      whole[place] = UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32(place)))
    }
  }

  var count: Int { whole.count - Frame.headerLength }

  func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try whole.withUnsafeBytes { try body(.init(rebasing: $0[Frame.headerLength...])) }
  }

  mutating func withUnsafeMutableBytes<R>(
    _ body: (UnsafeMutableRawBufferPointer) throws -> R
  ) rethrows -> R {
    try whole.withUnsafeMutableBytes { try body(.init(rebasing: $0[Frame.headerLength...])) }
  }
}
