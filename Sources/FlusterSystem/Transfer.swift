import CFluster
import Glibc

/// Bytes and descriptors over a connected Unix socket.
///
/// Interrupted calls are repeated and nothing raises SIGPIPE. On a blocking socket with a time
/// limit, `wouldBlock` means that the limit is over.
package enum Transfer {
  /// The most descriptors that go with one message.
  package static let maximumDescriptors = Int(FL_MAX_DESCRIPTORS)

  /// What became of a message.
  package enum Sent: Hashable, Sendable {
    /// So many of its bytes went (a packet goes whole), and with the first of them all descriptors.
    case bytes(Int)
    /// Nothing went: the peer does not read fast enough.
    case wouldBlock
    /// The peer is gone.
    case closed
  }

  /// What came.
  package enum Received: Sendable {
    /// `truncated` tells that the packet or its descriptors did not fit; what did not fit is lost
    /// and closed.
    case data(count: Int, descriptors: [Descriptor], truncated: Bool)
    /// Nothing is there yet.
    case wouldBlock
    /// The peer has ended the connection.
    case closed
  }

  /// Sends at least one byte; descriptors travel with the first.
  package static func send(
    _ bytes: UnsafeRawBufferPointer, descriptors: [Descriptor] = [], to socket: Descriptor
  ) throws(SystemError) -> Sent {
    precondition(!bytes.isEmpty, "an empty message cannot be told from the end of the connection")
    let numbers = descriptors.map(\.raw)
    let sent = withExtendedLifetime(descriptors) {
      fl_send(socket.raw, bytes.baseAddress, bytes.count, numbers, numbers.count)
    }
    guard sent < 0 else { return .bytes(sent) }
    switch Glibc.errno {
    case EAGAIN: return .wouldBlock
    case EPIPE, ECONNRESET: return .closed
    default: throw SystemError.last("send \(bytes.count) bytes")
    }
  }

  /// Receives what fits into `buffer`, and at most `maximumDescriptors` close-on-exec descriptors.
  package static func receive(
    into buffer: UnsafeMutableRawBufferPointer, maximumDescriptors: Int = 0,
    from socket: Descriptor
  ) throws(SystemError) -> Received {
    precondition(!buffer.isEmpty, "nothing can be received into an empty buffer")
    let capacity = min(maximumDescriptors, Transfer.maximumDescriptors)
    var descriptors: [Descriptor] = []
    var truncated: Int32 = 0
    let received = withUnsafeTemporaryAllocation(of: Int32.self, capacity: max(capacity, 1)) {
      var count = capacity
      let received = fl_receive(
        socket.raw, buffer.baseAddress, buffer.count, $0.baseAddress, &count, &truncated)
      if received >= 0 { descriptors = $0.prefix(count).map(Descriptor.init(adopting:)) }
      return received
    }
    if received > 0 {
      return .data(count: received, descriptors: descriptors, truncated: truncated != 0)
    }
    if received == 0 { return .closed }
    switch Glibc.errno {
    case EAGAIN: return .wouldBlock
    case ECONNRESET: return .closed
    default: throw SystemError.last("receive from a socket")
    }
  }
}
