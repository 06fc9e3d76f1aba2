import FlusterCore
import FlusterProtocol
import FlusterSystem
import FlusterSystemd
import Logging

/// All connections: takes them in, cuts them into messages, writes what is for them, and drops
/// those that cost more than they may.
final class Clients {
  /// Bytes that all connections of one uid may make us hold.
  static let heldLimit = 256 << 20
  private static let readSize = 64 << 10
  /// Connections may take all descriptors but these, which the store and passed logs need.
  private static let spared = 40

  let loop: EventLoop
  let log: Logger
  /// Where messages go; set once, before the first connection.
  var deliver: (Message) -> Void = { _ in }
  /// Called when a source has done its part of a round.
  var settled: () -> Void = {}
  /// Called when a peer has read so much that more may be sent to it again.
  var caughtUp: () -> Void = {}
  /// The frame that greets whoever comes.
  var greeting: [UInt8] = []
  /// The most connections of one uid.
  let connectionLimit: Int
  let descriptorLimit: Int
  private(set) var connections: [ConnectionID: Connection] = [:]
  private var perUser: [UserID: Int] = [:]
  /// Bytes that the connections of each uid make us hold.
  private var held: [UserID: Int] = [:]
  /// Connections that have ended, and the bytes of their frames that are still in the inbox; both
  /// count until the inbox has been read so far.
  private var leaving: [ConnectionID: (uid: UserID, bytes: Int)] = [:]
  private var deadlines = Deadlines()
  private var offences = Offences()
  private var next: UInt64 = 1
  private var touched: Set<ConnectionID> = []
  private var timer: Timer?
  private let buffer: UnsafeMutableRawBufferPointer

  /// `descriptors` is what the kernel lets us have. Where there are several users, none may take
  /// more than half of them.
  init(
    loop: EventLoop, log: Logger, descriptors: Int, isShared: Bool
  ) throws(SystemError) {
    self.loop = loop
    self.log = log
    descriptorLimit = max(8, descriptors - Self.spared)
    connectionLimit = min(4096, isShared ? max(8, descriptorLimit / 2) : descriptorLimit)
    buffer = .allocate(byteCount: Self.readSize, alignment: 16)
    timer = try loop.timer { [unowned self] in dropOverdue() }
  }

  deinit { buffer.deallocate() }

  /// Whether there is no descriptor left for another connection.
  var isFull: Bool { connections.count >= descriptorLimit }

  /// Takes over an accepted connection of an admitted peer.
  func add(_ socket: Descriptor, _ peer: Peer, at door: Door) {
    if perUser[peer.uid, default: 0] >= connectionLimit {
      let refusal = Refusal(
        .resourceExhausted, "uid \(peer.uid) has \(connectionLimit) connections already",
        wayOut: "close some and try again")
      return turnAway(socket, uid: peer.uid, pid: peer.pid, refusal)
    }
    let id = ConnectionID(number: next)
    next += 1
    let connection = Connection(id: id, door: door, peer: peer, socket: socket)
    guard
      let source = try? loop.watch(
        socket, for: .readable, { [unowned self] in ready(id, $0) })
    else { return }
    connection.source = source
    connections[id] = connection
    perUser[peer.uid, default: 0] += 1
    startClock(.hello, of: id)
    connection.queue(greeting)
    flush(connection)
  }

  /// Tells an accepted connection why it may not stay, if it listens, and writes a line.
  func turnAway(_ socket: Descriptor, uid: UserID, pid: Int32, _ refusal: Refusal) {
    complain(.refused(refusal.message), uid: uid, pid: pid)
    sendOnce(refusal, to: socket)
  }

  /// One attempt to say no to somebody who is not a connection.
  func sendOnce(_ refusal: Refusal, to socket: Descriptor) {
    guard let frame = try? WireEnvelope(request: 0, refusal).frame() else { return }
    _ = try? frame.withUnsafeBytes { bytes throws(SystemError) in
      try Transfer.send(bytes, to: socket)
    }
  }

  private func ready(_ id: ConnectionID, _ readiness: Readiness) {
    defer { settled() }
    guard let connection = connections[id] else { return }
    if readiness.contains(.writable) { flush(connection) }
    guard !readiness.isDisjoint(with: [.readable, .hangUp, .failed]), connection.wantsInput else {
      return
    }
    switch connection.read(into: buffer) {
    case .nothing: break
    case .tooMuch: drop(id, .flood)
    case .end: remove(id)
    case .some:
      pull(connection)
      charge(connection)
    }
  }

