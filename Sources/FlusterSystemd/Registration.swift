import CSystemd
import FlusterSystem

/// What an event loop waits for, of any kind. Belongs to the thread of its loop.
package class Registration {
  weak var loop: EventLoop?
  private(set) var pointer: OpaquePointer?

  init(loop: EventLoop) { self.loop = loop }

  deinit { detach() }

  /// Stops it and lets go of its handler. May be done at any time and more than once, also in the
  /// handler itself.
  package final func cancel() {
    detach()
    forget()
    // Last: this may be the last reference to us.
    loop?.drop(self)
  }

  /// Makes the kernel's and the library's half of it, disabled where there is a choice.
  func make(
    _ event: OpaquePointer, _ pointer: inout OpaquePointer?, _ userdata: UnsafeMutableRawPointer
  ) -> Int32 {
    preconditionFailure("every kind of source makes its own")
  }

  /// Lets go of the handler and what it holds.
  func forget() {}

  final func attach(priority: Int64) throws(SystemError) {
    guard let loop else { preconditionFailure("a source is made by a living loop") }
    // Not retained: the loop keeps every source until detach, and then no callback comes any more.
    let userdata = Unmanaged.passUnretained(self).toOpaque()
    try check(make(loop.event, &pointer, userdata), "watch \(type(of: self))")
    try check(sd_event_source_set_priority(pointer, priority), "set a priority")
    loop.keep(self)
  }

  final func detach() {
    guard let pointer else { return }
    self.pointer = nil
    sd_event_source_disable_unref(pointer)
  }

  final func enable(_ state: Int32) {
    guard let pointer else { return }
    let result = sd_event_source_set_enabled(pointer, state)
    precondition(result >= 0, "a source of a living loop can be switched on and off")
  }

  /// The object behind a callback's userdata, held for as long as the callback runs.
  static func of(_ userdata: UnsafeMutableRawPointer?) -> Self {
    guard let userdata else { preconditionFailure("every source passes itself along") }
    let object = Unmanaged<Registration>.fromOpaque(userdata).takeUnretainedValue()
    return unsafeDowncast(object, to: self)
  }
}
