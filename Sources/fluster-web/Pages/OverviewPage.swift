import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol

/// `/`: how much there is of what, and what has happened last.
struct OverviewPage: ShownPage {
  func make(_ asker: inout Asker, _ request: Request) throws(Failure) -> Page {
    let tally = try Tally(&asker)
    let recent = try asker.events(newest: 30)
    let trouble: HTML =
      tally.trouble.isEmpty ? "" : "<p class=\"alarm\" role=\"alert\">\(tally.trouble)</p>\n"
    return Page(
      "Overview",
      """
      <h1>Overview</h1>
      \(trouble)\(cards(tally))
      \(try use(tally, request.query, &asker))
      \(HTML.section(
        "actions", "Recent actions", ActionList.html(recent.events, "Recent actions")))
      """)
  }

  /// How much of what workers have was in use.
  private func use(
    _ tally: Tally, _ query: Query, _ asker: inout Asker
  ) throws(Failure) -> HTML {
    let range = PastRange(query)
    let past = range.past(asker.now)
    let pictures = UsePictures(
      past: past, history: try asker.history(past), now: asker.now,
      workers: tally.workers.filter(\.connected)
    ).html
    return pictures.isEmpty
      ? "" : .section("use", "Use", range.links(query, to: "use") + pictures)
  }

  private func cards(_ tally: Tally) -> HTML {
    var cards = HTML()
    for state in TaskState.allCases {
      let count = tally.jobs[state] ?? 0
      guard count > 0 || Self.always.contains(state) else { continue }
      cards += card("\(count)", state.word, "/jobs?state=\(state.word)", mark: state.word)
    }
    cards += card("\(tally.pendingTasks)", "tasks waiting", "/queue")
    cards += card("\(tally.openAttempts)", "tasks on workers", "/workers")
    cards += card(
      "\(tally.healthyWorkers) of \(tally.workers.count)", "workers well", "/workers",
      mark: tally.healthyWorkers < tally.workers.count ? "failed" : "succeeded")
    cards += card(
      "\(tally.endpoints)", tally.endpoints == 1 ? "endpoint" : "endpoints", "/endpoints")
    return """
      <section id="counts" aria-label="Counts">
      <ul class="cards">
      \(cards)</ul>
      </section>
      """
  }

  /// Shown even where there is none.
  private static let always: [TaskState] = [.pending, .running, .succeeded, .failed]

  private func card(_ figure: String, _ word: String, _ path: String, mark: String = "") -> HTML {
    """
    <li><a href="\(path)"><strong class="figure \(mark)">\(figure)</strong> \
    <span>\(word)</span></a></li>

    """
  }
}
