import DequeModule
import FlusterSystem

/// Bytes that wait to be written to one peer, in order, with the descriptors that travel with the
/// first byte of their frame.
struct Outbox {
  /// How far a flush came.
  enum Progress {
    /// Everything is with the kernel.
    case empty
    /// The peer's buffer is full; `true` if some bytes went.
    case blocked(moved: Bool)
    /// Nobody reads there any more.
    case closed
  }

  private struct Piece {
    var bytes: [UInt8]
    var descriptors: [Descriptor]
  }

  /// Small frames are joined up to this size, so that a burst of answers is one system call.
  private static let joined = 32 << 10

  private var pieces: Deque<Piece> = []
  /// Bytes of the first piece that have gone.
  private var sent = 0
  /// Bytes that have not gone yet.
  private(set) var pending = 0

  /// Puts a whole frame at the end.
  mutating func append(_ frame: [UInt8], descriptors: [Descriptor] = []) {
    pending += frame.count
    if descriptors.isEmpty, let last = pieces.indices.last, pieces[last].descriptors.isEmpty,
      pieces[last].bytes.count + frame.count <= Self.joined
    {
      pieces[last].bytes.append(contentsOf: frame)
    } else {
      pieces.append(Piece(bytes: frame, descriptors: descriptors))
    }
  }

  /// Writes as much as the socket takes now.
  mutating func flush(to socket: Descriptor) -> Progress {
    var moved = false
    while let piece = pieces.first {
      // A peer that cannot be written to, for whatever reason, is a peer that is gone.
      guard let result = try? send(piece, to: socket) else { return .closed }
      switch result {
      case .closed: return .closed
      case .wouldBlock: return .blocked(moved: moved)
      case .bytes(let count):
        moved = true
        take(count)
      }
    }
    return .empty
  }

  private func send(_ piece: Piece, to socket: Descriptor) throws(SystemError) -> Transfer.Sent {
    let descriptors = sent == 0 ? piece.descriptors : []
    let rest = sent
    let result = piece.bytes.withUnsafeBytes { bytes in
      Result { () throws(SystemError) -> Transfer.Sent in
        try Transfer.send(
          UnsafeRawBufferPointer(rebasing: bytes[rest...]), descriptors: descriptors, to: socket)
      }
    }
    return try result.get()
  }

  private mutating func take(_ count: Int) {
    pending -= count
    sent += count
    guard let first = pieces.first, sent >= first.bytes.count else { return }
    pieces.removeFirst()
    sent = 0
  }
}
