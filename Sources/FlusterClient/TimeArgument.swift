package import FlusterCore
import FlusterSystem
package import Glibc

/// What time it is, and what times are called where the command runs.
package struct LocalClock: Sendable {
  package let now: WallTime
  private let parts: @Sendable (time_t) -> tm
  private let seconds: @Sendable (tm) -> time_t

  /// The clock of this process, in the zone of its user.
  package static var current: LocalClock {
    LocalClock(now: WallTime(milliseconds: Clock.wallMilliseconds())) { time in
      var (time, parts) = (time, tm())
      localtime_r(&time, &parts)
      return parts
    } seconds: { parts in
      var parts = parts
      parts.tm_isdst = -1
      return mktime(&parts)
    }
  }

  /// A clock that stands still, in a zone that these two functions make of seconds and back; they
  /// take numbers beyond their bounds, such as the 32nd day.
  package init(
    now: WallTime, parts: @escaping @Sendable (time_t) -> tm,
    seconds: @escaping @Sendable (tm) -> time_t
  ) {
    self.now = now
    self.parts = parts
    self.seconds = seconds
  }

  /// The day that it is, with the time as it is.
  var today: tm { parts(time_t(now.milliseconds / 1000)) }

  /// The time of these parts.
  func time(_ parts: tm) -> WallTime { WallTime(milliseconds: Int64(seconds(parts)) * 1000) }
}

