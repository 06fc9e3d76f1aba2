import FlusterClient
import FlusterCore
package import FlusterProtocol

/// Events of the feed as fluster-ls prints them: one line each.
package struct EventPrinter {
  /// What a line is.
  package enum Form {
    case words
    case ids
    case json
  }

  let form: Form
  private var users = UserNames()

  /// A printer of lines of a form.
  package init(_ form: Form) { self.form = form }

  /// The line of an event; `cursor` is the place behind it.
  package mutating func line(_ event: WireEvent, _ cursor: FeedCursor) -> [UInt8] {
    switch form {
    case .words: Array((Table.shown(words(event)) + "\n").utf8)
    case .ids: Array((Table.shown(event.subject) + "\n").utf8)
    case .json: json(event, cursor).lineBytes
    }
  }

  /// The line that says that events are missing; nil where a line is an id.
  package func gap(_ missing: UInt64, _ cursor: FeedCursor) -> [UInt8]? {
    switch form {
    case .words: return Array("-  -  gap  -  \(missing) events are not kept any more\n".utf8)
    case .ids: return nil
    case .json:
      var object = JSONObject.line
      object.set("cursor", .string(cursor.text))
      object.set("event", .string("gap"))
      object.set("missing", .unsigned(missing))
      return object.lineBytes
    }
  }

  private mutating func words(_ event: WireEvent) -> String {
    let time = Timestamp.local(WallTime(milliseconds: event.atMs))
    let state = event.state == .unspecified ? "-" : event.state.word
    let details = details(event)
    let line = "\(time)  \(event.subject)  \(event.kind)  \(state)"
    return details.isEmpty ? line : "\(line)  \(details)"
  }

  /// What more there is to say of it than what happened to what.
  package mutating func details(_ event: WireEvent) -> String {
    var parts: [String] = []
    if event.kind == FeedEntry.Kind.jobSubmitted.rawValue {
      parts.append("\(event.name), of \(users.name(of: event.uid))")
    }
    if let cause = try? Cause(wire: event.cause) {
      parts.append(event.hasStatus ? "\(cause.word), status \(event.status)" : cause.word)
    }
    if event.hasAttempt { parts.append("attempt \(event.attempt) on \(event.worker)") }
    if event.hasBy { parts.append("by \(users.name(of: event.by))") }
    let known = parts.joined(separator: ", ")
    if event.text.isEmpty { return known }
    return known.isEmpty ? event.text : "\(known): \(event.text)"
  }

  private mutating func json(_ event: WireEvent, _ cursor: FeedCursor) -> JSONObject {
    var object = JSONObject.line
    object.set("cursor", .string(cursor.text))
    object.set("at", .time(WallTime(milliseconds: event.atMs)))
    object.set("event", .string(event.kind))
    if event.job != 0 {
      object.set("id", .string(event.subject))
      object.set("job", .unsigned(event.job))
      object.add(event.tasks, step: event.step)
      object.set("name", .string(event.name))
      object.set("user", users.knownName(of: event.uid).map(JSON.string))
      object.set("uid", .unsigned(UInt64(event.uid)))
    }
    if event.hasAttempt { object.set("attempt", .unsigned(UInt64(event.attempt))) }
    let uid = AttemptUID(bytes: event.attemptUid.array)
    object.set("attempt_uid", uid.map { .string($0.description) })
    if !event.worker.isEmpty { object.set("worker", .string(event.worker)) }
    if event.state != .unspecified { object.set("state", .string(event.state.word)) }
    if let cause = try? Cause(wire: event.cause) { object.set("cause", .string(cause.word)) }
    if event.hasStatus { object.set("status", .unsigned(UInt64(event.status))) }
    if event.hasBy {
      var by = JSONObject()
      by.set("uid", .unsigned(UInt64(event.by)))
      by.set("user", users.knownName(of: event.by).map(JSON.string))
      object.set("by", .object(by))
    }
    if !event.text.isEmpty { object.set("text", .string(event.text)) }
    return object
  }
}

extension WireEvent {
  /// `42`, `42.7`, `42.1-9,12`, or the name of a worker.
  package var subject: String {
    guard job != 0 else { return worker }
    guard !tasks.isEmpty else { return "\(job)" }
    let ranges = tasks.map { range in
      if range.first == range.last { return "\(range.first)" }
      return "\(range.first)-\(range.last)" + (step > 1 ? ":\(step)" : "")
    }
    return "\(job)." + ranges.joined(separator: ",")
  }
}

extension JSONObject {
  fileprivate mutating func add(_ tasks: [WireEvent.Tasks], step: UInt32) {
    if tasks.count == 1, tasks[0].first == tasks[0].last {
      return set("task", .unsigned(UInt64(tasks[0].first)))
    }
    guard !tasks.isEmpty else { return }
    let ranges = tasks.map { range in
      var object = JSONObject()
      object.set("first", .unsigned(UInt64(range.first)))
      object.set("last", .unsigned(UInt64(range.last)))
      object.set("step", .unsigned(UInt64(step)))
      return JSON.object(object)
    }
    set("ranges", .array(ranges))
  }
}
