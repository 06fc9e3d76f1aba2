import FlusterClient
import FlusterCore

/// How many tasks are in which state, as parts of one bar.
enum StateBar {
  /// The bar; nothing where there is nothing to count.
  static func html(_ counts: [(state: TaskState, count: UInt64)]) -> HTML {
    let all = counts.reduce(0) { $0 + $1.count }
    guard all > 0 else { return "" }
    let shown = counts.filter { $0.count > 0 }
    let words = shown.map { "\($0.count) \($0.state.word)" }.joined(separator: ", ")
    var left: UInt64 = 0
    let parts = shown.map { part -> HTML in
      defer { left += part.count }
      let x = Int64(Double(left) / Double(all) * 10_000)
      let end = Int64(Double(left + part.count) / Double(all) * 10_000)
      return """
        <rect class="\(part.state.word)" x="\(TimeAxis.percent(x))" y="0" \
        width="\(TimeAxis.percent(end - x))" height="12"><title>\(part.count) \
        \(part.state.word)</title></rect>

        """
    }
    return """
      <div class="picture">
      <svg role="img" aria-label="\(words)" width="100%" height="12">
      <title>\(words)</title>
      \(parts.joined())</svg>
      </div>

      """
  }
}
