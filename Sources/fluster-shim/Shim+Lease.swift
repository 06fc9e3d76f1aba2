import CFluster
import FlusterSystem
import FlusterSystemd
import Logging

/// The lease of a worker on another machine than the controller's. It is the worker that hears of
/// the controller, but a worker may die, or stand still, and its jobs must end all the same: the
/// controller counts on it, and starts them elsewhere.
extension Shim {
  /// Takes the worker's word for how long everything may go on.
  func lease(until end: Int64?) {
    leaseEnd = end
    guard let end else { leaseTimer?.disarm(); return }
    leaseTimer?.set(at: end)
  }

  /// Whether nothing may run any more.
  var leaseIsOver: Bool { leaseEnd.map { $0 <= Clock.bootNanoseconds() } ?? false }

  /// Ends everything. The process that hears of the controller has not been heard itself.
  func lapse() {
    guard leaseIsOver else { return }
    let open = attempts.values.filter { !$0.isOver }
    guard !open.isEmpty else { return }
    logger.warning("the worker's lease is over: \(open.count) attempts are ended")
    for attempt in open {
      if attempt.death == nil, attempt.sweep == nil {
        attempts[attempt.uid]?.isLost = true
        attempts[attempt.uid]?.isLapsed = true
      }
      end(attempt.uid)
    }
  }
}
