import FlusterCore
import FlusterStore

extension Daemon {
  /// Old records are looked for at most this often, and only when something is written anyway: at
  /// rest nothing wakes up for it.
  private static let pruneInterval: Int64 = 3_600_000
  /// How long a client token is remembered.
  private static let tokenLife: Int64 = 24 * 3_600_000

  /// Has the store forget what ended long ago.
  func pruneIfDue() {
    let wall = now.wall.milliseconds
    guard abs(wall - lastPruned) >= Daemon.pruneInterval else { return }
    lastPruned = wall
    let (before, overflow) = wall.subtractingReportingOverflow(
      Int64(clamping: settings.keepEnded.milliseconds))
    storage.prune(
      FlusterStore.Pruning(
        endedBefore: overflow ? nil : WallTime(milliseconds: before),
        tokensBefore: WallTime(milliseconds: wall - Daemon.tokenLife)))
  }
}
