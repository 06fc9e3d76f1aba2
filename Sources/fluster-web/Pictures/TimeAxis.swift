import FlusterClient
import FlusterCore

/// Time from left to right below a picture: lines at four moments, and what the clock said.
struct TimeAxis {
  /// Pixels below the picture.
  static let height = 22

  let from: Int64
  let until: Int64

  /// The lines and words below a picture so high.
  func html(below height: Int) -> HTML {
    (0..<4).map { step -> HTML in
      let x = Self.percent(Int64(step) * 2500)
      let time = from + (until - from) * Int64(step) / 4
      return """
        <line class="tick" x1="\(x)" x2="\(x)" y1="0" y2="\(height + 4)"/>
        <text x="\(x)" y="\(height + Self.height - 5)">\(word(time))</text>

        """
    }.joined()
  }

  /// A time of day, or where the picture is of days, the day with it.
  func word(_ time: Int64) -> String {
    let words = Timestamp.local(WallTime(milliseconds: time)).split(separator: " ")
    guard words.count >= 2 else { return words.joined() }
    let (day, clock) = (words[0].dropFirst(5), words[1])
    return switch until - from {
    case ...10_000: "\(clock).\(time % 1000 / 100)"
    case ...3_600_000: String(clock)
    case ...86_400_000: String(clock.prefix(5))
    default: "\(day) \(clock.prefix(5))"
    }
  }

  /// In hundredths of a percent of the width.
  func place(_ time: Int64) -> Int64 {
    min(10_000, max(0, Int64(Double(time - from) / Double(until - from) * 10_000)))
  }

  /// Of hundredths.
  static func percent(_ hundredths: Int64) -> String {
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)%"
  }
}
