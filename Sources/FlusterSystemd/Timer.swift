import CSystemd
import Glibc

/// A one-shot timer.
package final class Timer: Registration {
  private let clock: clockid_t
  private var handler: (() -> Void)?

  init(loop: EventLoop, clock: clockid_t, handler: @escaping () -> Void) {
    self.clock = clock
    self.handler = handler
    super.init(loop: loop)
  }

  /// Calls the handler once when its clock has reached so many nanoseconds, at once if it
  /// has. A time that was set before is forgotten.
  package func set(at nanoseconds: Int64) {
    guard let pointer else { return }
    // Rounded up: a timer that fires early would find that nothing is due.
    let microseconds = UInt64(clamping: nanoseconds / 1000 + (nanoseconds % 1000 > 0 ? 1 : 0))
    let result = sd_event_source_set_time(pointer, microseconds)
    precondition(result >= 0, "a timer of a living loop can be set")
    enable(Int32(SD_EVENT_ONESHOT))
  }

  /// Forgets the time; `set` may follow.
  package func disarm() { enable(Int32(SD_EVENT_OFF)) }

  override func make(
    _ event: OpaquePointer, _ pointer: inout OpaquePointer?, _ userdata: UnsafeMutableRawPointer
  ) -> Int32 {
    let callback: sd_event_time_handler_t = { _, _, userdata in
      let timer = Timer.of(userdata)
      timer.handler?()
      return 0
    }
    // An accuracy of 0 would mean the library's usual quarter of a second.
    let result = sd_event_add_time(
      event, &pointer, clock, UInt64.max, 1000, callback, userdata)
    guard result >= 0 else { return result }
    return sd_event_source_set_enabled(pointer, Int32(SD_EVENT_OFF))
  }

  override func forget() { handler = nil }
}
