package import FlusterCore

/// A ReadHistory that has passed the door.
package struct HistoryOrder: Hashable, Sendable {
  /// The most parts of a stretch: more than a picture of it has columns.
  private static let most: UInt32 = 1000
  /// Beyond what any calendar is for, and far enough from overflows.
  private static let times: ClosedRange<Int64> = 0...(1 << 53)

  package let from: WallTime
  /// The length of a part, in milliseconds at least 1.
  package let width: Span
  package let parts: Int
  /// Only of this job; nil: of all.
  package let job: JobID?
  /// Only of this user's; nil: of all that the caller may see.
  package let user: UserID?

  /// Decodes and checks; throws invalid-argument naming the field.
  package init(wire: WireReadHistory) throws(Refusal) {
    guard Self.times.contains(wire.fromMs), Self.times.contains(wire.untilMs),
      wire.fromMs < wire.untilMs
    else {
      throw .invalid("a stretch from \(wire.fromMs) until \(wire.untilMs) is none")
    }
    guard (1...Self.most).contains(wire.parts) else {
      throw .invalid("\(wire.parts) parts are none, or more than the limit of \(Self.most)")
    }
    let length = wire.untilMs - wire.fromMs
    guard length % Int64(wire.parts) == 0 else {
      throw .invalid("\(length)ms cannot be cut into \(wire.parts) parts of whole milliseconds")
    }
    from = WallTime(milliseconds: wire.fromMs)
    width = Span(milliseconds: UInt64(length / Int64(wire.parts)))
    parts = Int(wire.parts)
    job = wire.hasJob ? JobID(wire.job) : nil
    user = wire.hasUser ? UserID(wire.user) : nil
  }
}
