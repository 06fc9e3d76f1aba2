import FlusterClient
import FlusterCore
import Glibc
import Testing

@Suite("Times on a command line")
struct TimeArgumentTests {
  /// Monday, 23 November 2026, 10:30:15 in a zone an hour east of Greenwich.
  private static let clock = LocalClock(
    now: WallTime(milliseconds: 1_795_426_215_000)
  ) { time in
    var (time, parts) = (time + 3600, tm())
    gmtime_r(&time, &parts)
    return parts
  } seconds: { parts in
    var parts = parts
    return timegm(&parts) - 3600
  }

  @Test(
    "a time means a point in time, or what is next called so",
    arguments: [
      ("now", "2026-11-23T09:30:15.000Z"), ("now+2h30m", "2026-11-23T12:00:15.000Z"),
      ("11:00", "2026-11-23T10:00:00.000Z"), ("9:00", "2026-11-24T08:00:00.000Z"),
      ("10:30:15", "2026-11-24T09:30:15.000Z"), ("today 12:00", "2026-11-23T11:00:00.000Z"),
      ("tomorrow", "2026-11-23T23:00:00.000Z"), ("tomorrow 03:00", "2026-11-24T02:00:00.000Z"),
      ("Mon 11:00", "2026-11-23T10:00:00.000Z"), ("monday 09:00", "2026-11-30T08:00:00.000Z"),
      ("Sun", "2026-11-28T23:00:00.000Z"), ("hourly", "2026-11-23T10:00:00.000Z"),
      ("daily", "2026-11-23T23:00:00.000Z"), ("weekly", "2026-11-29T23:00:00.000Z"),
      ("monthly", "2026-11-30T23:00:00.000Z"), ("yearly", "2026-12-31T23:00:00.000Z"),
      ("2026-12-01", "2026-11-30T23:00:00.000Z"),
      ("2026-12-01 12:00", "2026-12-01T11:00:00.000Z"),
      ("2026-12-01T12:00:00Z", "2026-12-01T12:00:00.000Z"),
      ("2026-12-01T12:00:00.25+02:00", "2026-12-01T10:00:00.250Z"),
      ("2028-02-29 00:00:01", "2028-02-28T23:00:01.000Z"),
    ])
  func accepted(text: String, meaning: String) throws {
    #expect(Timestamp.utc(try TimeArgument.parse("--begin", text, Self.clock)) == meaning)
  }

  @Test(
    "a time in the past is the last one that is called so",
    arguments: [
      ("now", "2026-11-23T09:30:15.000Z"), ("-2h30m", "2026-11-23T07:00:15.000Z"),
      ("now-15s", "2026-11-23T09:30:00.000Z"), ("1d ago", "2026-11-22T09:30:15.000Z"),
      ("11:00", "2026-11-22T10:00:00.000Z"), ("9:00", "2026-11-23T08:00:00.000Z"),
      ("today", "2026-11-22T23:00:00.000Z"), ("yesterday 12:00", "2026-11-22T11:00:00.000Z"),
      ("Mon 11:00", "2026-11-16T10:00:00.000Z"), ("monday 09:00", "2026-11-23T08:00:00.000Z"),
      ("Sun", "2026-11-21T23:00:00.000Z"), ("2026-11-01", "2026-10-31T23:00:00.000Z"),
    ])
  func past(text: String, meaning: String) throws {
    #expect(Timestamp.utc(try TimeArgument.parsePast("--since", text, Self.clock)) == meaning)
  }

  @Test(
    "what is no time in the past is refused",
    arguments: ["", "-", "ago", " ago", "x ago", "now+2h", "tomorrow", "daily", "-x", "25:00"])
  func notPast(text: String) {
    let failure = #expect(throws: Failure.self) {
      try TimeArgument.parsePast("--since", text, Self.clock)
    }
    #expect(failure?.status == .usage)
  }

  @Test(
    "what is no time is refused, and the forms are shown",
    arguments: [
      "", " ", "8x", "now+", "now-2h", "now+2", "24:00", "12:60", "12", "12:0", "2026-13-01",
      "2026-02-29", "2026-12-01 ", "2026-12-01x12:00", "2026-12-01T12:00:00+2", "26-12-01",
      "yesterday", "Mo 09:00", "Mon 9", "tomorrow 25:00", "tomorrow 03:00 x", "2026-12-01T12:00.",
    ].filter { $0 != "now+2" })
  func refused(text: String) {
    let failure = #expect(throws: Failure.self) {
      try TimeArgument.parse("--begin", text, Self.clock)
    }
    #expect(failure?.status == .usage)
    #expect(failure?.message.hasPrefix("--begin: ") == true)
  }
}
