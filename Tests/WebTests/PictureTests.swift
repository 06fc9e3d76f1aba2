import FlusterCore
import FlusterProtocol
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

  private func waits(_ jobs: [UInt64]) -> [WireHistoryWait] {
    zip([100, 1000, 60_000, nil] as [UInt64?], jobs).map { below, jobs in
      var wait = WireHistoryWait()
      if let below { wait.belowMs = below }
      wait.jobs = jobs
      return wait
    }
  }

  @Test("waits are shown by their length, from the shortest there was to the longest")
  func waits() {
    #expect(
      WaitChart.words(waits([0, 0, 0, 0]))
        == ["below 100ms", "100ms–1s", "1s–1m", "1m and more"])
    let chart = text(WaitChart.html(waits([0, 2, 0, 1])))
    #expect(isWellFormed(chart))
    #expect(chart.contains(#"width="55.00%""#) && chart.contains(#"width="27.50%""#), "\(chart)")
    #expect(!chart.contains("below 100ms") && chart.contains("Waits of 3 jobs"))
    #expect(WaitChart.html(waits([0, 0, 0, 0])).isEmpty)
  }

  @Test("what was in use stands against what there is, and is there as words, too")
  func use() {
    var history = WireHistory()
    history.parts = [0, 2000, 4000, 250].map { cpuSeconds in
      var part = WireHistoryPart()
      part.cpuMs = UInt64(cpuSeconds)
      return part
    }
    var worker = WireWorkerRow()
    worker.capacity.cpuMillis = 8000
    let past = Past(from: 1_000_000, width: 1000, count: 4)
    func use(_ history: WireHistory) -> String {
      let now = WallTime(milliseconds: 1_003_250)
      return text(UsePictures(past: past, history: history, now: now, workers: [worker]).html)
    }
    let shown = use(history)
    #expect(isWellFormed(shown), "\(shown)")
    // Half of the height at the most; the last part has only begun.
    #expect(shown.contains(#"x="50.00%" y="66.0" width="21.25%" height="48.0""#), "\(shown)")
    #expect(shown.contains(#"x="75.00%" y="102.0" width="21.25%" height="12.0""#), "\(shown)")
    #expect(shown.contains("CPUs in use: 1.92 on average, 4 at most; workers have 8"))
    #expect(shown.count(of: "<td class=\"wide\">") == 3 && !shown.contains("Memory"))
    history.parts[0].cpuMs = 16_000
    #expect(use(history).contains(#"x="0.00%" y="18.0" width="21.25%" height="96.0""#))
  }

  @Test("of a job of many tasks is shown how many ran at once, and how they ended")
  func tasks() {
    var history = WireHistory()
    history.parts = (0..<4).map { place in
      var part = WireHistoryPart()
      part.attemptMs = [500, 3000, 1000, 0][place]
      part.started = 1
      if place == 2 {
        let ended: [(WireState, UInt32)] = [(.succeeded, 3), (.failed, 1)]
        part.ended = ended.map { state, count in
          var entry = WireStateCount()
          (entry.state, entry.count) = (state, count)
          return entry
        }
      }
      return part
    }
    let past = Past.between(1_000_000, 1_004_000, count: 4)
    let now = WallTime(milliseconds: 2_000_000)
    let shown = text(TaskPictures(past: past, history: history, now: now).html)
    #expect(isWellFormed(shown), "\(shown)")
    #expect(shown.contains("Running at once: 3 at most"))
    #expect(shown.contains("Attempts that ended: 3 succeeded, 1 failed"))
    #expect(
      shown.contains(#"class="succeeded" x="50.00%" y="42.0" width="21.25%" height="72.0""#)
        && shown.contains(#"class="failed" x="50.00%" y="18.0" width="21.25%" height="24.0""#))
    history.parts = history.parts.map { _ in WireHistoryPart() }
    #expect(TaskPictures(past: past, history: history, now: now).html.isEmpty)
  }
}

extension String {
  /// How often `part` stands in it.
  fileprivate func count(of part: String) -> Int { ranges(of: part).count }
}