  /// Moves whole frames from a connection to the inbox, as many as may wait there.
  private func pull(_ connection: Connection) {
    var progressed = false
    while connection.wantsInput, connections[connection.id] != nil {
      let frame: (envelope: WireEnvelope, size: Int)?
      do throws(FrameError) {
        frame = try connection.next()
      } catch {
        return refuse(connection, .invalid("\(error)"), .nonsense("\(error)"))
      }
      guard let frame else { break }
      progressed = true
      accept(frame.envelope, frame.size, on: connection)
    }
    guard connections[connection.id] != nil else { return }
    if connection.isMidFrame && connection.wantsInput {
      if progressed { restartClock(.frame, of: connection.id) }
      startClock(.frame, of: connection.id)
    } else {
      deadlines.stop(.frame, of: connection.id)
    }
    connection.updateInterest()
  }

  private func accept(_ envelope: WireEnvelope, _ size: Int, on connection: Connection) {
    if connection.greeted {
      connection.enqueued(size)
      let descriptors = descriptors(for: envelope, on: connection)
      return deliver(.frame(connection.id, envelope, descriptors, size: size))
    }
    do throws(Refusal) {
      try checkHello(envelope, at: connection.door)
      connection.greeted = true
      deadlines.stop(.hello, of: connection.id)
    } catch {
      refuse(connection, error, .refused(error.message), request: envelope.request)
    }
  }

  /// Descriptors travel with the log they are of, and with nothing else.
  private func descriptors(
    for envelope: WireEnvelope, on connection: Connection
  ) -> [Descriptor] {
    switch envelope.body {
    case .openedLog(let log): connection.takeDescriptors(Int(log.descriptors))
    // The first frame to bring any: the pidfds of the worker and its shim.
    case .register: connection.takeDescriptors(.max)
    case _: []
    }
  }

  /// Messages of this connection have left the inbox: more of it may come in.
  func resume(_ ids: some Sequence<ConnectionID>) {
    for id in ids {
      if let connection = connections[id] { pull(connection) }
    }
  }

  /// Bytes that a peer has not read yet; all there can be, if it is gone.
  func pendingOutput(of id: ConnectionID) -> Int { connections[id]?.outbox.pending ?? .max }

  /// Whether anybody but workers is connected.
  var hasCommands: Bool { connections.values.contains { $0.door == .control } }

  /// Queues a message; it leaves with the next `flush`.
  func send(_ envelope: WireEnvelope, to id: ConnectionID, descriptors: [Descriptor] = []) {
    send(answering: envelope.request, to: id, descriptors) { () throws(FrameError) in
      try envelope.frame()
    }
  }

  /// Queues rows of the listing that a connection asked for under this number.
  func send(_ page: ListingPage, answering number: UInt64, to id: ConnectionID) {
    send(answering: number, to: id, []) { () throws(FrameError) in
      try page.frame(request: number)
    }
  }

  private func send(
    answering number: UInt64, to id: ConnectionID, _ descriptors: [Descriptor],
    _ frame: () throws(FrameError) -> [UInt8]
  ) {
    guard let connection = connections[id], !connection.isClosing else { return }
    do throws(FrameError) {
      connection.queue(try frame(), descriptors: descriptors)
    } catch {
      log.error("an answer to pid \(connection.peer.pid) is not sent: \(error)")
      // Who asked would wait for ever; a notice answers nobody.
      let refusal = Refusal(.internal, "the answer cannot be sent: \(error)")
      guard number != 0, let frame = try? WireEnvelope(request: number, refusal).frame()
      else { return }
      connection.queue(frame)
    }
    touched.insert(id)
  }

  /// Writes out what was queued since the last call.
  func flush() {
    guard !touched.isEmpty else { return }
    let ids = touched.sorted()
    touched.removeAll(keepingCapacity: true)
    for id in ids {
      if let connection = connections[id] { flush(connection) }
    }
  }

  private func flush(_ connection: Connection) {
    let hadInput = connection.wantsInput
    let wasBehind = connection.outbox.pending >= Daemon.unreadLimit
    defer {
      if wasBehind && connection.outbox.pending < Daemon.unreadLimit { caughtUp() }
    }
    switch connection.flush() {
    case .closed: return remove(connection.id)
    case .empty:
      deadlines.stop(.reading, of: connection.id)
      if connection.isClosing { return remove(connection.id) }
    case .blocked(let moved):
      if moved { restartClock(.reading, of: connection.id) }
      startClock(.reading, of: connection.id)
    }
    if connection.outbox.pending > Connection.outputLimit {
      return drop(connection.id, .flood)
    }
    charge(connection)
    guard connections[connection.id] != nil else { return }
    if !hadInput && connection.wantsInput { return pull(connection) }
    connection.updateInterest()
  }

