import CSystemd
package import FlusterSystem
import Glibc

/// The event loop of a daemon: sd-event, with closures.
///
/// It belongs to the thread that made it; only `Wakeup` reaches it from another. Of what is ready
/// at once the lowest `priority` number goes first, one handler for each round through the kernel.
/// Sources stay until they are cancelled, even if nobody else refers to them; a handler may cancel
/// any source, its own too.
package final class EventLoop {
  let event: OpaquePointer
  private var sources: [ObjectIdentifier: Registration] = [:]

  /// A loop without sources.
  package init() throws(SystemError) {
    var event: OpaquePointer?
    try check(sd_event_new(&event), "make an event loop")
    guard let event else { preconditionFailure("sd_event_new succeeded without a loop") }
    self.event = event
  }

  deinit {
    for source in sources.values { source.detach() }
    sd_event_unref(event)
  }

  /// Calls the handler again and again for as long as the descriptor is ready.
  ///
  /// The loop keeps the descriptor open until the source is cancelled. One descriptor, one source:
  /// EEXIST otherwise; EPERM for a regular file.
  package func watch(
    _ descriptor: Descriptor, for interest: Interest, priority: Int64 = 0,
    _ handler: @escaping (Readiness) -> Void
  ) throws(SystemError) -> Source {
    let source = Source(loop: self, descriptor: descriptor, interest: interest, handler: handler)
    try source.attach(priority: priority)
    return source
  }

  /// A timer that is accurate to a millisecond, not yet set: on CLOCK_MONOTONIC, or on
  /// CLOCK_BOOTTIME where time counts for which the machine is suspended.
  package func timer(
    priority: Int64 = 0, countsSuspension: Bool = false, _ handler: @escaping () -> Void
  ) throws(SystemError) -> Timer {
    let timer = Timer(
      loop: self, clock: countsSuspension ? CLOCK_BOOTTIME : CLOCK_MONOTONIC, handler: handler)
    try timer.attach(priority: priority)
    return timer
  }

  /// Takes a signal over from its disposition, for good.
  ///
  /// Blocks it in the calling thread, so this comes before any other thread is started.
  package func onSignal(
    _ signal: Int32, priority: Int64 = 0, _ handler: @escaping () -> Void
  ) throws(SystemError) {
    let source = SignalSource(loop: self, signal: signal, handler: handler)
    try source.attach(priority: priority)
  }

  /// Something to be done once, when whatever has a lower `priority` number and is ready has been
  /// dealt with. A source that is always ready holds it up for ever: whoever fills an inbox must
  /// bound it.
  package func deferred(
    priority: Int64, _ handler: @escaping () -> Void
  ) throws(SystemError) -> Deferred {
    let deferred = Deferred(loop: self, handler: handler)
    try deferred.attach(priority: priority)
    return deferred
  }

  /// Lets the loop itself tell systemd that it turns. Does nothing where no watchdog is asked for.
  package func enableWatchdog() throws(SystemError) {
    try check(sd_event_set_watchdog(event, 1), "enable the watchdog")
  }

  /// Runs until `exit`, and returns its status. Can be done once.
  package func run() throws(SystemError) -> Int32 {
    let status = sd_event_loop(event)
    guard status >= 0 else { throw SystemError(call: "run the event loop", errno: -status) }
    return status
  }

  /// Makes `run` return `status`, not negative, once the present handler has.
  package func exit(_ status: Int32) {
    precondition(status >= 0, "an exit status is not negative")
    let result = sd_event_exit(event, status)
    precondition(result >= 0, "a loop can be told to exit until it has exited")
  }

  func keep(_ source: Registration) { sources[ObjectIdentifier(source)] = source }
  func drop(_ source: Registration) { sources[ObjectIdentifier(source)] = nil }
}

/// Turns the negative numbers of libsystemd into errors.
@discardableResult
func check(_ result: Int32, _ call: @autoclosure () -> String) throws(SystemError) -> Int32 {
  guard result >= 0 else { throw SystemError(call: call(), errno: -result) }
  return result
}
