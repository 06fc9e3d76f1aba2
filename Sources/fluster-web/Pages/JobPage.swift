import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol

/// `/job/ID`: everything that is known of a job.
struct JobPage: ShownPage {
  let job: UInt64

  /// Tasks, attempts and children that a page shows.
  private static let most = 100
  /// Of an array of so many tasks at most, each attempt has its bar in the picture.
  private static let mostInPicture = UInt32(TimeChart.mostLanes)
  /// Parts of the time of a longer one.
  private static let parts: Int64 = 120

  func make(_ asker: inout Asker, _ request: Request) throws(Failure) -> Page {
    var row = try asker.job(job, detail: false)
    let query = request.query
    let now = asker.now
    var tasks: HTML = ""
    if row.array.explicit {
      let page = try TaskList.rows(row, query, &asker)
      if row.array.count > Self.mostInPicture {
        // Of a million tasks' attempts those of the tasks that are shown.
        let shown = page.rows.map { $0.index...$0.index }
        let first = row.array.first
        row = try asker.job(job, tasks: shown.isEmpty ? [first...first] : shown)
      } else {
        row = try asker.job(job)
      }
      tasks = TaskList.section(row, query, page, now: now)
    } else {
      row = try asker.job(job)
    }
    let children = try self.children(query, &asker)
    var main: HTML = """
      <h1>Job \(job) <span class="name">\(row.name)</span> \(.state(row.state.word))</h1>
      \(explanation(row))\(summary(row, &asker))\(try picture(row, &asker))\(tasks)
      """
    main += children.section + attempts(row, now)
    if !row.array.explicit { main += try LogPage.preview(row, &asker) }
    main += submitted(row)
    let events = try asker.events(of: [.job(job)], newest: 100)
    main += .section(
      "timeline", "Timeline", ActionList.html(events.events, "Timeline", names: false))
    return Page("Job \(job) \(row.name)", jobs: children.jobs.union([job]), main)
  }

  /// The jobs that were submitted from inside it, the newest first.
  private func children(
    _ query: Query, _ asker: inout Asker
  ) throws(Failure) -> (section: HTML, jobs: Set<UInt64>) {
    var list = asker.list()
    list.parent = job
    list.newest = UInt32(JobList.most + 1)
    if let word = query["children"] {
      guard let before = UInt64(word) else { throw .usage("\"\(word)\" is no job's number") }
      list.before = before
    }
    let found = try asker.session.listing(list).jobs.reversed()
    guard !found.isEmpty || list.hasBefore else { return ("", []) }
    let shown = Array(found.prefix(JobList.most))
    let table = JobList.html(shown, "Children", empty: "There are no older ones.", &asker)
    let isMore = found.count > JobList.most
    let older = isMore ? shown.last.map { query.with("children", "\($0.job)") } : nil
    return (
      .section("children", "Children", table + .more("Older children", "/job/\(job)", older)),
      Set(shown.map(\.job))
    )
  }

  private func explanation(_ row: WireJobRow) -> HTML {
    let text = row.explanation
    guard !text.isEmpty, !row.array.explicit || text != row.countsText else { return "" }
    return "<p class=\"sentence\">\(text)</p>\n"
  }

  private func summary(_ row: WireJobRow, _ asker: inout Asker) -> HTML {
    var killed: HTML = ""
    if row.hasKilledBy {
      let why = row.killReason.isEmpty ? "" : ": \(row.killReason)"
      killed = "\(asker.name(of: row.killedBy))\(why)"
    }
    let parent: HTML =
      row.hasParent ? "<a href=\"/job/\(row.parent)\">\(row.parentText)</a>" : ""
    return .section(
      "summary", "Summary",
      .facts([
        ("User", .user(asker.name(of: row.uid))), ("Submitted", .time(row.submittedMs)),
        ("Started", row.hasStartedMs ? .time(row.startedMs) : ""),
        ("Ended", row.hasEndedMs ? .time(row.endedMs) : ""),
        ("Time", row.runTime(&asker)), ("Tasks done", "\(row.progressText)"),
        ("Killed by", killed), ("Parent", parent),
        ("Path", row.hasParent ? "\(row.path)" : ""), ("Key", row.hasKey ? "\(row.key)" : ""),
        ("Replaces", row.hasReplaces ? .job(row.replaces) : ""),
      ]))
  }

