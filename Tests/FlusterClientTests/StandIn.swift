import FlusterProtocol
import FlusterSystem
import Glibc
import Synchronization

/// What listens where flusterd would, and answers as the test wants. One connection after the
/// other, on a thread of its own, since the client blocks.
final class StandIn: Sendable {
  /// What came first on each connection after its Hello.
  var received: [WireEnvelope] { requests.withLock { $0 } }
  private let requests = Mutex<[WireEnvelope]>([])
  /// Closed once all connections have been served: then nobody listens any more.
  private let listener: Mutex<Descriptor?>
  private let hello: WireHello
  /// The answers to the first request of each connection; none ends the connection.
  private let answers: [[WireEnvelope.OneOf_Body]]

  init(
    at path: String, hello: WireHello = WireHello(role: .controller),
    answers: [[WireEnvelope.OneOf_Body]]
  ) throws {
    self.hello = hello
    self.answers = answers
    listener = Mutex(try UnixSocket.listen(at: path, kind: .stream, mode: 0o600))
    var thread = pthread_t()
    let started = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<StandIn>.fromOpaque(context).takeRetainedValue().serve()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    guard started == 0 else { throw SystemError(call: "start a thread", errno: started) }
    pthread_detach(thread)
  }

  private func serve() {
    defer { listener.withLock { $0 = nil } }
    for answers in answers {
      guard let socket = accept() else { return }
      var decoder = FrameDecoder()
      send(WireEnvelope(request: 0, .hello(hello)), to: socket)
      guard next(&decoder, socket) != nil, let request = next(&decoder, socket) else { continue }
      requests.withLock { $0.append(request) }
      for answer in answers {
        send(WireEnvelope(request: request.request, answer), to: socket)
      }
    }
  }

  private func accept() -> Descriptor? {
    guard let listener = listener.withLock({ $0 }) else { return nil }
    var interest = pollfd(fd: listener.raw, events: Int16(POLLIN), revents: 0)
    guard poll(&interest, 1, 10_000) == 1, let socket = try? UnixSocket.accept(listener) else {
      return nil
    }
    let flags = fcntl(socket.raw, F_GETFL)
    _ = fcntl(socket.raw, F_SETFL, flags & ~O_NONBLOCK)
    return socket
  }

  private func send(_ envelope: WireEnvelope, to socket: Descriptor) {
    guard let frame = try? envelope.frame() else { return }
    _ = frame.withUnsafeBytes { try? Transfer.send($0, to: socket) }
  }

  private func next(_ decoder: inout FrameDecoder, _ socket: Descriptor) -> WireEnvelope? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      if let envelope = try? decoder.nextEnvelope() { return envelope }
      let count = read(socket.raw, &buffer, buffer.count)
      guard count > 0 else { return nil }
      decoder.append(Array(buffer[..<count]))
    }
  }
}
