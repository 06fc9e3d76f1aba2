import FlusterCore

/// The statuses that are answered (RFC 9110, 15).
enum Status: Int, Hashable, Sendable {
  case ok = 200
  case seeOther = 303
  case notModified = 304
  case badRequest = 400
  case forbidden = 403
  case notFound = 404
  case methodNotAllowed = 405
  case requestTimeout = 408
  case contentTooLarge = 413
  case addressTooLong = 414
  case misdirected = 421
  case headersTooLarge = 431
  case fault = 500
  case unavailable = 503
  case versionNotSupported = 505

  /// As it stands beside the number.
  var words: String {
    switch self {
    case .ok: "OK"
    case .seeOther: "See Other"
    case .notModified: "Not Modified"
    case .badRequest: "Bad Request"
    case .forbidden: "Forbidden"
    case .notFound: "Not Found"
    case .methodNotAllowed: "Method Not Allowed"
    case .requestTimeout: "Request Timeout"
    case .contentTooLarge: "Content Too Large"
    case .addressTooLong: "URI Too Long"
    case .misdirected: "Misdirected Request"
    case .headersTooLarge: "Request Header Fields Too Large"
    case .fault: "Internal Server Error"
    case .unavailable: "Service Unavailable"
    case .versionNotSupported: "HTTP Version Not Supported"
    }
  }
}

/// A whole answer.
struct Response: Sendable {
  /// What the bytes of an answer are.
  enum Kind: String, Sendable {
    case page = "text/html; charset=utf-8"
    case style = "text/css; charset=utf-8"
    case script = "text/javascript; charset=utf-8"
    case picture = "image/svg+xml"
    case text = "text/plain; charset=utf-8"
    case json = "application/json"
    /// One object a line.
    case lines = "application/x-ndjson"
    /// What Prometheus reads.
    case metrics = "text/plain; version=0.0.4; charset=utf-8"
    case events = "text/event-stream"
  }

  let status: Status
  let kind: Kind
  let body: [UInt8]
  /// Where else it is.
  var location: String?

  init(_ status: Status = .ok, _ kind: Kind, _ body: [UInt8]) {
    self.status = status
    self.kind = kind
    self.body = body
  }

  /// There is nothing here, it is over there.
  static func elsewhere(_ location: String) -> Response {
    var response = Response(.seeOther, .text, Array("see \(location)\n".utf8))
    response.location = location
    return response
  }

  /// What the body is known by.
  private var tag: String {
    "\""
      + SHA256.hash(body).prefix(12).map { byte in
        String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
      }.joined() + "\""
  }

  /// The bytes that answer a request; nil: one that was not understood, after which nobody knows
  /// where the next begins.
  func bytes(to request: Request?, date: String) -> [UInt8] {
    let tag = status == .ok ? self.tag : nil
    let isKnown =
      tag.map { tag in
        request?.knownTags.contains { $0 == tag || $0 == "W/\(tag)" || $0 == "*" } ?? false
      } ?? false
    let shown = isKnown ? Status.notModified : status
    var head = Self.head(shown, date: date)
    if let tag { head += "ETag: \(tag)\r\n" }
    if let location { head += "Location: \(location)\r\n" }
    if shown == .methodNotAllowed { head += "Allow: GET, HEAD\r\n" }
    if shown == .unavailable { head += "Retry-After: 2\r\n" }
    // Nothing is shown that may have changed since, and asking whether it has is cheap.
    head += "Cache-Control: no-cache\r\n"
    if !isKnown {
      head += "Content-Type: \(kind.rawValue)\r\nContent-Length: \(body.count)\r\n"
    }
    if !(request?.staysOpen ?? false) { head += "Connection: close\r\n" }
    head += "\r\n"
    let hasBody = !isKnown && request?.method != .head
    return Array(head.utf8) + (hasBody ? body : [])
  }

  /// The head of a stream of events, which ends with the connection.
  static func streamHead(date: String) -> [UInt8] {
    let head =
      head(.ok, date: date) + "Content-Type: \(Kind.events.rawValue)\r\n"
      + "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\nConnection: close\r\n\r\n"
    return Array((head + "retry: 1000\n\n").utf8)
  }

  /// What every answer begins with: nobody may put it into a frame, guess what it is, or be told
  /// where it was linked from, and no script or style runs but our own files.
  private static func head(_ status: Status, date: String) -> String {
    """
    HTTP/1.1 \(status.rawValue) \(status.words)\r
    Date: \(date)\r
    Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'\r
    X-Content-Type-Options: nosniff\r
    Referrer-Policy: no-referrer\r
    Cross-Origin-Opener-Policy: same-origin\r
    Cross-Origin-Resource-Policy: same-origin\r

    """
  }
}
