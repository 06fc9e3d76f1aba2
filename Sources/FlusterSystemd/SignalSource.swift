import CSystemd
import Glibc

/// A signal that the loop has taken over.
final class SignalSource: Registration {
  private let signal: Int32
  private var handler: (() -> Void)?

  init(loop: EventLoop, signal: Int32, handler: @escaping () -> Void) {
    self.signal = signal
    self.handler = handler
    super.init(loop: loop)
  }

  override func make(
    _ event: OpaquePointer, _ pointer: inout OpaquePointer?, _ userdata: UnsafeMutableRawPointer
  ) -> Int32 {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, signal)
    let failure = pthread_sigmask(SIG_BLOCK, &set, nil)
    guard failure == 0 else { return -failure }
    let callback: sd_event_signal_handler_t = { _, _, userdata in
      let source = SignalSource.of(userdata)
      source.handler?()
      return 0
    }
    return sd_event_add_signal(event, &pointer, signal, callback, userdata)
  }

  override func forget() { handler = nil }
}
