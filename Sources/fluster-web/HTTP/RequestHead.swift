/// Why a request is not understood: its status, and a sentence for people.
struct RequestError: Error, Hashable {
  let status: Status
  let sentence: String

  init(_ status: Status, _ sentence: String) {
    self.status = status
    self.sentence = sentence
  }
}

/// Reads the head of an HTTP/1 request (RFC 9112), as strictly as browsers and proxies allow.
///
/// Bodies are refused: what has none cannot be taken apart in two ways.
enum RequestHead {
  /// Bytes of a whole head, of its first line, and header lines: what browsers send is far below.
  static let mostBytes = 16 << 10
  static let mostAddress = 4 << 10
  static let mostLines = 100

  /// The request at the beginning of `bytes`, which it takes away; nil while it is not whole.
  static func take(from bytes: inout [UInt8]) throws(RequestError) -> Request? {
    // A robust server skips empty lines between requests (RFC 9112, 2.2).
    while bytes.first == 13 || bytes.first == 10 { bytes.removeFirst() }
    guard let end = endOfHead(bytes) else {
      guard bytes.count < mostBytes else {
        let isAddress = !bytes.prefix(mostAddress + 64).contains(10)
        throw isAddress ? addressTooLong : headTooLong
      }
      return nil
    }
    guard end <= mostBytes else { throw headTooLong }
    let lines = bytes[..<end].split(separator: 10, omittingEmptySubsequences: true).map {
      $0.last == 13 ? $0.dropLast() : $0
    }.filter { !$0.isEmpty }
    bytes.removeFirst(end)
    guard lines.count <= mostLines, let first = lines.first else { throw headTooLong }
    return try request(first, try headers(lines.dropFirst()))
  }

  private static let headTooLong = RequestError(
    .headersTooLarge, "the headers of the request are longer than \(mostBytes >> 10) KiB")
  private static let addressTooLong = RequestError(
    .addressTooLong, "the address is longer than \(mostAddress >> 10) KiB")

  private static func endOfHead(_ bytes: [UInt8]) -> Int? {
    var isLineEmpty = true
    for (place, byte) in bytes.enumerated() {
      if byte == 10 {
        if isLineEmpty { return place + 1 }
        isLineEmpty = true
      } else if byte != 13 {
        isLineEmpty = false
      }
    }
    return nil
  }

  private static func headers(
    _ lines: ArraySlice<ArraySlice<UInt8>>
  ) throws(RequestError) -> [String: [String]] {
    var headers: [String: [String]] = [:]
    for line in lines {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
        line[..<colon].allSatisfy(isToken), !line.contains(0)
      else { throw RequestError(.badRequest, "a header of the request is malformed") }
      let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
      let value = String(decoding: line[line.index(after: colon)...], as: UTF8.self)
      headers[name, default: []].append(value.trimmingBlanks)
    }
    return headers
  }

  private static func isToken(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7f && !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
  }

  private static func request(
    _ line: ArraySlice<UInt8>, _ headers: [String: [String]]
  ) throws(RequestError) -> Request {
    let words = line.split(separator: 32, omittingEmptySubsequences: false)
    guard words.count == 3, words.allSatisfy({ !$0.isEmpty }) else {
      throw RequestError(.badRequest, "the first line of the request is malformed")
    }
    let version = String(decoding: words[2], as: UTF8.self)
    guard version.hasPrefix("HTTP/1.") else {
      throw RequestError(.versionNotSupported, "only HTTP/1.1 is spoken here")
    }
    let method: Request.Method
    switch String(decoding: words[0], as: UTF8.self) {
    case "GET": method = .get
    case "HEAD": method = .head
    default:
      throw RequestError(
        .methodNotAllowed, "nothing can be changed here: only GET and HEAD are answered")
    }
    let length = headers["content-length"] ?? []
    guard headers["transfer-encoding"] == nil, length.allSatisfy({ $0 == "0" }) else {
      throw RequestError(.contentTooLarge, "a request has no content here")
    }
    let hosts = headers["host"] ?? []
    guard hosts.count <= 1, hosts.count == 1 || version == "HTTP/1.0" else {
      throw RequestError(.badRequest, "the request has \(hosts.count) Host headers")
    }
    let (path, query) = try address(words[1])
    let connection = (headers["connection"] ?? []).joined(separator: ",").lowercased()
    return Request(
      method: method, path: path, query: query, host: hosts.first.map(withoutPort),
      knownTags: (headers["if-none-match"] ?? []).flatMap {
        $0.split(separator: ",").map { String($0).trimmingBlanks }
      }, lastEvent: headers["last-event-id"]?.first,
      staysOpen: version != "HTTP/1.0" && !connection.contains("close"))
  }

  private static func address(
    _ target: ArraySlice<UInt8>
  ) throws(RequestError) -> ([String], Query) {
    guard target.count <= mostAddress else { throw addressTooLong }
    let malformed = RequestError(.badRequest, "the address is malformed")
    guard target.first == UInt8(ascii: "/"), target.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw malformed
    }
    let halves = target.split(
      separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
    var path: [String] = []
    for part in halves[0].split(separator: UInt8(ascii: "/")) {
      guard let word = Percent.decoded(part), word != "..", word != "." else { throw malformed }
      path.append(word)
    }
    var query = Query()
    for item in halves.dropFirst().joined().split(separator: UInt8(ascii: "&")) {
      let sides = item.split(
        separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Percent.decoded(sides[0], plusIsSpace: true),
        let value = sides.count == 2 ? Percent.decoded(sides[1], plusIsSpace: true) : ""
      else { throw malformed }
      query.items.append(Query.Item(name: name, value: value))
    }
    return (path, query)
  }

  /// `[::1]:8080` is `[::1]`.
  private static func withoutPort(_ host: String) -> String {
    let host = host.lowercased()
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") { return String(host[...end]) }
    return String(host.prefix { $0 != ":" })
  }
}

extension String {
  /// Without spaces and tabs at either end.
  fileprivate var trimmingBlanks: String {
    guard let last = lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
    return String(self[...last].drop { $0 == " " || $0 == "\t" })
  }
}
