import FlusterSystem
import Glibc
import Testing

/// Receives up to `room` bytes and `descriptors` descriptors.
func receive(
  from socket: Descriptor, room: Int = 64, descriptors: Int = 0
) throws(SystemError) -> Transfer.Received {
  var bytes = [UInt8](repeating: 0, count: room)
  var result: Result<Transfer.Received, SystemError> = .success(.wouldBlock)
  bytes.withUnsafeMutableBytes { buffer in
    result = Result { () throws(SystemError) in
      try Transfer.receive(into: buffer, maximumDescriptors: descriptors, from: socket)
    }
  }
  return try result.get()
}

/// Sends bytes and descriptors.
func send(
  _ bytes: [UInt8], _ descriptors: [Descriptor] = [], to socket: Descriptor
) throws -> Transfer.Sent {
  try bytes.withUnsafeBytes { try Transfer.send($0, descriptors: descriptors, to: socket) }
}

@Suite struct TransferTests {
  @Test(
    "descriptors travel both ways and lead to the same open file",
    arguments: [
      SocketKind.stream, .seqpacket,
    ])
  func passesDescriptors(kind: SocketKind) throws {
    let (left, right) = try UnixSocket.pair(kind: kind)
    for (from, to) in [(left, right), (right, left)] {
      let memory = try SealedMemory.make([7, 8, 9], name: "test")
      #expect(try send([1, 2], [memory, left], to: from) == .bytes(2))
      guard
        case .data(let count, let descriptors, let truncated) = try receive(
          from: to, descriptors: 2)
      else {
        Issue.record("nothing came")
        return
      }
      #expect(count == 2 && descriptors.count == 2 && !truncated)
      #expect(descriptors.allSatisfy(closesOnExec))
      #expect(try SealedMemory.read(descriptors[0], limit: 3) == [7, 8, 9])
    }
  }

  @Test("the most descriptors that the kernel passes arrive, one more is refused")
  func passesMany() throws {
    let (left, right) = try UnixSocket.pair(kind: .stream)
    let many = [Descriptor](repeating: left, count: Transfer.maximumDescriptors)
    #expect(try send([1], many, to: left) == .bytes(1))
    guard
      case .data(1, let descriptors, false) = try receive(
        from: right, descriptors: Transfer.maximumDescriptors)
    else {
      Issue.record("they did not all come")
      return
    }
    #expect(descriptors.count == Transfer.maximumDescriptors)
    #expect(throws: SystemError.self) { try send([1], many + [left], to: left) }
  }

  @Test("descriptors beyond the receiver's room are reported and closed", arguments: 0...3)
  func reportsTruncation(room: Int) throws {
    let (left, right) = try UnixSocket.pair(kind: .stream)
    var sent: [Descriptor] = []
    var others: [Descriptor] = []
    for _ in 0..<3 {
      let (one, other) = try UnixSocket.pair(kind: .stream)
      sent.append(one)
      others.append(other)
    }
    #expect(try send([1], sent, to: left) == .bytes(1))
    sent = []
    guard
      case .data(1, let descriptors, let truncated) = try receive(from: right, descriptors: room)
    else {
      Issue.record("nothing came")
      return
    }
    #expect(descriptors.count == room)
    #expect(truncated == (room < 3))
    // What was received is still connected, what was not is closed at both ends.
    for (index, other) in others.enumerated() {
      var poller = pollfd(fd: other.raw, events: Int16(POLLIN), revents: 0)
      #expect(poll(&poller, 1, 0) == (index < room ? 0 : 1))
    }
    withExtendedLifetime(descriptors) {}
  }

  @Test("a packet that does not fit is reported")
  func reportsLongPackets() throws {
    let (left, right) = try UnixSocket.pair(kind: .seqpacket)
    #expect(try send([UInt8](repeating: 1, count: 65), to: left) == .bytes(65))
    guard case .data(64, _, true) = try receive(from: right, room: 64) else {
      Issue.record("the packet was not cut")
      return
    }
  }

  @Test(
    "the end of the other side is an end, not an error or a signal",
    arguments: [
      SocketKind.stream, .seqpacket,
    ])
  func seesTheEnd(kind: SocketKind) throws {
    var ends: (Descriptor, Descriptor)? = try UnixSocket.pair(kind: kind)
    let mine = try #require(ends?.0)
    ends = nil
    guard case .closed = try receive(from: mine) else {
      Issue.record("the connection did not end")
      return
    }
    #expect(try send([1], to: mine) == .closed)
  }

  @Test("a full socket would block")
  func fills() throws {
    let (left, right) = try UnixSocket.pair(kind: .stream)
    try UnixSocket.setNonblocking(left)
    let chunk = [UInt8](repeating: 0, count: 1 << 16)
    var rounds = 0
    while try send(chunk, to: left) != .wouldBlock {
      rounds += 1
      try #require(rounds < 1000, "a socket holds less than 64 MB")
    }
    try UnixSocket.setNonblocking(right)
    while case .data = try receive(from: right, room: 1 << 16) {}
    guard case .bytes = try send([1], to: left) else {
      Issue.record("a drained socket takes more")
      return
    }
  }
}
