/// A picture of how much of something there was in each part of a stretch of time: bars side by
/// side, and time from left to right.
///
/// Whoever hears it hears its words, and the same is there as a table, a row for some parts. From
/// left to right all is in percent of the width, so that it fits any screen.
struct TimeBars {
  /// What stands on each other in one bar.
  struct Layer {
    let value: Double
    /// The word of a state, which is its class.
    let state: String
  }

  /// One part of the time.
  struct Bar {
    let layers: [Layer]
    /// All there is to say of it, without when.
    let title: String

    fileprivate var sum: Double { layers.reduce(0) { $0 + $1.value } }
  }

  private static let height = 96
  /// Room for the word at the top.
  private static let top = 18
  private static let mostRows = 32

  private let bars: [Bar]
  private let from: Int64
  private let width: Int64
  private let most: Double
  private let mark: String

  /// Bars of parts of `width` milliseconds. The picture ends at the top with `most`, or with the
  /// highest bar if that is higher; `mark` says how much that is.
  init(
    _ bars: [Bar], from: Int64, width: Int64, most: Double = 0, mark: (_ top: Double) -> String
  ) {
    self.bars = bars
    self.from = from
    self.width = width
    self.most = max(most, bars.map(\.sum).max() ?? 0)
    self.mark = mark(self.most)
  }

  private var axis: TimeAxis { TimeAxis(from: from, until: from + width * Int64(bars.count)) }

  /// It, under a name, with a sentence about it; nothing where there is nothing to draw.
  func html(_ name: String, _ words: String) -> HTML {
    guard most > 0, !bars.isEmpty else { return "" }
    let bottom = Self.top + Self.height
    return """
      <figure class="picture">
      <figcaption>\(name) <span class="none">\(words)</span></figcaption>
      <svg role="img" aria-label="\(name): \(words)" width="100%" \
      height="\(bottom + TimeAxis.height)">
      <title>\(name)</title>
      <desc>\(words)</desc>
      \(axis.html(below: bottom))\(marks)<line class="tick" x1="0" x2="100%" y1="\(Self.top)" \
      y2="\(Self.top)"/>
      <line class="tick" x1="0" x2="100%" y1="\(bottom)" y2="\(bottom)"/>
      <text class="mark" x="4" y="12">\(mark)</text>
      </svg>
      <details><summary>As a table</summary>
      \(table(name))</details>
      </figure>

      """
  }

  private var marks: HTML {
    bars.indices.map { place -> HTML in
      let left = Int64(place) * 10_000 / Int64(bars.count)
      let right = Int64(place + 1) * 10_000 / Int64(bars.count)
      let time = axis.word(from + width * Int64(place))
      let x = TimeAxis.percent(left)
      return """
        <g><title>\(time): \(bars[place].title)</title><rect class="hit" x="\(x)" \
        y="\(Self.top)" width="\(TimeAxis.percent(right - left))" height="\(Self.height)"/>\
        \(layers(of: bars[place], x, TimeAxis.percent((right - left) * 17 / 20)))</g>

        """
    }.joined()
  }

  private func layers(of bar: Bar, _ x: String, _ width: String) -> HTML {
    var y = Double(Self.top + Self.height)
    return bar.layers.filter { $0.value > 0 }.map { layer -> HTML in
      // What there is can be seen, however little it is.
      let height = max(1, layer.value / most * Double(Self.height))
      y -= height
      return """
        <rect class="\(layer.state)" x="\(x)" y="\(Self.pixels(y))" width="\(width)" \
        height="\(Self.pixels(height))"/>
        """
    }.joined()
  }

  /// With a tenth.
  private static func pixels(_ length: Double) -> String {
    let tenths = Int64((length * 10).rounded())
    return "\(tenths / 10).\(abs(tenths % 10))"
  }

  /// Of parts in which there was nothing, none; of others, so many that all are told.
  private func table(_ name: String) -> HTML {
    var grid = Grid(name, empty: "", [Grid.Column("From"), Grid.Column(name, isWide: true)])
    let shown = bars.indices.filter { bars[$0].sum > 0 }
    let step = max(1, (shown.count + Self.mostRows - 1) / Self.mostRows)
    for (number, place) in shown.enumerated() where number % step == 0 {
      grid.add([.time(from + width * Int64(place)), "\(bars[place].title)"])
    }
    return grid.html
  }
}
