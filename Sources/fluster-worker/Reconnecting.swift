import FlusterSystem
import FlusterSystemd

/// When to try again to reach a socket that is not there: after pauses that grow from 50 ms to 2 s.
/// No timer is set while a connection stands.
final class Reconnecting {
  private static let first: Int64 = 50_000_000
  private static let most: Int64 = 2_000_000_000
  /// A connection that stood so long was a good one: the next try may come soon.
  private static let good: Int64 = 5_000_000_000

  private var pause = Reconnecting.first
  private var connected: Int64?
  private let timer: Timer

  /// Calls `attempt` when it is time.
  init(_ loop: EventLoop, _ attempt: @escaping () -> Void) throws(SystemError) {
    timer = try loop.timer(attempt)
  }

  /// The connection stands.
  func succeeded(at now: Int64) {
    connected = now
    timer.disarm()
  }

  /// There is no connection, or no more: tries again later.
  func failed(at now: Int64) {
    if let connected, now - connected > Self.good { pause = Self.first }
    connected = nil
    timer.set(at: now + pause)
    pause = min(pause * 2, Self.most)
  }

  /// Tries as soon as the loop turns.
  func hurry(at now: Int64) {
    pause = Self.first
    timer.set(at: now)
  }

  /// Tries no more until told to.
  func rest() { timer.disarm() }
}
