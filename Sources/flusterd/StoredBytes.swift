import DequeModule
import FlusterCore
import FlusterStore

/// What users hold in the store, or soon will. The store itself keeps the accounts; here is only
/// what need not be asked again: a bound that grows with each submit, and is replaced by the truth
/// when it comes to the limit.
struct StoredBytes {
  private struct Submit {
    let turn: UInt64
    let owner: UserID
    let bytes: Int
  }

  /// No user holds more than this; who is not here has not been asked after yet.
  private var bounds: [UserID: Int] = [:]
  /// Submits on their way to the disk, which the store does not know of.
  private var underway: Deque<Submit> = []

  /// A job will be stored by `turn`; all up to `durable` are stored.
  mutating func add(_ bytes: Int, of owner: UserID, turn: UInt64, durable: UInt64) {
    while let first = underway.first, first.turn <= durable { underway.removeFirst() }
    underway.append(Submit(turn: turn, owner: owner, bytes: bytes))
    bounds[owner]? += bytes
  }

  /// What the user would hold at most with so many bytes more. `stored` tells what the store holds
  /// for the user, and is called only when that could be more than `limit`.
  mutating func bound(
    of owner: UserID, adding bytes: Int, limit: Int,
    stored: () throws(StoreError) -> Int
  ) throws(StoreError) -> Int {
    if let known = bounds[owner], known + bytes <= limit { return known + bytes }
    let rest = underway.reduce(0) { $0 + ($1.owner == owner ? $1.bytes : 0) }
    let held = try stored() + rest
    bounds[owner] = held
    return held + bytes
  }
}
