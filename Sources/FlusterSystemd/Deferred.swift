import CSystemd

/// Something to be done after what is more urgent.
package final class Deferred: Registration {
  private var handler: (() -> Void)?

  init(loop: EventLoop, handler: @escaping () -> Void) {
    self.handler = handler
    super.init(loop: loop)
  }

  /// Calls the handler once in a coming round; more calls before that change nothing.
  package func schedule() { enable(Int32(SD_EVENT_ONESHOT)) }

  override func make(
    _ event: OpaquePointer, _ pointer: inout OpaquePointer?, _ userdata: UnsafeMutableRawPointer
  ) -> Int32 {
    let callback: sd_event_handler_t = { _, userdata in
      let deferred = Deferred.of(userdata)
      deferred.handler?()
      return 0
    }
    let result = sd_event_add_defer(event, &pointer, callback, userdata)
    guard result >= 0 else { return result }
    return sd_event_source_set_enabled(pointer, Int32(SD_EVENT_OFF))
  }

  override func forget() { handler = nil }
}
