import FlusterClient
import FlusterCore

/// A picture of what ran when: a lane for each row, bars in it, and time from left to right.
///
/// Positions along the time are percentages and everything else is in pixels, so that bars fill any
/// screen and words stay readable on a narrow one. Colours are those of the classes; whoever hears
/// the picture hears the titles, and who has no mouse walks over the links.
struct TimeChart {
  /// Something that took time.
  struct Bar {
    /// A lane is what is said to its left; bars that say the same share one.
    let lane: String
    let start: Int64
    /// Nil: it goes on.
    let end: Int64?
    /// The word of its state, which is its class.
    let state: String
    /// All there is to say of it.
    let title: String
    /// Where it leads.
    let path: String
  }

  /// More lanes and bars are not drawn; a picture of a million tasks would be none.
  static let mostLanes = 40
  static let mostBars = 400
  private static let laneHeight = 26
  /// The narrowest a bar is drawn, in hundredths of a percent, so that it can be seen and hit.
  private static let leastWidth: Int64 = 60

  private let bars: [Bar]
  private let lanes: [String: Int]
  private let axis: TimeAxis
  private let hidden: Int

  /// The picture of these bars; what goes on lasts until `now`, in milliseconds.
  init(_ bars: [Bar], now: Int64) {
    var lanes: [String: Int] = [:]
    var shown: [Bar] = []
    for bar in bars where shown.count < Self.mostBars {
      if lanes[bar.lane] == nil {
        guard lanes.count < Self.mostLanes else { continue }
        lanes[bar.lane] = lanes.count
      }
      shown.append(bar)
    }
    self.bars = shown
    self.lanes = lanes
    hidden = bars.count - shown.count
    let first = shown.map(\.start).min() ?? now
    let last = shown.map { $0.end ?? now }.max() ?? now
    // Not even all at one moment is drawn on no room at all.
    axis = TimeAxis(from: first, until: max(last, first + 1000))
  }

  /// It, under a name; nothing where there is nothing to draw.
  func html(_ name: String) -> HTML {
    guard !bars.isEmpty else { return "" }
    let height = lanes.count * Self.laneHeight
    let note: HTML =
      hidden > 0 ? "<p class=\"none\">\(hidden) more are not in the picture.</p>\n" : ""
    return """
      <div class="picture">
      <svg role="group" aria-label="\(name)" width="100%" \
      height="\(height + TimeAxis.height)">
      <title>\(name)</title>
      <desc>\(bars.count) bars from \(axis.word(axis.from)) to \(axis.word(axis.until))</desc>
      \(axis.html(below: height))\(names)\(marks)</svg>
      </div>
      \(note)
      """
  }

  private var names: HTML {
    lanes.sorted { $0.value < $1.value }.map { lane -> HTML in
      "<text x=\"0\" y=\"\(lane.value * Self.laneHeight + 12)\">\(lane.key)</text>\n"
    }.joined()
  }

  private var marks: HTML {
    bars.map { bar -> HTML in
      let y = (lanes[bar.lane] ?? 0) * Self.laneHeight + 15
      let left = axis.place(bar.start)
      let width = max(Self.leastWidth, axis.place(bar.end ?? axis.until) - left)
      let x = min(left, 10_000 - Self.leastWidth)
      return """
        <a href="\(bar.path)" aria-label="\(bar.title)"><rect class="\(bar.state)" \
        x="\(TimeAxis.percent(x))" y="\(y)" width="\(TimeAxis.percent(width))" height="9" rx="2">\
        <title>\(bar.title)</title></rect></a>

        """
    }.joined()
  }
}
