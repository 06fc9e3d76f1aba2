import FlusterCore
import FlusterProtocol
import FlusterSystem
import FlusterSystemd

/// Names one connection for as long as the daemon lives; never used twice.
struct ConnectionID: Hashable, Comparable {
  let number: UInt64

  static func < (a: ConnectionID, b: ConnectionID) -> Bool { a.number < b.number }

  /// The same connection, as the core knows it once a worker has registered on it.
  var link: LinkID { LinkID(number) }
}

/// One peer's stream: bytes to frames and frames to bytes, and nothing of what they mean.
///
/// Belongs to the loop's thread, like everything here.
final class Connection {
  /// What one read came to.
  enum Read {
    /// Bytes came; frames may be complete.
    case some
    case nothing
    /// More descriptors came than a peer may leave here.
    case tooMuch
    /// The peer has gone.
    case end
  }

  /// Requests and bytes a connection may have waiting before we stop reading from it.
  static let queuedFrames = 64
  static let queuedInput = 1 << 20
  static let queuedOutput = 1 << 20
  /// A peer that lets more than this pile up is dropped at once.
  static let outputLimit = 32 << 20
  /// The same goes for more descriptors than this that belong to no frame: a read brings four, and
  /// the frame that they are of is over with it or soon after.
  private static let descriptorLimit = 16

  let id: ConnectionID
  let door: Door
  let peer: Peer
  let socket: Descriptor
  var source: Source?
  /// Hello has come.
  var greeted = false
  /// Ends when everything pending has been written.
  var isClosing = false
  /// Frames of this connection in the inbox, and the bytes they came in.
  private(set) var queued = 0
  private(set) var queuedBytes = 0
  /// What its uid has been charged for it.
  var charged = 0
  private(set) var outbox = Outbox()
  /// Descriptors that came and belong to frames that have not been taken yet.
  private var descriptors: [Descriptor] = []
  private var decoder = FrameDecoder()

  init(id: ConnectionID, door: Door, peer: Peer, socket: Descriptor) {
    self.id = id
    self.door = door
    self.peer = peer
    self.socket = socket
  }

  /// Bytes held for this peer, both ways: what is charged to its uid.
  var held: Int { decoder.buffered + queuedBytes + outbox.pending }

  /// Part of a frame has come, and the rest has not.
  var isMidFrame: Bool { decoder.buffered > 0 }

  /// Whether more should be read now: not from who does not read our answers, nor from who has
  /// asked more than can be answered at once.
  var wantsInput: Bool {
    !isClosing && queued < Self.queuedFrames && queuedBytes < Self.queuedInput
      && outbox.pending < Self.queuedOutput
  }

  /// Takes in what the kernel holds, up to the size of the buffer.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Read {
    let most = door == .worker ? 4 : 0
    guard
      let received = try? Transfer.receive(
        into: buffer, maximumDescriptors: most, from: socket)
    else { return .end }
    switch received {
    case .closed: return .end
    case .wouldBlock: return .nothing
    case .data(let count, let came, truncated: _):
      descriptors.append(contentsOf: came)
      guard descriptors.count <= Self.descriptorLimit else { return .tooMuch }
      decoder.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      return .some
    }
  }

  /// The next whole frame, and the bytes it came in.
  func next() throws(FrameError) -> (envelope: WireEnvelope, size: Int)? {
    let before = decoder.buffered
    guard let envelope = try decoder.nextEnvelope() else { return nil }
    return (envelope, before - decoder.buffered)
  }

  /// A frame has gone into the inbox.
  func enqueued(_ size: Int) {
    queued += 1
    queuedBytes += size
  }

  /// A frame has left the inbox.
  func dequeued(_ size: Int) {
    queued -= 1
    queuedBytes -= size
  }

  /// The next so many of the descriptors that came.
  func takeDescriptors(_ count: Int) -> [Descriptor] {
    let taken = Array(descriptors.prefix(count))
    descriptors.removeFirst(taken.count)
    return taken
  }

  /// Queues a whole frame; `flush` sends it.
  func queue(_ frame: [UInt8], descriptors: [Descriptor] = []) {
    outbox.append(frame, descriptors: descriptors)
  }

  /// Writes what the peer takes now.
  func flush() -> Outbox.Progress { outbox.flush(to: socket) }

  /// Sets what the loop watches this connection for.
  func updateInterest() {
    var interest: Interest = []
    if wantsInput { interest.insert(.readable) }
    if outbox.pending > 0 { interest.insert(.writable) }
    if let source, source.interest != interest { source.interest = interest }
  }

  /// Stops watching; the socket closes with the last reference.
  func cancel() {
    source?.cancel()
    source = nil
  }
}
