import Glibc
import Synchronization

/// Why nothing more comes from the other end of a shim's socket.
package enum ShimConnectionError: Error, Sendable, CustomStringConvertible {
  /// The other end is gone, or closed the connection in favour of a newer one.
  case closed
  case system(SystemError)
  /// The other end speaks something else.
  case wire(ShimWireError)

  package var description: String {
    switch self {
    case .closed: "the shim closed the connection"
    case .system(let error): error.description
    case .wire(let error): error.description
    }
  }
}

/// The worker's end of a shim's socket: non-blocking, one packet a call, in order. Any thread may
/// use it, one at a time for each direction.
package final class ShimConnection: Sendable {
  /// Readable when `receive` has something; writable when `send` may be tried again.
  package let descriptor: Descriptor
  /// The script that was sent last: the tasks of an array have the same, and share its memory.
  private let script = Mutex<Descriptor?>(nil)

  /// Connects to the shim that listens at `path`. Say `hello` first.
  package static func connect(_ path: String) throws(SystemError) -> ShimConnection {
    ShimConnection(adopting: try UnixSocket.connect(to: path, kind: .seqpacket))
  }

  /// Takes a connected SOCK_SEQPACKET socket, and makes it non-blocking.
  package init(adopting socket: Descriptor) {
    descriptor = socket
    _ = fcntl(socket.raw, F_SETFL, fcntl(socket.raw, F_GETFL) | O_NONBLOCK)
  }

  /// Sends a request whole. False: the socket is full, nothing was sent, try again when writable.
  package func send(_ request: ShimRequest) throws(ShimConnectionError) -> Bool {
    var descriptors: [Descriptor] = []
    if case .spawn(let spawn) = request {
      do {
        descriptors = [try SealedMemory.make(spawn.encodedBulk(), name: "fluster-spawn")]
        if spawn.scriptWord != nil {
          descriptors.append(try memory(of: spawn.script))
        }
        if spawn.output == .piped {
          descriptors.append(try SealedMemory.open(spawn.ledger, name: "fluster-output"))
        }
      } catch { throw .system(error) }
    }
    return try Self.send(request.encoded(), descriptors: descriptors, to: descriptor)
  }

  /// Sealed, so that none of those who share it can change it.
  private func memory(of script: [UInt8]) throws(SystemError) -> Descriptor {
    if let last = self.script.withLock({ $0 }),
      let bytes = try? SealedMemory.read(last, limit: script.count), bytes == script
    {
      return last
    }
    let made = try SealedMemory.make(script, name: "fluster-script")
    self.script.withLock { $0 = made }
    return made
  }

  /// The next notice and the descriptors that came with it; nil: none is there yet.
  package func receive() throws(ShimConnectionError) -> (ShimNotice, [Descriptor])? {
    guard let (packet, descriptors) = try Self.receive(from: descriptor) else { return nil }
    do {
      return (try ShimNotice.decode(packet), descriptors)
    } catch { throw .wire(error) }
  }

  /// Sends one packet to either end. False: the socket is full.
  package static func send(
    _ packet: [UInt8], descriptors: [Descriptor], to socket: Descriptor
  ) throws(ShimConnectionError) -> Bool {
    precondition(packet.count <= ShimWire.packetLimit, "a packet of ours is within its limit")
    let sent: Result<Transfer.Sent, SystemError> = packet.withUnsafeBytes { buffer in
      Result { () throws(SystemError) in
        try Transfer.send(buffer, descriptors: descriptors, to: socket)
      }
    }
    switch sent {
    case .success(.bytes): return true
    case .success(.wouldBlock): return false
    case .success(.closed): throw .closed
    case .failure(let error): throw .system(error)
    }
  }

  /// Takes one packet of either end, not yet understood; nil: none is there yet.
  package static func receive(
    from socket: Descriptor
  ) throws(ShimConnectionError) -> (packet: [UInt8], descriptors: [Descriptor])? {
    var packet = [UInt8](repeating: 0, count: ShimWire.packetLimit)
    let received: Result<Transfer.Received, SystemError> = packet.withUnsafeMutableBytes { buffer in
      Result { () throws(SystemError) in
        try Transfer.receive(
          into: buffer, maximumDescriptors: ShimWire.descriptorLimit, from: socket)
      }
    }
    switch received {
    case .success(.wouldBlock): return nil
    case .success(.closed): throw .closed
    case .success(.data(_, _, truncated: true)): throw .wire(.malformed("it is too long"))
    case .success(.data(let count, let descriptors, truncated: false)):
      packet.removeLast(packet.count - count)
      return (packet, descriptors)
    case .failure(let error): throw .system(error)
    }
  }
}
