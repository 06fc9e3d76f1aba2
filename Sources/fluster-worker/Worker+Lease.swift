import FlusterCore
import FlusterSystem

/// The lease between the clocks: the agent counts on CLOCK_MONOTONIC, and the shim, to which it
/// does not matter whether the machine was suspended, on CLOCK_BOOTTIME.
extension Worker {
  /// The controller was there, at some time after `link` was last found empty.
  func contact(by link: ControllerLink) {
    guard settings.lease != nil || agent.hasLease else { return }
    step(.contact(at: monotonic(ofBoot: link.emptied)))
  }

  /// What the shim says of the lease.
  func take(lease end: Int64?) {
    step(.leased(until: end.map { monotonic(ofBoot: $0 - Self.grace) }))
  }

  /// What the agent wants it to know.
  func tell(lease end: Instant?) {
    let offset = Clock.bootNanoseconds() - Clock.monotonicNanoseconds()
    shim?.send(.lease(end: end.map { $0.nanoseconds + offset + Self.grace }))
  }

  private func monotonic(ofBoot nanoseconds: Int64) -> Instant {
    let offset = Clock.bootNanoseconds() - Clock.monotonicNanoseconds()
    return Instant(nanoseconds: nanoseconds - offset)
  }

  private static let grace = Int64(Agent.leaseGrace.milliseconds) * 1_000_000
}
