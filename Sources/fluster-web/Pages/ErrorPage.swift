import FlusterClient

/// What is shown in place of a page.
enum ErrorPage {
  /// A page that says why, and where to go on.
  static func response(
    _ status: Status, _ sentence: String, wayOut: String? = nil, path: [String] = [],
    instance: String
  ) -> Response {
    let way: HTML = wayOut.map { "<p>\($0)</p>\n" } ?? ""
    let page = Page(
      "\(status.rawValue) \(status.words)",
      """
      <h1>\(status.rawValue) \(status.words)</h1>
      <p class="sentence">\(sentence)</p>
      \(way)<p><a href="/">Overview</a> · <a href="/jobs">Jobs</a></p>
      """)
    return Response(
      status, .page, page.document(path: path, instance: instance, isLive: false).bytes)
  }

  /// What flusterd, or the way to it, said.
  static func response(_ failure: Failure, path: [String], instance: String) -> Response {
    response(
      failure.webStatus, failure.message, wayOut: failure.wayOut, path: path, instance: instance)
  }
}

/// The same for programs: one line.
enum ErrorText {
  static func response(_ failure: Failure) -> Response {
    let text = ([failure.message] + (failure.wayOut.map { [$0] } ?? [])).joined(separator: "\n")
    return Response(failure.webStatus, .text, Array((text + "\n").utf8))
  }
}

extension Failure {
  /// The status of HTTP for it.
  fileprivate var webStatus: Status {
    switch status {
    case .usage, .data: .badRequest
    case .notFound: .notFound
    case .permission: .forbidden
    case .unreachable, .tryAgain: .unavailable
    default: .fault
    }
  }
}
