package import FlusterCore
import Glibc

/// Times as people and programs read them.
package enum Timestamp {
  /// `2026-11-22T15:28:11.042Z`: RFC 3339, UTC, milliseconds.
  package static func utc(_ time: WallTime) -> String {
    let (seconds, milliseconds) = split(time)
    var moment = time_t(seconds)
    var parts = tm()
    guard gmtime_r(&moment, &parts) != nil else { return "\(seconds)" }
    return date(parts) + "T" + clock(parts) + "." + padded(milliseconds, 3) + "Z"
  }

  /// `2026-11-22 15:28:11`, in the zone of whoever looks.
  package static func local(_ time: WallTime) -> String {
    var moment = time_t(split(time).seconds)
    var parts = tm()
    guard localtime_r(&moment, &parts) != nil else { return "\(moment)" }
    return date(parts) + " " + clock(parts)
  }

  private static func split(_ time: WallTime) -> (seconds: Int64, milliseconds: Int64) {
    let milliseconds = time.milliseconds % 1000
    let seconds = time.milliseconds / 1000
    return milliseconds < 0 ? (seconds - 1, milliseconds + 1000) : (seconds, milliseconds)
  }

  private static func date(_ parts: tm) -> String {
    [
      padded(Int64(parts.tm_year) + 1900, 4), padded(Int64(parts.tm_mon) + 1, 2),
      padded(Int64(parts.tm_mday), 2),
    ].joined(separator: "-")
  }

  private static func clock(_ parts: tm) -> String {
    [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int64($0), 2) }
      .joined(separator: ":")
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
