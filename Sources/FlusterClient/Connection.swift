package import FlusterCore
package import FlusterProtocol
package import FlusterSystem
import Glibc

/// Why a conversation did not come to its answer.
package enum CallError: Error, Hashable, Sendable {
  /// Nobody listens at the socket.
  case unreachable(Failure)
  /// The connection ended before the answer; asking again may help.
  case lost(String)
  /// Said no, or cannot be talked to.
  case failed(Failure)

  /// The failure for a caller who does not try again.
  package var failure: Failure {
    switch self {
    case .unreachable(let failure), .failed(let failure): failure
    case .lost(let sentence): Failure(.unreachable, sentence)
    }
  }
}

/// One blocking socket to flusterd: Hello both ways, then requests and their answers. Belongs to
/// the thread that opened it.
package final class Connection {
  /// What came for a request within the time allowed.
  package enum Answer {
    case body(WireEnvelope.OneOf_Body)
    case timedOut
  }

  package let instance: Instance
  /// The other side, as its Hello named it.
  package private(set) var peer = Speaker.ours
  /// To be polled beside other descriptors; readable when an answer may have come.
  package var descriptor: Descriptor { socket }

  private let socket: Descriptor
  private var decoder = FrameDecoder()
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)
  private var descriptors: [Descriptor] = []
  private var lastRequest: UInt64 = 0

  /// Connects and exchanges Hello, without `deadline` for as long as that takes.
  package init(to instance: Instance, until deadline: Instant? = nil) throws(CallError) {
    self.instance = instance
    do {
      socket = try UnixSocket.connect(to: instance.path, kind: .stream)
    } catch {
      throw .unreachable(Connection.failure(of: error, at: instance))
    }
    try send(0, .hello(WireHello(role: .command)))
    let hello: WireHello
    switch try receive(0, until: deadline) {
    case .body(.hello(let its)): hello = its
    case .body:
      throw .failed(
        Failure(.internal, "what listens at \(instance.path) does not speak as flusterd does"))
    case .timedOut:
      throw silent()
    }
    do {
      peer = try Speaker(wire: hello)
      _ = try Speaker.ours.agree(with: peer)
    } catch {
      throw .failed(Failure(.internal, error.message, wayOut: error.wayOut))
    }
  }

  /// Sends a request and returns its number.
  package func ask(_ body: WireEnvelope.OneOf_Body) throws(CallError) -> UInt64 {
    lastRequest += 1
    try send(lastRequest, body)
    return lastRequest
  }

  /// The next answer to `request`; an Error becomes a thrown failure. Without `deadline` it waits
  /// as long as the connection lasts.
  package func answer(
    to request: UInt64, until deadline: Instant? = nil
  ) throws(CallError) -> Answer {
    try receive(request, until: deadline)
  }

  /// Asks and takes the one answer.
  package func call(_ body: WireEnvelope.OneOf_Body) throws(CallError) -> WireEnvelope.OneOf_Body {
    switch try answer(to: ask(body)) {
    case .body(let body): return body
    case .timedOut: throw .lost("flusterd at \(instance.path) did not answer")
    }
  }

  /// The first `count` descriptors that came and were not taken yet.
  package func takeDescriptors(_ count: Int) -> [Descriptor] {
    let taken = Array(descriptors.prefix(count))
    descriptors.removeFirst(taken.count)
    return taken
  }

  /// An answer of a kind that does not belong to the request.
  package func unexpected() -> CallError {
    .failed(Failure(.internal, "flusterd at \(instance.path) answered something else than asked"))
  }

  /// No answer within the time allowed.
  package func silent() -> CallError {
    .failed(Failure(.tryAgain, "flusterd at \(instance.path) listens, and does not answer"))
  }

  private func send(_ request: UInt64, _ body: WireEnvelope.OneOf_Body) throws(CallError) {
    let frame: [UInt8]
    do {
      frame = try WireEnvelope(request: request, body).frame()
    } catch {
      throw .failed(Failure(.data, "the request is too large: \(error)"))
    }
    var sent = 0
    while sent < frame.count {
      let outcome: Transfer.Sent
      do throws(SystemError) {
        outcome = try frame.withUnsafeBytes { bytes in
          let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
          return Result { () throws(SystemError) in try Transfer.send(rest, to: socket) }
        }.get()
      } catch {
        throw .lost("lost flusterd at \(instance.path): \(SystemError.reason(error.errno))")
      }
      switch outcome {
      case .bytes(let count): sent += count
      case .wouldBlock: _ = wait(for: Int16(POLLOUT), until: nil)
      case .closed:
        // It may have said why before it closed.
        _ = try receive(request, until: nil)
        throw lost()
      }
    }
  }

  private func receive(
    _ request: UInt64, until deadline: Instant?
  ) throws(CallError) -> Answer {
    while true {
      let envelope: WireEnvelope?
      do {
        envelope = try decoder.nextEnvelope()
      } catch {
        throw .failed(Failure(.internal, "flusterd at \(instance.path) sent nonsense: \(error)"))
      }
      if let envelope {
        if case .error(let error) = envelope.body, [0, request].contains(envelope.request) {
          throw .failed(Failure(Refusal(wire: error)))
        }
        if envelope.request == request, let body = envelope.body { return .body(body) }
        // An answer that nobody waits for any more; its descriptors go with it.
        if case .openedLog(let late) = envelope.body { _ = takeDescriptors(Int(late.descriptors)) }
        continue
      }
      guard try fill(until: deadline) else { return .timedOut }
    }
  }

  /// Takes in what has come; false when the deadline passed first.
  private func fill(until deadline: Instant?) throws(CallError) -> Bool {
    if let deadline {
      guard wait(for: Int16(POLLIN), until: deadline) else { return false }
    }
    let received: Transfer.Received
    do throws(SystemError) {
      received = try buffer.withUnsafeMutableBytes { room in
        Result { () throws(SystemError) in
          try Transfer.receive(
            into: room, maximumDescriptors: Transfer.maximumDescriptors, from: socket)
        }
      }.get()
    } catch {
      throw .lost("lost flusterd at \(instance.path): \(SystemError.reason(error.errno))")
    }
    switch received {
    case .data(let count, let passed, _):
      descriptors += passed
      buffer.withUnsafeBytes { decoder.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    case .wouldBlock: _ = wait(for: Int16(POLLIN), until: deadline)
    case .closed: throw lost()
    }
    return true
  }

  private func wait(for events: Int16, until deadline: Instant?) -> Bool {
    var interest = [pollfd(fd: socket.raw, events: events, revents: 0)]
    return Pause.poll(&interest, until: deadline)
  }

  private func lost() -> CallError { .lost("lost flusterd at \(instance.path)") }

  /// What a connect that failed means to people.
  private static func failure(of error: SystemError, at instance: Instance) -> Failure {
    let reason = SystemError.reason(error.errno)
    switch error.errno {
    case ENAMETOOLONG, EINVAL: return .usage("\(error)")
    case EACCES, EPERM:
      return Failure(.permission, "cannot reach flusterd at \(instance.path): \(reason)")
    default:
      return Failure(
        .unreachable, "cannot reach flusterd at \(instance.path): \(reason)",
        wayOut: "start one of your own with: fluster up")
    }
  }
}
