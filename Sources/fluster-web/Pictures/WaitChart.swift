import FlusterClient
import FlusterCore
import FlusterProtocol

/// For how long jobs waited before they started: how many by the length of the wait.
enum WaitChart {
  private static let rowHeight = 22

  /// What the classes are called.
  static func words(_ waits: [WireHistoryWait]) -> [String] {
    var words: [String] = []
    var last: String?
    for wait in waits {
      let end = Quantity.text(milliseconds: wait.belowMs)
      switch (last, wait.hasBelowMs) {
      case (nil, _): words.append("below \(end)")
      case (let last?, true): words.append("\(last)–\(end)")
      case (let last?, false): words.append("\(last) and more")
      }
      last = end
    }
    return words
  }

  /// The picture, from the first class that somebody was in to the last; nothing where nobody has
  /// waited.
  static func html(_ waits: [WireHistoryWait]) -> HTML {
    let all = waits.reduce(0) { $0 + $1.jobs }
    guard all > 0, let first = waits.firstIndex(where: { $0.jobs > 0 }),
      let last = waits.lastIndex(where: { $0.jobs > 0 }), let most = waits.map(\.jobs).max()
    else { return "" }
    let words = words(waits)
    let rows = (first...last).map { place -> HTML in
      let y = (place - first) * rowHeight
      let jobs = waits[place].jobs
      let width = Int64(Double(jobs) / Double(most) * 5500)
      return """
        <text x="0" y="\(y + 15)">\(words[place])</text>
        <rect class="running" x="32%" y="\(y + 5)" width="\(TimeAxis.percent(width))" \
        height="12" rx="2"><title>\(jobs) jobs waited \(words[place])</title></rect>
        <text x="\(TimeAxis.percent(3300 + width))" y="\(y + 15)">\(jobs)</text>

        """
    }
    let told = (first...last).filter { waits[$0].jobs > 0 }
      .map { "\(waits[$0].jobs) \(words[$0])" }.joined(separator: ", ")
    return """
      <div class="picture waits">
      <svg role="img" aria-label="Waits of \(all) jobs: \(told)" width="100%" \
      height="\(rows.count * rowHeight)">
      <title>For how long \(all) jobs waited before they started</title>
      <desc>\(told)</desc>
      \(rows.joined())</svg>
      </div>

      """
  }
}
