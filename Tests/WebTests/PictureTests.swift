import FlusterCore
import Testing

@testable import FlusterWeb

@Suite("pictures")
struct PictureTests {
  private func text(_ html: HTML) -> String { String(decoding: html.bytes, as: UTF8.self) }

  private func bar(
    _ lane: String, _ start: Int64, _ end: Int64?, state: String = "succeeded"
  ) -> TimeChart.Bar {
    TimeChart.Bar(
      lane: lane, start: start, end: end, state: state, title: "task \(lane)", path: "/job/1")
  }

  /// Each element that is opened is closed in its turn.
  private func isWellFormed(_ text: String) -> Bool {
    var open: [Substring] = []
    for match in text.matches(of: /<(\/?)([a-z]+)[^<>]*?(\/?)>/) {
      let (_, closes, name, isEmpty) = match.output
      if !isEmpty.isEmpty { continue }
      if closes.isEmpty { open.append(name) } else if open.popLast() != name { return false }
    }
    return open.isEmpty
  }

  @Test("a bar stands where its time is, and what goes on lasts until now")
  func places() {
    let chart = text(
      TimeChart([bar("1", 0, 5000), bar("2", 5000, nil, state: "running")], now: 10_000)
        .html("Tasks"))
    #expect(isWellFormed(chart))
    #expect(chart.contains(#"class="succeeded" x="0.00%" y="15" width="50.00%""#), "\(chart)")
    #expect(chart.contains(#"class="running" x="50.00%" y="41" width="50.00%""#), "\(chart)")
    #expect(!chart.contains("style="))
  }

  @Test("a bar of a moment can be seen, also at the end")
  func moments() {
    let chart = text(TimeChart([bar("1", 0, 10_000), bar("1", 10_000, 10_000)], now: 0).html("x"))
    #expect(chart.contains(#"x="99.40%" y="15" width="0.60%""#), "\(chart)")
    #expect(isWellFormed(text(TimeChart([bar("1", 7, 7)], now: 7).html("x"))))
    #expect(TimeChart([], now: 0).html("x").isEmpty)
  }

  @Test("a picture of very many tasks is bounded, and says what is missing")
  func bounds() {
    let bars = (0..<100_000).map { bar("\($0)", Int64($0), Int64($0) + 10) }
    let chart = text(TimeChart(bars, now: 0).html("Tasks"))
    #expect(chart.split(separator: "<rect").count - 1 == TimeChart.mostLanes)
    #expect(chart.contains("99960 more are not in the picture"))
    let same = (0..<100_000).map { bar("1", Int64($0), Int64($0) + 10) }
    let lane = text(TimeChart(same, now: 0).html("Tasks"))
    #expect(lane.split(separator: "<rect").count - 1 == TimeChart.mostBars)
  }

  @Test("what users wrote is text")
  func escaping() {
    let chart = text(
      TimeChart([bar("<script>\"", 0, 1)], now: 2).html("<b>"))
    #expect(!chart.contains("<script") && !chart.contains("<b>"), "\(chart)")
    #expect(isWellFormed(chart))
  }

  @Test("states share a bar by their counts")
  func states() {
    let bar = text(
      StateBar.html([(.pending, 1), (.running, 1), (.failed, 0), (.succeeded, 2)]))
    #expect(isWellFormed(bar))
    #expect(bar.contains(#"class="succeeded" x="50.00%" y="0" width="50.00%""#), "\(bar)")
    #expect(bar.contains("1 pending, 1 running, 2 succeeded") && !bar.contains("failed"))
    #expect(StateBar.html([(.pending, 0)]).isEmpty)
    #expect(isWellFormed(text(StateBar.html([(.pending, 1), (.succeeded, 999_999)]))))
  }

  @Test("waits are counted by their length")
  func waits() {
    #expect(WaitChart.counts([0, 999, 1000, 59_999, 60_000, .max - 1]) == [2, 1, 1, 1, 0, 0, 1])
    let chart = text(WaitChart.html([5, 5, 2000]))
    #expect(isWellFormed(chart))
    #expect(chart.contains(#"width="55.00%""#) && chart.contains(#"width="27.50%""#), "\(chart)")
    #expect(WaitChart.html([]).isEmpty)
  }
}
