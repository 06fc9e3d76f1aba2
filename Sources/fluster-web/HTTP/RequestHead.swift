import CMicrohttpd

/// The head of a request, as libmicrohttpd has read it; good during one call.
struct RequestHead {
  let connection: OpaquePointer
  let method: String

  /// The request; throws what is wrong with it.
  func request(_ visitor: Visitor) throws(RequestError) -> Request {
    guard method == "GET" || method == "HEAD" else {
      throw RequestError(
        .methodNotAllowed, "nothing can be changed here: only GET and HEAD are answered")
    }
    guard header("Transfer-Encoding") == nil, ["0", nil].contains(header("Content-Length")) else {
      throw RequestError(.contentTooLarge, "a request has no content here")
    }
    if visitor.door == .port { try checkHost() }
    let (path, query) = try Request.address(visitor.target)
    let tags = header("If-None-Match") ?? ""
    return Request(
      isHead: method == "HEAD", path: path, query: query,
      knownTags: tags.split(separator: ",").map { String($0.drop { $0 == " " }) },
      lastEvent: header("Last-Event-ID"))
  }

  /// A page of somebody else's can send a browser to a name of its own that means 127.0.0.1, and
  /// would be shown what comes back: such a request carries that name.
  private func checkHost() throws(RequestError) {
    guard let host = header("Host").map(Self.withoutPort) else {
      throw RequestError(.badRequest, "the request says not whom it is for")
    }
    guard ["localhost", "127.0.0.1", "[::1]"].contains(host) else {
      throw RequestError(.misdirected, "this is not \(host)")
    }
  }

  /// `[::1]:8080` is `[::1]`.
  private static func withoutPort(_ host: String) -> String {
    let host = host.lowercased()
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") { return String(host[...end]) }
    return String(host.prefix { $0 != ":" })
  }

  private func header(_ name: String) -> String? {
    MHD_lookup_connection_value(connection, .HEADER_KIND, name).map { String(cString: $0) }
  }
}
