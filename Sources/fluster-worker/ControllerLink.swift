import FlusterProtocol
import FlusterSystem
import FlusterSystemd
import Glibc

/// Why a connection to flusterd is over.
struct LinkEnd: Error {
  let reason: String
}

/// The connection to flusterd: bytes to envelopes and back, and nothing of what they mean.
final class ControllerLink {
  /// Bytes that may wait to be read by flusterd; beyond that the connection is of no use.
  private static let outboxLimit = 64 << 20

  private struct Piece {
    var bytes: [UInt8]
    var descriptors: [Descriptor]
  }

  private let socket: Descriptor
  private var source: Source?
  private var decoder = FrameDecoder()
  private var outbox: [Piece] = []
  /// Bytes of the first piece that have gone.
  private var sent = 0
  private var pending = 0
  /// When nothing had come that was not read: CLOCK_BOOTTIME, in nanoseconds. What is read now came
  /// after that, nobody knows how long after, for this process may have been stopped.
  private(set) var emptied = Clock.bootNanoseconds()
  private var nextEmptied: Int64
  private var buffer = [UInt8](repeating: 0, count: 128 << 10)
  /// Something could not be sent; told with the next turn.
  private var failure: LinkEnd?

  /// Takes a non-blocking connection. `onEnvelopes` gets what came, and the reason if it was the
  /// last; nothing is called after that.
  init(
    _ socket: Descriptor, loop: EventLoop,
    onEnvelopes: @escaping (ControllerLink, [WireEnvelope], LinkEnd?) -> Void
  ) throws(SystemError) {
    self.socket = socket
    nextEmptied = emptied
    source = try loop.watch(socket, for: .readable) { [weak self] readiness in
      guard let self else { return }
      if readiness.contains(.writable) { flush() }
      let (envelopes, end) = readiness == .writable ? ([], nil) : receive()
      let last = end ?? failure
      if last != nil { close() }
      onEnvelopes(self, envelopes, last)
    }
  }

  /// Queues a frame; `flush` sends it.
  func send(_ envelope: WireEnvelope, descriptors: [Descriptor] = []) {
    guard source != nil, failure == nil else { return }
    do throws(FrameError) {
      let frame = try envelope.frame()
      pending += frame.count
      outbox.append(Piece(bytes: frame, descriptors: descriptors))
      if pending > Self.outboxLimit { fail("flusterd does not read") }
    } catch {
      fail("\(error)")
    }
  }

  /// Sends what the kernel takes.
  func flush() {
    while let piece = outbox.first, failure == nil {
      let rest = sent
      let result = piece.bytes.withUnsafeBytes { bytes in
        Result { () throws(SystemError) in
          try Transfer.send(
            UnsafeRawBufferPointer(rebasing: bytes[rest...]),
            descriptors: rest == 0 ? piece.descriptors : [], to: socket)
        }
      }
      switch result {
      case .success(.bytes(let count)): advance(by: count)
      case .success(.wouldBlock):
        source?.interest = [.readable, .writable]
        return
      case .success(.closed): return fail("flusterd closed the connection")
      case .failure(let error): return fail("\(error)")
      }
    }
    source?.interest = .readable
  }

  /// Ends it.
  func close() {
    source?.cancel()
    source = nil
    outbox = []
  }

  private func advance(by count: Int) {
    sent += count
    pending -= count
    if sent == outbox[0].bytes.count {
      outbox.removeFirst()
      sent = 0
    }
  }

  /// The end is told by the loop's next turn, which the socket's shutdown brings about.
  private func fail(_ reason: String) {
    guard failure == nil else { return }
    failure = LinkEnd(reason: reason)
    shutdown(socket.raw, Int32(SHUT_RDWR))
  }

  private func receive() -> ([WireEnvelope], LinkEnd?) {
    var envelopes: [WireEnvelope] = []
    // What was told to the last caller as read has been dealt with.
    emptied = nextEmptied
    let time = Clock.bootNanoseconds()
    do {
      let received = try buffer.withUnsafeMutableBytes { buffer in
        try Transfer.receive(into: buffer, from: socket)
      }
      switch received {
      case .closed: return ([], LinkEnd(reason: "flusterd closed the connection"))
      case .wouldBlock: return ([], nil)
      case .data(let count, descriptors: _, truncated: _):
        if count < buffer.count { nextEmptied = time }
        buffer.withUnsafeBytes { bytes in
          decoder.append(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        }
      }
      while let envelope = try decoder.nextEnvelope() { envelopes.append(envelope) }
      return (envelopes, nil)
    } catch {
      return (envelopes, LinkEnd(reason: "\(error)"))
    }
  }
}
