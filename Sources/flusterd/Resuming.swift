import FlusterCore
import FlusterSystem
import FlusterSystemd

extension Daemon {
  /// From now on goes on with what is held back for peers that have too much unread, whenever one
  /// of them has caught up: nothing else may happen for a long time.
  func resumeWhenRead() throws(SystemError) {
    let source = try loop.deferred(priority: Daemon.late) { [unowned self] in resume() }
    clients.caughtUp = { source.schedule() }
  }

  private func resume() {
    let held = waits.waiters.filter { $0.value.hasBegun && !$0.value.rows.isEmpty }
    for id in held.keys.sorted(by: { $0.number < $1.number }) { sendEndings(to: id) }
    feedFollowers()
    if hasRunnableListing { turnSource?.schedule() }
    sendWaiting()
    clients.flush()
  }
}
