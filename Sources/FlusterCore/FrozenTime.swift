/// How long an attempt has stood still: time that does not count against its limit.
package struct FrozenTime: Hashable, Sendable {
  /// Nanoseconds, before `since`.
  package let total: Int64
  /// It stands still since then; nil: it goes on.
  package let since: Instant?

  /// It never stood still.
  package static let none = FrozenTime(total: 0, since: nil)

  /// As the shim tells it.
  package init(total: Int64, since: Instant?) {
    self.total = total
    self.since = since
  }

  /// It stands still.
  package var isFrozen: Bool { since != nil }

  /// Nanoseconds until `now`.
  package func nanoseconds(until now: Instant) -> Int64 {
    total + (since.map { max(0, now.nanoseconds - $0.nanoseconds) } ?? 0)
  }
}
