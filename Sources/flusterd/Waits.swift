import DequeModule
import FlusterCore
import FlusterProtocol

/// One open Wait: what it has not been told yet.
struct Waiter {
  let request: Request
  /// Over after the first end.
  let isForAny: Bool
  /// What had ended, or was not in memory, when it was asked; the store tells how.
  var past: [PastTasks]
  /// Positions that have not ended yet.
  var left: [JobID: RangeSet<UInt32>]
  /// The indices of those jobs.
  let arrays: [JobID: TaskArray]
  /// How many tasks it is about.
  var total: UInt64
  /// The past has been looked up: answers may go.
  var hasBegun = false
  /// The total has been sent with an answer.
  var hasToldTotal = false
  /// Answers that have not been sent: they wait for the past, or for the peer to read.
  var rows: Deque<WireEnded> = []
}

/// All open waits, found by the jobs they are about.
struct Waits {
  /// Jobs that all waits of one uid are about, counted once a wait.
  static let limit = 200_000

  /// Answers that a uid may have unread, beside those of a wait that is the only one to have any:
  /// the same endings may be asked for a thousand times.
  static let unreadLimit = 200_000

  private(set) var waiters: [RequestID: Waiter] = [:]
  private var byJob: [JobID: Set<RequestID>] = [:]
  private var weights: [UserID: Int] = [:]
  /// Rows of all waits of each uid.
  private var unread: [UserID: Int] = [:]

  /// How many jobs the waits of a uid are about.
  func weight(of uid: UserID) -> Int { weights[uid, default: 0] }

  subscript(id: RequestID) -> Waiter? {
    get { waiters[id] }
    set { waiters[id] = newValue }
  }

  /// The waits about a job, in order.
  func ids(about job: JobID) -> [RequestID] {
    (byJob[job] ?? []).sorted { $0.number < $1.number }
  }

  mutating func insert(_ waiter: Waiter) {
    waiters[waiter.request.id] = waiter
    for job in waiter.left.keys { byJob[job, default: []].insert(waiter.request.id) }
    weights[waiter.request.peer.uid, default: 0] += waiter.arrays.count
  }

  mutating func remove(_ id: RequestID) {
    guard let waiter = waiters.removeValue(forKey: id) else { return }
    for job in waiter.left.keys { unlink(id, from: job) }
    let uid = waiter.request.peer.uid
    let left = weights[uid, default: 0] - waiter.arrays.count
    weights[uid] = left > 0 ? left : nil
    forget(waiter.rows.count, of: uid)
  }

  /// Keeps answers for a wait until they are read, the past ones before the others. False, and
  /// keeps none, where that would be more than its user may have.
  mutating func keep(_ rows: [WireEnded], arePast: Bool = false, for id: RequestID) -> Bool {
    guard let uid = waiters[id]?.request.peer.uid, let own = waiters[id]?.rows.count else {
      return true
    }
    let all = unread[uid, default: 0]
    guard all == own || all + rows.count <= Self.unreadLimit else { return false }
    unread[uid] = all + rows.count
    if arePast {
      waiters[id]?.rows.prepend(contentsOf: rows)
    } else {
      waiters[id]?.rows.append(contentsOf: rows)
    }
    return true
  }

  /// The next answer that a wait has not sent.
  mutating func nextRow(of id: RequestID) -> WireEnded? {
    guard let uid = waiters[id]?.request.peer.uid, let row = waiters[id]?.rows.popFirst() else {
      return nil
    }
    forget(1, of: uid)
    return row
  }

  private mutating func forget(_ rows: Int, of uid: UserID) {
    let left = unread[uid, default: 0] - rows
    unread[uid] = left > 0 ? left : nil
  }

  /// Takes tasks off a wait's list; returns those of `positions` that were on it.
  mutating func take(
    _ positions: RangeSet<UInt32>, of job: JobID, from id: RequestID
  ) -> RangeSet<UInt32> {
    guard let left = waiters[id]?.left[job] else { return RangeSet() }
    let ended = left.intersection(positions)
    let rest = left.subtracting(ended)
    if rest.isEmpty {
      waiters[id]?.left[job] = nil
      unlink(id, from: job)
    } else {
      waiters[id]?.left[job] = rest
    }
    return ended
  }

  private mutating func unlink(_ id: RequestID, from job: JobID) {
    byJob[job]?.remove(id)
    if byJob[job]?.isEmpty == true { byJob[job] = nil }
  }
}
