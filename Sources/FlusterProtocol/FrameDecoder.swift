import SwiftProtobuf

/// Cuts a stream of bytes into frames: `append` what came, then `next` until it gives nil.
///
/// An announced length allocates nothing: memory follows the bytes that have really come, so a
/// peer pays in traffic for what it makes us hold. The owner bounds that by draining `next` after
/// each `append` and reading at most so much at once; then at most one frame and one read are held.
package struct FrameDecoder: Sendable {
  /// Capacity an idle decoder may keep, small enough for a thousand idle connections; what is
  /// larger goes back when its frame has been taken.
  static let idleCapacity = 8 << 10

  /// The most bytes a payload may have here.
  package let limit: Int
  private var buffer: [UInt8] = []
  /// Where the next frame's header begins in `buffer`; what is before it has been taken.
  private var start = 0
  private var failure: FrameError?

  /// A decoder at the beginning of a stream.
  package init(limit: Int = Frame.limit) { self.limit = limit }

  /// Bytes that have come and were not taken yet.
  package var buffered: Int { buffer.count - start }

  /// What the decoder occupies, for accounts and tests.
  package var capacity: Int { buffer.capacity }

  /// Takes in bytes as they came from the socket.
  package mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard failure == nil else { return }
    makeRoom()
    buffer.append(contentsOf: bytes)
  }

  /// Takes in bytes as they came from the socket.
  package mutating func append(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { append($0) }
  }

  /// The payload of the next whole frame, or nil until more bytes have come.
  ///
  /// After an error every further call throws it again.
  package mutating func next() throws(FrameError) -> [UInt8]? {
    guard let place = try nextPayload() else { return nil }
    let payload = Array(buffer[place])
    take(upTo: place.upperBound)
    return payload
  }

  /// The next whole frame, decoded in place, or nil until more bytes have come.
  ///
  /// After an error every further call throws it again.
  package mutating func nextEnvelope() throws(FrameError) -> WireEnvelope? {
    guard let place = try nextPayload() else { return nil }
    let isBearable = buffer.withUnsafeBytes {
      FieldCount.isBearable(UnsafeRawBufferPointer(rebasing: $0[place]))
    }
    guard isBearable else { throw fail(.tooManyFields) }
    let envelope: WireEnvelope
    do {
      envelope = try WireEnvelope(serializedBytes: buffer.span.extracting(place).bytes)
    } catch {
      throw fail(.malformed)
    }
    take(upTo: place.upperBound)
    return envelope
  }

  /// Where the next payload lies, if it is all there.
  private mutating func nextPayload() throws(FrameError) -> Range<Int>? {
    if let failure { throw failure }
    guard buffered >= Frame.headerLength else { return nil }
    let payload = start + Frame.headerLength
    let length = buffer[start..<payload].reduce(0) { $0 << 8 | Int($1) }
    guard length > 0 else { throw fail(.empty) }
    guard length <= limit else { throw fail(.tooLong(announced: length, limit: limit)) }
    guard buffer.count - payload >= length else { return nil }
    return payload..<(payload + length)
  }

  private mutating func take(upTo end: Int) {
    start = end
    guard start == buffer.count else { return }
    start = 0
    buffer.removeAll(keepingCapacity: buffer.capacity <= Self.idleCapacity)
  }

  /// Moves what is left to the front once at least half of the buffer has been taken: each byte is
  /// moved less often than it was appended, however small the frames are.
  private mutating func makeRoom() {
    guard start > 0, start >= buffered else { return }
    if buffer.capacity > Self.idleCapacity {
      buffer = Array(buffer[start...])
    } else {
      buffer.removeFirst(start)
    }
    start = 0
  }

  /// Remembers the error and lets go of the bytes.
  private mutating func fail(_ error: FrameError) -> FrameError {
    failure = error
    buffer = []
    start = 0
    return error
  }
}
