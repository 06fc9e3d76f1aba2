import FlusterCore

/// One open request of a client: where its answer goes, and by whose right it was asked.
struct Request {
  /// What is to be done with the core's answer.
  enum Kind {
    case submit
    /// A read, or a conversation of its own: the core answers nothing.
    case read
    /// A change that jobs which have ended already fulfil.
    case kill
    /// A change that makes no sense for a job that has ended.
    case change(verb: String)
  }

  let id: RequestID
  let connection: ConnectionID
  /// The number the client gave it.
  let number: UInt64
  let peer: Peer
  /// Bytes of its frame: what is remembered of it is charged by them until it is answered.
  let size: Int
  var kind: Kind
}

/// The requests that have not been answered to the end.
struct Requests {
  /// Open requests of one uid; most of them are waits.
  static let limit = 20_000
  /// Bytes of their frames.
  static let byteLimit = 64 << 20

  private struct Account {
    var count = 0
    var bytes = 0
  }

  private var open: [RequestID: Request] = [:]
  private var byConnection: [ConnectionID: Set<RequestID>] = [:]
  private var perUser: [UserID: Account] = [:]

  subscript(id: RequestID) -> Request? { open[id] }

  /// Whether the user has as many open as one may have.
  func isFull(for uid: UserID) -> Bool {
    guard let account = perUser[uid] else { return false }
    return account.count >= Self.limit || account.bytes >= Self.byteLimit
  }

  mutating func insert(_ request: Request) {
    open[request.id] = request
    byConnection[request.connection, default: []].insert(request.id)
    perUser[request.peer.uid, default: Account()].count += 1
    perUser[request.peer.uid, default: Account()].bytes += request.size
  }

  @discardableResult
  mutating func remove(_ id: RequestID) -> Request? {
    guard let request = open.removeValue(forKey: id) else { return nil }
    byConnection[request.connection]?.remove(id)
    if byConnection[request.connection]?.isEmpty == true {
      byConnection[request.connection] = nil
    }
    perUser[request.peer.uid]?.count -= 1
    perUser[request.peer.uid]?.bytes -= request.size
    if perUser[request.peer.uid]?.count == 0 { perUser[request.peer.uid] = nil }
    return request
  }

  /// The open requests of a connection, by id.
  func ids(of connection: ConnectionID) -> [RequestID] {
    (byConnection[connection] ?? []).sorted { $0.number < $1.number }
  }
}
