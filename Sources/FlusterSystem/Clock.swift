import Glibc

/// The clocks of the system. Any thread may ask.
package enum Clock {
  /// Nanoseconds of CLOCK_MONOTONIC: since an arbitrary start, never set back, and the same for
  /// all processes of one boot.
  package static func monotonicNanoseconds() -> Int64 {
    let time = read(CLOCK_MONOTONIC)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Nanoseconds of CLOCK_BOOTTIME, which goes on while the machine is suspended; never set back,
  /// and the same for all processes of one boot.
  package static func bootNanoseconds() -> Int64 {
    let time = read(CLOCK_BOOTTIME)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Milliseconds since 1970; may jump when somebody sets the clock.
  package static func wallMilliseconds() -> Int64 {
    let time = read(CLOCK_REALTIME)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  private static func read(_ clock: clockid_t) -> timespec {
    var time = timespec()
    let result = clock_gettime(clock, &time)
    precondition(result == 0, "every Linux has these clocks")
    return time
  }
}
