import FlusterCore
import FlusterSystemd

extension Daemon {
  /// The line is told again so many nanoseconds after something may have changed it.
  private static let statusPause: Int64 = 1_000_000_000

  /// Says that clients are served, and how things stand.
  func showReady() {
    shownStatus = statusLine
    Notify.ready(status: shownStatus)
  }

  /// Says how things stand.
  func showStatus() {
    shownStatus = statusLine
    Notify.status(shownStatus)
  }

  /// Has the line looked at again in a while, because a turn has passed.
  func scheduleStatus() {
    guard !isStatusDue else { return }
    isStatusDue = true
    statusTimer?.set(at: now.monotonic.nanoseconds + Daemon.statusPause)
  }

  /// Tells the line if it has changed.
  func refreshStatus() {
    isStatusDue = false
    if statusLine != shownStatus { showStatus() }
  }

  /// The line that `systemctl status` shows.
  var statusLine: String {
    if let trouble { return "Accepting no work: \(trouble.refusal.message)" }
    let state = controller.state
    return "\(state.jobs.count) unfinished jobs, \(state.attempts.count) tasks with a worker, "
      + "\(state.links.count) workers"
  }
}