/// Times on a command line, read strictly: a point in time, or what is next called so.
package enum TimeArgument {
  /// Shown with whatever is refused.
  package static let forms =
    "write, for example, now+2h, 03:00, tomorrow 03:00, Mon 09:00, 2026-12-01 12:00, or "
    + "2026-12-01T12:00:00Z"

  /// Shown with whatever is refused as a time that has passed.
  package static let pastForms =
    "write, for example, -2h, 2h ago, 03:00, yesterday 03:00, Mon 09:00, 2026-12-01 12:00, or "
    + "2026-12-01T12:00:00Z"

  /// The time in the past that `text` means: of what comes again and again, the last one. Usage,
  /// naming the option, for what means none.
  package static func parsePast(
    _ option: String, _ text: String, _ clock: LocalClock
  ) throws(Failure) -> WallTime {
    for (prefix, suffix) in [("now-", ""), ("-", ""), ("", " ago")]
    where text.hasPrefix(prefix) && text.hasSuffix(suffix) {
      let span = text.dropFirst(prefix.count).dropLast(suffix.count)
      let milliseconds = try QuantityArgument.span(option, String(span)).milliseconds
      return WallTime(
        milliseconds: max(0, clock.now.milliseconds - Int64(clamping: milliseconds)))
    }
    if text == "now" { return clock.now }
    guard let time = stamp(text, clock) ?? word(text, clock, .back) else {
      throw .usage("\(option): \"\(text)\" is no time", wayOut: pastForms)
    }
    return time
  }

  /// Which one is meant of the times that have the same name.
  private enum Direction {
    case ahead
    case back
  }

  /// The time that `text` means; usage, naming the option, for what means none.
  package static func parse(
    _ option: String, _ text: String, _ clock: LocalClock
  ) throws(Failure) -> WallTime {
    if text == "now" { return clock.now }
    if text.hasPrefix("now+") {
      return clock.now + (try QuantityArgument.span(option, String(text.dropFirst(4))))
    }
    guard let time = stamp(text, clock) ?? word(text, clock, .ahead) else {
      throw .usage("\(option): \"\(text)\" is no time", wayOut: forms)
    }
    return time
  }

  /// `2026-12-01`, with a time of day after a blank or a T, and an offset after that.
  private static func stamp(_ text: String, _ clock: LocalClock) -> WallTime? {
    let date = text.prefix(10).split(separator: "-", omittingEmptySubsequences: false)
    guard date.map(\.count) == [4, 2, 2], let year = number(date[0]), year >= 1970,
      let month = number(date[1]), (1...12).contains(month), let day = number(date[2]), day >= 1
    else { return nil }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, month - 1, day)
    var check = parts
    _ = timegm(&check)
    // The 31st of a shorter month is the 1st of the next.
    guard check.tm_mday == day else { return nil }
    var rest = text.dropFirst(10)
    guard let sign = rest.popFirst() else { return clock.time(parts) }
    guard "Tt ".contains(sign) else { return nil }
    let zone = rest.firstIndex { "Zz+-".contains($0) }.map { rest[$0...] }
    if let zone { rest = rest[..<zone.startIndex] }
    let halves = rest.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(halves.count), set(halves[0], in: &parts) else { return nil }
    var thousandths: Int64 = 0
    if halves.count == 2 {
      guard halves[1].count <= 9, SelectorArgument.isNumber(halves[1]) else { return nil }
      thousandths = Int64("\(halves[1])000".prefix(3)) ?? 0
    }
    guard let zone else {
      return WallTime(milliseconds: clock.time(parts).milliseconds + thousandths)
    }
    guard let offset = offset(zone) else { return nil }
    return WallTime(milliseconds: Int64(timegm(&parts)) * 1000 + thousandths - offset)
  }

  /// Milliseconds east of Greenwich, from `Z` or `+02:00`.
  private static func offset(_ zone: Substring) -> Int64? {
    if zone == "Z" || zone == "z" { return 0 }
    var parts = tm()
    guard zone.count == 6, set(zone.dropFirst(), in: &parts) else { return nil }
    let minutes = Int64(parts.tm_hour) * 60 + Int64(parts.tm_min)
    return minutes * (zone.hasPrefix("-") ? -60_000 : 60_000)
  }

  private static func number(_ digits: Substring) -> Int32? {
    SelectorArgument.isNumber(digits) ? Int32(digits) : nil
  }

  /// A time of day, a day with or without one, or a word of systemd.time(7).
  private static func word(
    _ text: String, _ clock: LocalClock, _ direction: Direction
  ) -> WallTime? {
    var parts = clock.today
    let words = text.split(separator: " ").map { $0.lowercased() }
    guard (1...2).contains(words.count) else { return nil }
    if words.count == 1, set(words[0][...], in: &parts) {
      return nearest(parts, clock, direction, days: 1)
    }
    (parts.tm_hour, parts.tm_min, parts.tm_sec) = (0, 0, 0)
    if words.count == 1, direction == .ahead, let time = regular(words[0], clock) { return time }
    if words.count == 2 { guard set(words[1][...], in: &parts) else { return nil } }
    switch words[0] {
    case "today": return clock.time(parts)
    case "tomorrow" where direction == .ahead:
      parts.tm_mday += 1
      return clock.time(parts)
    case "yesterday" where direction == .back:
      parts.tm_mday -= 1
      return clock.time(parts)
    case let name:
      let days = [
        "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
      ]
      guard let day = days.firstIndex(where: { $0 == name || $0.prefix(3) == name }) else {
        return nil
      }
      parts.tm_mday += (Int32(day) - parts.tm_wday + 7) % 7
      return nearest(parts, clock, direction, days: 7)
    }
  }

  /// The next full hour, day, week, month or year.
  private static func regular(_ word: String, _ clock: LocalClock) -> WallTime? {
    var parts = clock.today
    parts.tm_sec = 0
    if word == "minutely" {
      parts.tm_min += 1
      return clock.time(parts)
    }
    parts.tm_min = 0
    if word == "hourly" {
      parts.tm_hour += 1
      return clock.time(parts)
    }
    parts.tm_hour = 0
    switch word {
    case "daily": parts.tm_mday += 1
    case "weekly": parts.tm_mday += (8 - parts.tm_wday) % 7 == 0 ? 7 : (8 - parts.tm_wday) % 7
    case "monthly": (parts.tm_mday, parts.tm_mon) = (1, parts.tm_mon + 1)
    case "yearly", "annually": (parts.tm_mday, parts.tm_mon, parts.tm_year) = (1, 12, parts.tm_year)
    case _: return nil
    }
    return clock.time(parts)
  }

  /// The time, or what comes so many days after or before it if it is on the wrong side of now.
  private static func nearest(
    _ parts: tm, _ clock: LocalClock, _ direction: Direction, days: Int32
  ) -> WallTime {
    let time = clock.time(parts)
    guard (time > clock.now) != (direction == .ahead) else { return time }
    var parts = parts
    parts.tm_mday += direction == .ahead ? days : -days
    return clock.time(parts)
  }

  /// Sets the time of day from `03:00` or `03:00:30`.
  private static func set(_ text: Substring, in parts: inout tm) -> Bool {
    let fields = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(fields.count), (1...2).contains(fields[0].count),
      fields.dropFirst().allSatisfy({ $0.count == 2 })
    else { return false }
    let numbers = fields.compactMap(number)
    guard numbers.count == fields.count, numbers[0] < 24,
      numbers.dropFirst().allSatisfy({ $0 < 60 })
    else { return false }
    parts.tm_hour = numbers[0]
    parts.tm_min = numbers[1]
    parts.tm_sec = numbers.count == 3 ? numbers[2] : 0
    return true
  }
}
