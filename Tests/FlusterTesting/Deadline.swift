import Glibc

/// A point on the monotonic clock after which a test gives up.
package struct Deadline: Sendable {
  private let nanoseconds: Int64

  /// So many seconds from now.
  package init(seconds: Double) {
    nanoseconds = Deadline.now + Int64(seconds * 1_000_000_000)
  }

  /// Nothing is left.
  package var hasPassed: Bool { Deadline.now >= nanoseconds }

  /// The monotonic clock, in nanoseconds.
  package static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

/// Something did not come about in time.
package struct TimedOut: Error, CustomStringConvertible {
  package let what: String

  /// It was `what`.
  package init(what: String) { self.what = what }

  package var description: String { "timed out: \(what)" }
}

/// Looks again and again, at growing distances up to 20 ms, until `condition` holds.
///
/// - Throws: `TimedOut` naming `what` when it does not hold within `seconds`, and what `condition`
///   throws.
package func eventually(
  _ what: String, within seconds: Double = 20, _ condition: () throws -> Bool
) throws {
  let deadline = Deadline(seconds: seconds)
  var wait: Int32 = 1
  while try !condition() {
    guard !deadline.hasPassed else { throw TimedOut(what: what) }
    poll(nil, 0, wait)
    wait = min(wait * 2, 20)
  }
}