  /// The command and the request as they were submitted.
  private func submitted(_ row: WireJobRow) -> HTML {
    let directory = String(decoding: row.launch.directory.array, as: UTF8.self)
    return .section(
      "request", "As submitted",
      """
      <pre class="command" tabindex="0">\(row.launch.commandText)</pre>
      \(HTML.facts([
        ("Directory", "\(directory)"), ("Array", row.array.explicit ? "\(row.arrayText)" : ""),
        ("Needs", "\(row.needsText)"), ("Order", "\(row.orderText)"),
        ("Limits", "\(row.limitsText)"), ("Files", "\(row.filesText)"),
        ("Comment", "\(row.launch.comment)"),
        (
          "Script",
          row.launch.hasScript ? "\(Quantity.text(bytes: row.launch.script.bytes))" : ""
        ),
      ]))
      """)
  }

  /// How far its tasks are, and when its attempts ran: each of them, or of many how many.
  private func picture(_ row: WireJobRow, _ asker: inout Asker) throws(Failure) -> HTML {
    let now = asker.now
    let counts = row.counts.compactMap { count in
      (try? TaskState(wire: count.state)).map { (state: $0, count: UInt64(count.count)) }
    }
    var content: HTML = row.array.explicit ? StateBar.html(counts) : ""
    if row.array.count <= Self.mostInPicture {
      content += TimeChart(bars(row), now: now.milliseconds).html("When it ran")
    } else if row.hasStartedMs {
      let end = row.hasEndedMs ? row.endedMs : now.milliseconds
      let past = Past.between(row.startedMs, end, count: Self.parts)
      content +=
        TaskPictures(
          past: past, history: try asker.history(past, job: job),
          now: WallTime(milliseconds: end)
        ).html
    }
    return content.isEmpty ? "" : .section("picture", "When it ran", content)
  }

  private func bars(_ row: WireJobRow) -> [TimeChart.Bar] {
    let isArray = row.array.explicit
    return row.attempts.filter(\.hasStartedMs).map { attempt in
      let name = isArray ? "task \(attempt.index)" : "attempt \(attempt.number)"
      let task = isArray ? "task=\(attempt.index)&" : ""
      return TimeChart.Bar(
        lane: name, start: attempt.startedMs, end: attempt.hasEndedMs ? attempt.endedMs : nil,
        state: attempt.state.word,
        title: "\(name) on \(attempt.worker): \(attempt.state.word)",
        path: "/job/\(job)/log?\(task)attempt=\(attempt.number)")
    }
  }

  /// All of them, the failed ones too: a task that looks well now may have failed before.
  private func attempts(_ row: WireJobRow, _ now: WallTime) -> HTML {
    guard !row.attempts.isEmpty else { return "" }
    let newest = row.attempts.sorted {
      ($0.assignedMs, $0.index, $0.number) > ($1.assignedMs, $1.index, $1.number)
    }
    let isArray = row.array.explicit
    var grid = Grid(
      "Attempts", empty: "",
      [
        Grid.Column(isArray ? "Task" : "Attempt", isFigure: true), Grid.Column("Worker"),
        Grid.Column("State"), Grid.Column("Cause"), Grid.Column("Started"),
        Grid.Column("End and use", isWide: true), Grid.Column("Output"),
      ])
    for attempt in newest.prefix(Self.most) {
      let label = isArray ? "\(attempt.index) attempt \(attempt.number)" : "\(attempt.number)"
      let task = isArray ? "task=\(attempt.index)&" : ""
      let cause = (try? Cause(wire: attempt.outcome.cause)).map(\.word) ?? ""
      let log = "/job/\(job)/log?\(task)attempt=\(attempt.number)"
      grid.add([
        "\(label)", .worker(attempt.worker), .state(attempt.state.word),
        "\(attempt.hasOutcome ? cause : "")", attempt.hasStartedMs ? .time(attempt.startedMs) : "–",
        "\(attempt.endText(now: now))", "<a href=\"\(log)\">log</a>",
      ])
    }
    let rest = newest.count - min(newest.count, Self.most)
    let note: HTML = rest > 0 ? "<p>\(rest) more attempts are older.</p>\n" : ""
    return .section("attempts", "Attempts", grid.html + note)
  }
}
