import FlusterProtocol
import FlusterSystem
import FlusterTesting
import Glibc

/// A client made of bytes: says what it is told, lawful or not.
final class Talker {
  private let socket: Descriptor
  private var decoder = FrameDecoder()
  private var requests: UInt64 = 0
  /// What has connected in our place; it ends with us.
  private let relay: Program?

  /// Connects and says nothing. Calls give up after ten seconds.
  init(to path: String) throws {
    socket = try UnixSocket.connect(to: path, kind: .stream)
    relay = nil
    try UnixSocket.setTimeouts(socket, milliseconds: 10_000)
  }

  /// Speaks through another process, which has connected.
  init(adopting socket: Descriptor, from relay: Program) throws {
    self.socket = socket
    self.relay = relay
    try UnixSocket.setTimeouts(socket, milliseconds: 10_000)
  }

  /// Exchanges Hello.
  func greet(as role: WireHello.Role = .command) throws {
    try send(WireEnvelope(request: 0, .hello(WireHello(role: role))).frame())
    _ = try receive()
  }

  /// Greets as a worker and registers, with room for a few small tasks; what came back.
  @discardableResult
  func register(
    _ id: String, incarnation: UInt8 = 1, pid: UInt32 = 0, with descriptors: [Descriptor] = [],
    changed: (inout WireRegister) -> Void = { _ in }
  ) throws -> WireEnvelope? {
    try greet(as: .worker)
    var register = WireRegister()
    register.id = id
    register.incarnation = .of([UInt8](repeating: incarnation, count: 16))
    register.boot = "this"
    register.pid = pid
    register.capacity.cpuMillis = 4000
    register.capacity.memoryBytes = 4 << 30
    changed(&register)
    try send(WireEnvelope(request: 1, .register(register)).frame(), with: descriptors)
    return try receive()
  }

  /// Sends all bytes, and descriptors with the first; gives what could not be sent because the
  /// other side does not read or is gone.
  @discardableResult
  func send(
    _ bytes: [UInt8], with descriptors: [Descriptor] = []
  ) throws -> ArraySlice<UInt8> {
    var rest = bytes[...]
    while !rest.isEmpty {
      let passed = rest.startIndex == bytes.startIndex ? descriptors : []
      guard
        case .bytes(let count) = try rest.withUnsafeBytes({
          try Transfer.send($0, descriptors: passed, to: socket)
        })
      else { return rest }
      rest = rest.dropFirst(count)
    }
    return rest
  }

  /// Makes sends and receives return at once when they cannot go on.
  func becomeNonblocking() throws { try UnixSocket.setNonblocking(socket) }

  /// The next frame; nil when the other side has ended the connection.
  func receive() throws -> WireEnvelope? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      if let envelope = try decoder.nextEnvelope() { return envelope }
      switch try buffer.withUnsafeMutableBytes({ try Transfer.receive(into: $0, from: socket) }) {
      case .data(let count, _, _): decoder.append(Array(buffer[..<count]))
      case .wouldBlock: throw TimedOut(what: "an answer from flusterd")
      case .closed: return nil
      }
    }
  }

  /// Asks for the status of the instance, and tells how many nanoseconds the answer took.
  func roundTrip() throws -> Int64 {
    let start = Deadline.now
    requests += 1
    try send(WireEnvelope(request: requests, .getStatus(WireGetStatus())).frame())
    guard let answer = try receive(), answer.request == requests else {
      throw TimedOut(what: "the answer to request \(requests)")
    }
    return Deadline.now - start
  }

  /// What comes for a request until Done, or the one answer there is.
  func answers(to body: WireEnvelope.OneOf_Body) throws -> [WireEnvelope.OneOf_Body] {
    requests += 1
    try send(WireEnvelope(request: requests, body).frame())
    var answers: [WireEnvelope.OneOf_Body] = []
    while let answer = try receive() {
      guard answer.request == requests, let body = answer.body else { continue }
      if case .done = body { return answers }
      answers.append(body)
      if case .error = body { return answers }
    }
    throw TimedOut(what: "the answers to request \(requests)")
  }

  /// The workers that flusterd knows.
  func workers() throws -> [WireWorkerRow] {
    requests += 1
    try send(WireEnvelope(request: requests, .getStatus(WireGetStatus())).frame())
    guard let answer = try receive(), answer.request == requests else {
      throw TimedOut(what: "the answer to request \(requests)")
    }
    return answer.status.workers
  }

  /// The 99th percentile of the round trips of `count` requests.
  func p99(of count: Int = 500) throws -> Int64 {
    let times = try (0..<count).map { _ in try roundTrip() }.sorted()
    return times[count * 99 / 100]
  }
}
