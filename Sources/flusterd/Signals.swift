import FlusterSystem
import FlusterSystemd
import Glibc

/// The signals of flusterd(8): TERM and INT stop it, HUP makes it read its configuration again.
final class Signals {
  /// Set when there is something to stop.
  weak var daemon: Daemon?

  /// Takes the signals over from their dispositions, and has a peer that is gone, or a file that
  /// may not grow, be an error of one call instead of the end of the process.
  func watch(_ loop: EventLoop) throws(SystemError) {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    for number in [SIGTERM, SIGINT] {
      try loop.onSignal(number) { [self] in daemon?.stop() }
    }
    try loop.onSignal(SIGHUP) { [self] in daemon?.reload() }
  }
}
