import FlusterCore

/// The statuses that are answered (RFC 9110, 15).
enum Status: Int, Hashable, Sendable {
  case ok = 200
  case notModified = 304
  case badRequest = 400
  case forbidden = 403
  case notFound = 404
  case methodNotAllowed = 405
  case contentTooLarge = 413
  case misdirected = 421
  case fault = 500
  case unavailable = 503

  /// As it stands beside the number.
  var words: String {
    switch self {
    case .ok: "OK"
    case .notModified: "Not Modified"
    case .badRequest: "Bad Request"
    case .forbidden: "Forbidden"
    case .notFound: "Not Found"
    case .methodNotAllowed: "Method Not Allowed"
    case .contentTooLarge: "Content Too Large"
    case .misdirected: "Misdirected Request"
    case .fault: "Internal Server Error"
    case .unavailable: "Service Unavailable"
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

  init(_ status: Status = .ok, _ kind: Kind, _ body: [UInt8]) {
    self.status = status
    self.kind = kind
    self.body = body
  }

  /// What the body is known by.
  private var tag: String {
    "\""
      + SHA256.hash(body).prefix(12).map { byte in
        String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
      }.joined() + "\""
  }

  /// The status and the headers that answer a request, and whether the body goes with them.
  func head(
    to request: Request?
  ) -> (status: Status, headers: [(name: String, value: String)], hasBody: Bool) {
    let tag = status == .ok ? self.tag : nil
    let known = request?.knownTags ?? []
    let isKnown =
      tag.map { tag in known.contains { [tag, "W/\(tag)", "*"].contains($0) } } ?? false
    let shown = isKnown ? Status.notModified : status
    // Nothing is shown that may have changed since, and asking whether it has is cheap.
    var headers = Self.always + [("Cache-Control", "no-cache")]
    if let tag { headers.append(("ETag", tag)) }
    if shown == .methodNotAllowed { headers.append(("Allow", "GET, HEAD")) }
    if shown == .unavailable { headers.append(("Retry-After", "2")) }
    if !isKnown { headers.append(("Content-Type", kind.rawValue)) }
    return (shown, headers, !isKnown)
  }

  /// The headers of a stream of events, which ends with the connection.
  static let streamHeaders: [(name: String, value: String)] =
    always + [
      ("Content-Type", Kind.events.rawValue), ("Cache-Control", "no-store"),
      ("X-Accel-Buffering", "no"),
    ]

  /// What every answer begins with: nobody may put it into a frame, guess what it is, or be told
  /// where it was linked from, and no script or style runs but our own files.
  private static let always: [(name: String, value: String)] = [
    (
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
  ]
}
