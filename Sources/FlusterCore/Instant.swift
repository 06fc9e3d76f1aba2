/// A length of time in whole milliseconds.
package struct Span: Hashable, Comparable, Sendable {
  package let milliseconds: UInt64

  /// So many milliseconds.
  package init(milliseconds: UInt64) { self.milliseconds = milliseconds }

  /// So many seconds.
  package static func seconds(_ seconds: UInt64) -> Span { Span(milliseconds: seconds * 1000) }

  package static func < (a: Span, b: Span) -> Bool { a.milliseconds < b.milliseconds }
}

extension Span: CustomStringConvertible {
  /// As a user would write it: `1s`, `1m30s`, `250ms`.
  package var description: String {
    let parts: [(UInt64, String)] = [
      (milliseconds / 86_400_000, "d"), (milliseconds / 3_600_000 % 24, "h"),
      (milliseconds / 60_000 % 60, "m"), (milliseconds / 1000 % 60, "s"),
      (milliseconds % 1000, "ms"),
    ]
    let shown = parts.filter { $0.0 > 0 }.map { "\($0.0)\($0.1)" }
    return shown.isEmpty ? "0s" : shown.joined()
  }
}

/// Wall-clock time, in milliseconds since 1970. What people read and what the store keeps.
package struct WallTime: Hashable, Comparable, Sendable {
  package let milliseconds: Int64

  /// So many milliseconds after (or before) 1970.
  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  package static func < (a: WallTime, b: WallTime) -> Bool { a.milliseconds < b.milliseconds }

  package static func + (time: WallTime, span: Span) -> WallTime {
    let (sum, overflow) = time.milliseconds.addingReportingOverflow(
      Int64(clamping: span.milliseconds))
    return WallTime(milliseconds: overflow ? .max : sum)
  }
}

/// Monotonic time, in nanoseconds since an arbitrary start. Delays and health are measured in it.
package struct Instant: Hashable, Comparable, Sendable {
  package let nanoseconds: Int64

  /// So many nanoseconds after the clock's own start.
  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  package static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

  package static func + (time: Instant, span: Span) -> Instant {
    let (product, over) = Int64(clamping: span.milliseconds)
      .multipliedReportingOverflow(by: 1_000_000)
    let (sum, past) = time.nanoseconds.addingReportingOverflow(product)
    return Instant(nanoseconds: over || past ? .max : sum)
  }
}

/// Both clocks, read together by the shell at the start of a turn.
package struct Moment: Hashable, Sendable {
  package let monotonic: Instant
  package let wall: WallTime

  /// The two readings.
  package init(monotonic: Instant, wall: WallTime) {
    self.monotonic = monotonic
    self.wall = wall
  }
}
