import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol
import Glibc

/// `/job/ID/log`: what a task printed, followed as it comes.
struct LogPage: ShownPage {
  let job: UInt64

  /// Lines and bytes of the end of a log that a page begins with.
  private static let lines: UInt64 = 1000
  private static let bytes = 512 << 10
  private static let previewLines: UInt64 = 20

  /// Only the output itself is kept up to date.
  var isLive: Bool { false }

  func make(_ asker: inout Asker, _ request: Request) throws(Failure) -> Page {
    let row = try asker.job(job, detail: false)
    let query = request.query
    let task = try Self.task(row, query)
    let name = row.array.explicit ? "\(job).\(task)" : "\(job)"
    let isError = query["stream"] == "stderr"
    return Page(
      "Log of \(name) \(row.name)",
      """
      <h1>Log of <a href="/job/\(job)">\(name)</a> <span class="name">\(row.name)</span></h1>
      <p class="tabs">\(isError ? Self.tab("stdout", query.with("stream", nil)) : "stdout") · \
      \(isError ? "stderr" : Self.tab("stderr", query.with("stream", "stderr")))</p>
      \(try Self.output(row, query, lines: Self.lines, &asker))
      """)
  }

  /// The end of a job's output, on its own page.
  static func preview(_ row: WireJobRow, _ asker: inout Asker) throws(Failure) -> HTML {
    guard !row.attempts.isEmpty else { return "" }
    return .section(
      "output", "Output",
      """
      \(try output(row, Query(), lines: previewLines, &asker))\
      <p class="more"><a href="/job/\(row.job)/log">All of it</a></p>

      """)
  }

  private static func tab(_ word: String, _ query: Query) -> HTML {
    "<a href=\"\(query.text.isEmpty ? "?" : query.text)\">\(word)</a>"
  }

  /// Which task an address means.
  private static func task(_ row: WireJobRow, _ query: Query) throws(Failure) -> UInt32 {
    guard row.array.explicit else { return 0 }
    guard let word = query["task"] else { return row.array.first }
    guard let task = UInt32(word) else { throw .usage("\"\(word)\" is no task") }
    return task
  }

  private static func output(
    _ row: WireJobRow, _ query: Query, lines: UInt64, _ asker: inout Asker
  ) throws(Failure) -> HTML {
    var log: OpenLog
    do throws(Failure) {
      log = try open(&asker, row, query, follow: false, place: nil)
    } catch {
      guard error.status != .unreachable else { throw error }
      return "<p class=\"none\">\(error.message)</p>\n"
    }
    var text: [UInt8] = []
    if var file = log.file {
      try file.seek(toLast: lines)
      while let piece = try file.piece() {
        text += piece
        // The rest comes over the stream, from where this ends.
        if text.count > bytes { text.removeFirst(text.count - bytes) }
      }
      log.file = file
    }
    let place = LogPlace(attempt: log.attempt, offset: log.file?.offset ?? 0)
    let stream = "/live/job/\(row.job)/log\(query.with("from", place.text).text)"
    let live: HTML = log.isOver ? "" : " data-log=\"\(stream)\""
    let attempts: HTML =
      log.attempts > 1
      ? "<p>Attempt \(log.attempt), of \(log.attempts) so far.</p>\n" : ""
    let none: HTML =
      log.file == nil
      ? "<p class=\"none\">\(log.isOver ? noneEver : noneYet)</p>\n"
      : ""
    // A newline right behind <pre> is not part of it.
    return """
      \(attempts)\(none)<pre class="log" id="log" tabindex="0" role="log" data-keep\(live)>
      \(String(decoding: text, as: UTF8.self))</pre>

      """
  }

  private static let noneEver = "It did not start; there is no output."
  private static let noneYet = "There is no output yet."

  /// For a stream: the log from where its reader stands.
  static func openResult(
    _ asker: inout Asker, _ job: UInt64, _ request: Request, _ place: LogPlace?
  ) -> Askers.Result {
    do throws(Failure) {
      let row = try asker.job(job, detail: false)
      return .log(try open(&asker, row, request.query, follow: true, place: place))
    } catch {
      return .failed(error)
    }
  }

  private static func open(
    _ asker: inout Asker, _ row: WireJobRow, _ query: Query, follow: Bool, place: LogPlace?
  ) throws(Failure) -> OpenLog {
    var question = WireOpenLog()
    question.job = row.job
    question.index = try task(row, query)
    question.stderr = query["stream"] == "stderr"
    question.follow = follow
    if let word = query["attempt"] {
      guard let attempt = UInt32(word) else { throw .usage("\"\(word)\" is no attempt") }
      question.attempt = attempt
    }
    let request = question
    let (answer, descriptors) = try asker.session.persist { (connection, _) throws(CallError) in
      guard case .openedLog(let answer) = try connection.call(.openLog(request)) else {
        throw connection.unexpected()
      }
      return (answer, connection.takeDescriptors(Int(answer.descriptors)))
    }
    var file: LogFile?
    if !answer.pending {
      let path = answer.path.array
      file =
        try path.isEmpty
        ? LogFile(descriptors) : LogFile(path: path, follow: follow && !answer.ended)
    }
    if let place, place.attempt == answer.attempt { file?.seek(to: place.offset) }
    return OpenLog(
      file: file, attempt: answer.attempt, attempts: answer.attempts, hasEnded: answer.ended,
      isOver: try isOver(row, question, answer, &asker))
  }

  /// Whether nothing more will come: the attempt that was named has ended, or the task has.
  private static func isOver(
    _ row: WireJobRow, _ question: WireOpenLog, _ answer: WireOpenedLog, _ asker: inout Asker
  ) throws(Failure) -> Bool {
    guard answer.ended else { return false }
    if question.hasAttempt { return true }
    if (try? TaskState(wire: row.state))?.isFinal == true { return true }
    guard row.array.explicit else { return false }
    var list = asker.list([.task(row.job, question.index)])
    list.tasks = true
    return try asker.session.listing(list).tasks.allSatisfy {
      (try? TaskState(wire: $0.state))?.isFinal == true
    }
  }
}
