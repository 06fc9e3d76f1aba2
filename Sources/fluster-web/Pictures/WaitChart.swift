import FlusterClient
import FlusterCore

/// For how long jobs waited before they started: how many by the length of the wait.
enum WaitChart {
  /// The first length that is too long for a class, in milliseconds, and what the class is called.
  private static let classes: [(below: Int64, word: String)] = [
    (1000, "below 1 s"), (10_000, "1–10 s"), (60_000, "10–60 s"), (600_000, "1–10 min"),
    (3_600_000, "10–60 min"), (36_000_000, "1–10 h"), (.max, "10 h and more"),
  ]
  private static let rowHeight = 22

  /// How many of these waits, in milliseconds, are of each class.
  static func counts(_ waits: [Int64]) -> [Int] {
    var counts = classes.map { _ in 0 }
    for wait in waits {
      if let place = classes.firstIndex(where: { wait < $0.below }) { counts[place] += 1 }
    }
    return counts
  }

  /// The picture; nothing where nobody has waited.
  static func html(_ waits: [Int64]) -> HTML {
    let counts = counts(waits)
    guard let most = counts.max(), most > 0 else { return "" }
    let rows = classes.indices.map { place -> HTML in
      let y = place * rowHeight
      let width = Int64(counts[place]) * 5500 / Int64(most)
      return """
        <text x="0" y="\(y + 15)">\(classes[place].word)</text>
        <rect class="running" x="32%" y="\(y + 5)" width="\(TimeChart.percent(width))" \
        height="12" rx="2"><title>\(counts[place]) jobs waited \(classes[place].word)</title></rect>
        <text x="\(TimeChart.percent(3300 + width))" y="\(y + 15)">\(counts[place])</text>

        """
    }
    return """
      <div class="picture">
      <svg role="img" aria-label="Waits of \(waits.count) jobs" width="100%" \
      height="\(classes.count * rowHeight)">
      <title>For how long \(waits.count) jobs waited before they started</title>
      \(rows.joined())</svg>
      </div>

      """
  }
}
