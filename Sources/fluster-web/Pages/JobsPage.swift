import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol

/// `/jobs`: all that is kept of jobs, the newest first.
struct JobsPage: ShownPage {
  func make(_ asker: inout Asker, _ request: Request) throws(Failure) -> Page {
    let jobs = try Self.jobs(&asker, request, most: JobList.most)
    let query = request.query
    let table = JobList.html(jobs.rows, "Jobs", empty: "There is no such job.", &asker)
    let newest: HTML =
      query["before"] == nil
      ? "" : "<p class=\"more\"><a href=\"/jobs\(query.with("before", nil).text)\">Newest</a></p>\n"
    return Page(
      "Jobs",
      """
      <h1>Jobs</h1>
      \(form(query))
      \(newest)\(table)\
      \(HTML.more("Older", "/jobs", jobs.next.map { query.with("before", "\($0)") }))
      """)
  }

  /// The newest jobs that an address means, and the number below which there may be more.
  static func jobs(
    _ asker: inout Asker, _ request: Request, most: Int
  ) throws(Failure) -> (rows: [WireJobRow], next: UInt64?) {
    let query = request.query
    var list = asker.list()
    list.states = try query.all("state").map { (word) throws(Failure) in
      guard let state = TaskState.allCases.first(where: { $0.word == word }) else {
        let all = TaskState.allCases.map(\.word).joined(separator: ", ")
        throw .usage("\"\(word)\" is no state", wayOut: "the states are \(all)")
      }
      return WireState(state)
    }
    list.names = query.all("name").map { $0.contains(where: "*?[".contains) ? $0 : "*\($0)*" }
    if let user = query["user"] {
      let uid = try UserArgument.parse("user", user)
      guard asker.user.map({ $0 == uid }) ?? true else { return ([], nil) }
      list.user = uid
    }
    if let word = query["before"] {
      guard let before = UInt64(word) else { throw .usage("\"\(word)\" is no job's number") }
      list.before = before
    }
    list.newest = UInt32(most + 1)
    let rows = Array(try asker.session.listing(list).jobs.reversed())
    let shown = Array(rows.prefix(most))
    return (shown, rows.count > most ? shown.last?.job : nil)
  }

  private func form(_ query: Query) -> HTML {
    let states = TaskState.allCases.map { state -> HTML in
      let chosen: HTML = query["state"] == state.word ? " selected" : ""
      return "<option value=\"\(state.word)\"\(chosen)>\(state.word)</option>\n"
    }
    return """
      <form class="filter" action="/jobs" method="get" role="search">
      <label>State <select name="state">
      <option value="">any</option>
      \(states.joined())</select></label>
      <label>User <input name="user" value="\(query["user"] ?? "")" autocomplete="off"></label>
      <label>Name <input name="name" value="\(query["name"] ?? "")" placeholder="train-*" \
      autocomplete="off"></label>
      <button type="submit">Show</button>
      </form>
      """
  }
}
