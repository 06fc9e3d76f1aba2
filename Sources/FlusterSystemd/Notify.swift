import CSystemd
import FlusterSystem

/// What a service tells systemd about itself. Without NOTIFY_SOCKET nothing happens. Any thread.
package enum Notify {
  /// Started, or reloaded, and serving.
  package static func ready(status: String) { send("READY=1\n\(line(status))") }

  /// One line for people, shown by `systemctl status`.
  package static func status(_ status: String) { send(line(status)) }

  /// Going down, by our own will or not.
  package static func stopping() { send("STOPPING=1") }

  /// Reading the configuration again; `ready` must follow.
  package static func reloading() {
    // The time is what Type=notify-reload asks for; older versions ignore it.
    send("RELOADING=1\nMONOTONIC_USEC=\(Clock.monotonicNanoseconds() / 1000)")
  }

  /// Not done with starting or stopping yet: asks for so much time from now.
  package static func extendTimeout(milliseconds: UInt64) {
    send("EXTEND_TIMEOUT_USEC=\(milliseconds * 1000)")
  }

  private static func line(_ status: String) -> String {
    // A line feed would begin another variable.
    "STATUS=" + status.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  private static func send(_ state: String) {
    // There is nobody to tell when it fails: the service manager is not listening.
    sd_notify(0, state)
  }
}
