import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol

/// `/job/ID`: everything that is known of a job.
struct JobPage: ShownPage {
  let job: UInt64

  /// Tasks, attempts and children that a page shows.
  private static let most = 100

  func make(_ asker: inout Asker, _ request: Request) throws(Failure) -> Page {
    var row = try asker.job(job, detail: false)
    let query = request.query
    let now = asker.now
    var tasks: HTML = ""
    if row.array.explicit {
      // Of a million tasks' attempts those of the tasks that are shown.
      let page = try TaskList.rows(row, query, &asker)
      let shown = page.rows.map { $0.index...$0.index }
      let first = row.array.first
      row = try asker.job(job, tasks: shown.isEmpty ? [first...first] : shown)
      tasks = TaskList.section(row, query, page, now: now)
    } else {
      row = try asker.job(job)
    }
    var main: HTML = """
      <h1>Job \(job) <span class="name">\(row.name)</span> \(.state(row.state.word))</h1>
      \(explanation(row))\(summary(row, now, &asker))\(tasks)
      """
    main += picture(row, now) + attempts(row, now)
    if !row.array.explicit { main += try LogPage.preview(row, &asker) }
    main += submitted(row)
    let events = try asker.events(of: [.job(job)], newest: 100)
    main += .section(
      "timeline", "Timeline", ActionList.html(events.events, "Timeline", names: false))
    return Page("Job \(job) \(row.name)", jobs: [job], main)
  }

  private func explanation(_ row: WireJobRow) -> HTML {
    let text = row.explanation
    guard !text.isEmpty, !row.array.explicit || text != row.countsText else { return "" }
    return "<p class=\"sentence\">\(text)</p>\n"
  }

  private func summary(_ row: WireJobRow, _ now: WallTime, _ asker: inout Asker) -> HTML {
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
        ("Time", "\(row.runText(now: now))"), ("Tasks done", "\(row.progressText)"),
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

  /// When its attempts ran, and how far its tasks are.
  private func picture(_ row: WireJobRow, _ now: WallTime) -> HTML {
    let isArray = row.array.explicit
    let bars = row.attempts.filter(\.hasStartedMs).map { attempt in
      let name = isArray ? "task \(attempt.index)" : "attempt \(attempt.number)"
      let end = attempt.hasEndedMs ? attempt.endedMs : nil
      return TimeChart.Bar(
        lane: name, start: attempt.startedMs, end: end, state: attempt.shownState.word,
        title: "\(name) on \(attempt.worker): \(attempt.shownState.word)",
        path: isArray
          ? "/job/\(job)/log?task=\(attempt.index)&attempt=\(attempt.number)"
          : "/job/\(job)/log?attempt=\(attempt.number)")
    }
    let counts = row.counts.compactMap { count in
      (try? TaskState(wire: count.state)).map { (state: $0, count: UInt64(count.count)) }
    }
    let bar: HTML = isArray ? StateBar.html(counts) : ""
    let chart = TimeChart(bars, now: now.milliseconds).html("When it ran")
    let content = bar + chart
    return content.isEmpty ? "" : .section("picture", "When it ran", content)
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
        "\(label)", .worker(attempt.worker), .state(attempt.shownState.word),
        "\(attempt.hasOutcome ? cause : "")", attempt.hasStartedMs ? .time(attempt.startedMs) : "–",
        "\(attempt.endText(now: now))", "<a href=\"\(log)\">log</a>",
      ])
    }
    let rest = newest.count - min(newest.count, Self.most)
    let note: HTML = rest > 0 ? "<p>\(rest) more attempts are older.</p>\n" : ""
    return .section("attempts", "Attempts", grid.html + note)
  }
}

extension WireAttemptRow {
  /// What became of it: a row keeps the state in which it left its task, which after a failure that
  /// is retried is none of an end.
  fileprivate var shownState: TaskState {
    let told = (try? TaskState(wire: state)) ?? .running
    guard hasOutcome, !told.isFinal, let outcome = try? Outcome(wire: outcome) else { return told }
    return switch outcome.cause {
    case .exit: outcome.exitCode == 0 ? .succeeded : .failed
    case .killed: .killed
    case .workerLost: .workerFailed
    case .preempted: .preempted
    case .gang: .gangFailed
    case .signal, .timeLimit, .memoryLimit, .start, .dependency, .deadline: .failed
    }
  }
}
