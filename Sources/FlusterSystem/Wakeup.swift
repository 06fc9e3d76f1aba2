import CFluster
import Glibc

/// An eventfd: lets any thread wake the one whose loop watches `descriptor`.
package final class Wakeup: Sendable {
  /// Readable from a `signal` until the next `drain`.
  package let descriptor: Descriptor

  /// A wakeup that nobody has signalled yet.
  package init() throws(SystemError) {
    let raw = fl_eventfd()
    guard raw >= 0 else { throw SystemError.last("make an eventfd") }
    descriptor = Descriptor(adopting: raw)
  }

  /// Wakes the watcher. From any thread; signals before a drain add up to one.
  package func signal() {
    var one: UInt64 = 1
    // Fails only when the counter is full, and then the watcher is awake anyway.
    _ = uninterrupted { write(descriptor.raw, &one, 8) }
  }

  /// Takes back all signals so far; to be called by the watcher before it looks for its work.
  package func drain() {
    var count: UInt64 = 0
    _ = uninterrupted { read(descriptor.raw, &count, 8) }
  }
}
