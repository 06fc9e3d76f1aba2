import CSystemd
import FlusterSystem
import Glibc

/// What a watch is to report.
package struct Interest: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32

  /// Bits as epoll defines them.
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let readable = Interest(rawValue: EPOLLIN.rawValue)
  package static let writable = Interest(rawValue: EPOLLOUT.rawValue)
}

/// What a watch reports.
package struct Readiness: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32

  /// Bits as epoll defines them.
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let readable = Readiness(rawValue: EPOLLIN.rawValue)
  package static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
  /// The other end is gone altogether; comes whether asked for or not.
  package static let hangUp = Readiness(rawValue: EPOLLHUP.rawValue)
  /// The descriptor has an error; comes whether asked for or not.
  package static let failed = Readiness(rawValue: EPOLLERR.rawValue)
}

/// A descriptor under watch.
package final class Source: Registration {
  private let descriptor: Descriptor
  private var handler: ((Readiness) -> Void)?

  /// What is reported. With nothing in it the watch is deaf, to a hang-up too.
  package var interest: Interest {
    didSet {
      guard let pointer, interest != oldValue else { return }
      if interest.isEmpty {
        enable(Int32(SD_EVENT_OFF))
      } else {
        let result = sd_event_source_set_io_events(pointer, interest.rawValue)
        precondition(result >= 0, "the interest of an open descriptor can be changed")
        enable(Int32(SD_EVENT_ON))
      }
    }
  }

  init(
    loop: EventLoop, descriptor: Descriptor, interest: Interest,
    handler: @escaping (Readiness) -> Void
  ) {
    self.descriptor = descriptor
    self.interest = interest
    self.handler = handler
    super.init(loop: loop)
  }

  override func make(
    _ event: OpaquePointer, _ pointer: inout OpaquePointer?, _ userdata: UnsafeMutableRawPointer
  ) -> Int32 {
    let callback: sd_event_io_handler_t = { _, _, events, userdata in
      let source = Source.of(userdata)
      source.handler?(Readiness(rawValue: events))
      return 0
    }
    let result = sd_event_add_io(
      event, &pointer, descriptor.raw, interest.rawValue, callback, userdata)
    guard result >= 0, interest.isEmpty else { return result }
    return sd_event_source_set_enabled(pointer, Int32(SD_EVENT_OFF))
  }

  override func forget() { handler = nil }
}
