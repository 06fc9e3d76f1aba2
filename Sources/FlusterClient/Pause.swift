package import FlusterCore
import FlusterSystem
package import Glibc

/// Waiting in poll(2), for descriptors or for a time.
package enum Pause {
  /// The monotonic clock, now.
  package static var now: Instant { Instant(nanoseconds: Clock.monotonicNanoseconds()) }

  /// Waits until one of `interests` has happened; false when `deadline` passed first.
  package static func poll(_ interests: inout [pollfd], until deadline: Instant?) -> Bool {
    while true {
      var timeout: Int32 = -1
      if let deadline {
        let left = max(0, deadline.nanoseconds - now.nanoseconds)
        // Rounded up: to wake before the deadline would only mean to wait again.
        timeout = Int32(clamping: (left + 999_999) / 1_000_000)
      }
      let ready = Glibc.poll(&interests, nfds_t(interests.count), timeout)
      if ready > 0 { return true }
      if ready < 0 && errno != EINTR { return true }
      if let deadline, now >= deadline { return false }
    }
  }

  /// Waits until then, whatever happens.
  package static func until(_ deadline: Instant) {
    var none: [pollfd] = []
    _ = poll(&none, until: deadline)
  }
}

/// Pauses that grow from try to try, for what gives no sign when it is ready.
package struct GrowingPause: Sendable {
  private var next: UInt64 = 5
  private let most: UInt64

  /// Five milliseconds, doubling up to `most`.
  package init(most: Span = .seconds(1)) { self.most = most.milliseconds }

  /// The length of the pause to make now.
  package mutating func take() -> Span {
    defer { next = min(next * 2, most) }
    return Span(milliseconds: next)
  }
}
