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

  /// How long an answer that is due may take before it is worth a word.
  private static let prompt = Span.seconds(5)

  private let socket: Descriptor
  private let voice: Voice?
  private var hasToldOfSilence = false
  private var decoder = FrameDecoder()
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)
  private var descriptors: [Descriptor] = []
  private var lastRequest: UInt64 = 0
  /// What was asked ahead, and the answers that have come.
  private var ahead: [UInt64: (body: WireEnvelope.OneOf_Body, descriptors: [Descriptor])?] = [:]

  /// Connects and exchanges Hello, without `deadline` for as long as that takes. `voice` is told
  /// when flusterd listens, and says nothing.
  package init(
    to instance: Instance, until deadline: Instant? = nil, voice: Voice? = nil
  ) throws(CallError) {
    self.instance = instance
    self.voice = voice
    do {
      socket = try UnixSocket.connect(to: instance.path, kind: .stream)
    } catch {
      throw .unreachable(Connection.failure(of: error, at: instance))
    }
    try send(0, .hello(WireHello(role: .command)))
    let hello: WireHello
    switch try receive(0, until: deadline, promptly: true) {
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
  /// as long as the connection lasts; `promptly`: and tells if it does not come soon.
  package func answer(
    to request: UInt64, until deadline: Instant? = nil, promptly: Bool = false
  ) throws(CallError) -> Answer {
    try receive(request, until: deadline, promptly: promptly)
  }

  /// Asks and takes the one answer.
  package func call(_ body: WireEnvelope.OneOf_Body) throws(CallError) -> WireEnvelope.OneOf_Body {
    switch try answer(to: ask(body), promptly: true) {
    case .body(let body): return body
    case .timedOut: throw .lost("flusterd at \(instance.path) did not answer")
    }
  }

  /// Asks something whose answer is taken later: it is kept until then, with its descriptors.
  package func askAhead(_ body: WireEnvelope.OneOf_Body) throws(CallError) -> UInt64 {
    let request = try ask(body)
    ahead[request] = .some(nil)
    return request
  }

  /// The answer to what was asked ahead, and the descriptors of a log.
  package func takeAhead(
    _ request: UInt64
  ) throws(CallError) -> (body: WireEnvelope.OneOf_Body, descriptors: [Descriptor]) {
    let early = ahead.removeValue(forKey: request) ?? nil
    if let early {
      if case .error(let error) = early.body { throw .failed(Failure(Refusal(wire: error))) }
      return early
    }
    switch try receive(request, until: nil, promptly: true) {
    case .timedOut: throw silent()
    case .body(let body): return (body, descriptors(of: body))
    }
  }

  private func descriptors(of body: WireEnvelope.OneOf_Body) -> [Descriptor] {
    guard case .openedLog(let opened) = body else { return [] }
    return takeDescriptors(Int(opened.descriptors))
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
        _ = try receive(request, until: nil, promptly: false)
        throw lost()
      }
    }
  }

  private func receive(
    _ request: UInt64, until deadline: Instant?, promptly: Bool
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
        guard let body = envelope.body else { continue }
        // If nobody waits for it any more, its descriptors go with it.
        let passed = descriptors(of: body)
        if ahead[envelope.request] != nil { ahead[envelope.request] = (body, passed) }
        continue
      }
      if promptly { tellOfSilence(until: deadline) }
      guard try fill(until: deadline) else { return .timedOut }
    }
  }

  /// Waits a while, and once says so if that was in vain: whoever looks should know for what.
  private func tellOfSilence(until deadline: Instant?) {
    let soon = Pause.now + Connection.prompt
    guard let voice, !hasToldOfSilence, deadline.map({ soon < $0 }) ?? true,
      !wait(for: Int16(POLLIN), until: soon)
    else { return }
    hasToldOfSilence = true
    voice.notice("flusterd at \(instance.path) listens, and does not answer; still waiting")
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