  /// Brings the account of the connection's uid up to date; over the limit, the connection goes.
  private func charge(_ connection: Connection) {
    guard connections[connection.id] != nil else { return }
    let change = connection.held - connection.charged
    connection.charged = connection.held
    held[connection.peer.uid, default: 0] += change
    if change > 0, held[connection.peer.uid, default: 0] > Self.heldLimit {
      drop(connection.id, .flood)
    }
  }

  /// Lets a connection go once it has read what is queued for it.
  func close(_ id: ConnectionID) {
    guard let connection = connections[id] else { return }
    connection.isClosing = true
    flush(connection)
  }

  /// Says why, and lets the connection go.
  private func refuse(
    _ connection: Connection, _ refusal: Refusal, _ offence: Offence, request: UInt64 = 0
  ) {
    complain(offence, uid: connection.peer.uid, pid: connection.peer.pid)
    send(WireEnvelope(request: request, refusal), to: connection.id)
    close(connection.id)
  }

  /// The same, of a peer that asked something it must not ask.
  func refuse(_ id: ConnectionID, _ refusal: Refusal, request: UInt64) {
    guard let connection = connections[id] else { return }
    refuse(connection, refusal, .refused(refusal.message), request: request)
  }

  /// Ends a connection at once, with a line.
  func drop(_ id: ConnectionID, _ offence: Offence) {
    guard let connection = connections[id] else { return }
    complain(offence, uid: connection.peer.uid, pid: connection.peer.pid)
    remove(id)
  }

  /// Ends a connection at once.
  func remove(_ id: ConnectionID) {
    guard let connection = connections.removeValue(forKey: id) else { return }
    connection.cancel()
    deadlines.forget(id)
    held[connection.peer.uid, default: 0] += connection.queuedBytes - connection.charged
    leaving[id] = (connection.peer.uid, connection.queuedBytes)
    deliver(.gone(id))
  }

  /// The inbox holds nothing of an ended connection any more.
  func forget(_ id: ConnectionID) {
    guard let (uid, bytes) = leaving.removeValue(forKey: id) else { return }
    let left = perUser[uid, default: 1] - 1
    perUser[uid] = left > 0 ? left : nil
    held[uid, default: 0] -= bytes
    if left <= 0 { held[uid] = nil }
  }

  private func complain(_ offence: Offence, uid: UserID, pid: Int32) {
    let now = Clock.monotonicNanoseconds()
    if let line = offences.line(for: offence, uid: uid, pid: pid, now: now) {
      log.warning("\(line)")
    }
  }

  private func startClock(_ debt: Deadlines.Debt, of id: ConnectionID) {
    deadlines.start(debt, of: id, now: Clock.monotonicNanoseconds())
    arm()
  }

  private func restartClock(_ debt: Deadlines.Debt, of id: ConnectionID) {
    deadlines.restart(debt, of: id, now: Clock.monotonicNanoseconds())
    arm()
  }

  private var armed: Int64?

  private func arm() {
    guard let earliest = deadlines.earliest else { return }
    if let armed, armed <= earliest { return }
    armed = earliest
    timer?.set(at: earliest)
  }

  private func dropOverdue() {
    armed = nil
    for (id, debt) in deadlines.takeOverdue(now: Clock.monotonicNanoseconds()) {
      switch debt {
      case .hello: drop(id, .silent)
      case .frame: drop(id, .halfFrame)
      case .reading: drop(id, .unread)
      }
    }
    arm()
  }
}

/// Checks the first frame of a peer.
private func checkHello(_ envelope: WireEnvelope, at door: Door) throws(Refusal) {
  guard case .hello(let hello) = envelope.body else {
    throw .invalid("the first frame must be a hello")
  }
  let role: WireHello.Role = door == .control ? .command : .worker
  guard hello.role == role else {
    throw .invalid("this is the \(door.rawValue) socket, and the hello is of another role")
  }
  _ = try Speaker.ours.agree(with: try Speaker(wire: hello))
}

extension Refusal {
  /// The request is wrong in itself.
  static func invalid(_ sentence: String, wayOut: String = "") -> Refusal {
    Refusal(.invalidArgument, sentence, wayOut: wayOut)
  }
}
