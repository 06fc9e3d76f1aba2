import FlusterSystem
import FlusterTesting
import Glibc
import Testing

/// A fluster-web that shows an instance, at a socket beside its others.
final class WebServer {
  let socket: String
  private var program: Program?
  private let instance: Instance

  /// Starts one, and waits until it listens.
  init(_ instance: Instance, _ options: String...) throws {
    self.instance = instance
    socket = "\(instance.directory)/web.sock"
    program = try instance.launch(["fluster-web", "--listen", "unix:\(socket)"] + options)
    let socket = socket
    try eventually("fluster-web listens") { Programs.answers(socket) }
  }

  /// Its process.
  var pid: Int32 { program?.pid ?? -1 }

  /// Tells it to stop; it ends at once and well.
  func end() throws {
    program?.signal(SIGTERM)
    let finished = try program?.finish(within: 20)
    program = nil
    #expect(finished?.status == 0, "\(String(describing: finished))")
  }

  /// Asks, and takes the whole answer.
  func get(_ path: String, method: String = "GET", _ headers: String...) throws -> WebAnswer {
    let visitor = try WebVisitor(socket)
    try visitor.ask(path, method: method, headers + ["Connection: close"])
    return try visitor.answer(isHead: method == "HEAD")
  }

  /// A page; its status must be 200.
  func page(_ path: String) throws -> String {
    let answer = try get(path)
    try #require(answer.status == 200, "\(path): \(answer)")
    return answer.body
  }

  /// What a page says once its markup is taken away.
  func words(_ path: String) throws -> String { try page(path).withoutMarkup }

  /// Begins to follow a stream.
  func follow(_ path: String, _ headers: String...) throws -> WebVisitor {
    let visitor = try WebVisitor(socket)
    try visitor.ask(path, headers)
    return visitor
  }
}

/// An answer of a web server.
struct WebAnswer: CustomStringConvertible {
  let status: Int
  /// By names in lower case.
  let headers: [String: String]
  let body: String

  var description: String { "\(status) \(headers)\n\(body)" }
}

/// One connection of a browser, made of bytes.
final class WebVisitor {
  private let socket: Descriptor
  private var bytes: [UInt8] = []
  private var events: [(name: String, data: String, id: String)] = []
  private var isHeadRead = false
  private(set) var hasEnded = false

  /// Connects to a path, or to a port of this machine.
  init(_ path: String) throws {
    socket = try UnixSocket.connect(to: path, kind: .stream)
    try UnixSocket.setNonblocking(socket)
  }

  init(port: UInt16) throws {
    let raw = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard raw >= 0 else { throw Failed("make a socket") }
    socket = Descriptor(adopting: raw)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Failed("connect to port \(port)") }
    try UnixSocket.setNonblocking(socket)
  }

  /// Sends a request.
  func ask(_ path: String, method: String = "GET", _ headers: [String] = []) throws {
    let hosts = headers.contains { $0.hasPrefix("Host:") } ? [] : ["Host: localhost"]
    try send(([("\(method) \(path) HTTP/1.1")] + hosts + headers).joined(separator: "\r\n"))
    try send("\r\n\r\n")
  }

  /// Sends bytes as they are; what is not taken, because nobody reads any more, is lost.
  func send(_ text: String) throws {
    let all = Array(text.utf8)
    var sent = 0
    while sent < all.count {
      let count = Glibc.send(
        socket.raw, Array(all[sent...]), all.count - sent, Int32(MSG_NOSIGNAL))
      if count < 0, errno == EAGAIN {
        guard wait(for: POLLOUT, until: Deadline(seconds: 10)) else { return }
      } else if count < 0 {
        return
      } else {
        sent += count
      }
    }
  }

  /// Reads to the end of the connection.
  func answer(isHead: Bool = false) throws -> WebAnswer {
    let deadline = Deadline(seconds: 30)
    while !hasEnded {
      guard wait(for: POLLIN, until: deadline) else { throw TimedOut(what: "the answer") }
      take()
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.firstRange(of: "\r\n\r\n") else {
      throw Failed("read an answer: \(text.prefix(200))", number: EBADMSG)
    }
    let lines = text[..<end.lowerBound].split(separator: "\r\n")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let sides = line.split(separator: ":", maxSplits: 1)
      headers[sides[0].lowercased()] = sides.count > 1 ? String(sides[1]).trimmed : ""
    }
    return WebAnswer(
      status: lines.first.flatMap { Int($0.split(separator: " ")[1]) } ?? 0, headers: headers,
      body: String(text[end.upperBound...]))
  }

  /// Waits for an event of that name whose text `holds`; earlier ones are passed over.
  @discardableResult
  func event(
    _ name: String, within seconds: Double = 30, where holds: (String) -> Bool = { _ in true }
  ) throws -> String {
    let deadline = Deadline(seconds: seconds)
    while true {
      while !events.isEmpty {
        let event = events.removeFirst()
        if event.name == name, holds(event.data) { return event.data }
      }
      guard !hasEnded, wait(for: POLLIN, until: deadline) else {
        throw TimedOut(what: "the event \(name)")
      }
      take()
      parse()
    }
  }

  /// Whether anything has come.
  var answersBegin: Bool {
    get throws {
      if wait(for: POLLIN, until: Deadline(seconds: 1)) { take() }
      return !bytes.isEmpty || hasEnded
    }
  }

  /// Ends the connection from this side.
  func leave() { shutdown(socket.raw, Int32(SHUT_RDWR)) }

  /// Waits until the other side has ended the connection.
  func waitForEnd() throws {
    let deadline = Deadline(seconds: 30)
    while !hasEnded {
      guard wait(for: POLLIN, until: deadline) else { throw TimedOut(what: "the end") }
      take()
    }
  }

  private func wait(for event: Int32, until deadline: Deadline) -> Bool {
    var interest = pollfd(fd: socket.raw, events: Int16(event), revents: 0)
    while !deadline.hasPassed { if poll(&interest, 1, 100) > 0 { return true } }
    return false
  }

  private func take() {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    let count = recv(socket.raw, &buffer, buffer.count, 0)
    if count > 0 { bytes += buffer[..<count] }
    if count == 0 || (count < 0 && errno != EAGAIN) { hasEnded = true }
  }

  /// Events out of the chunks that have come. A chunk may end anywhere, so their frames are taken
  /// away first.
  private func parse() {
    if !isHeadRead {
      guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
      bytes.removeFirst(end.upperBound)
      isHeadRead = true
    }
    while let line = bytes.firstRange(of: [13, 10]),
      let size = Int(String(decoding: bytes[..<line.lowerBound], as: UTF8.self), radix: 16),
      bytes.count >= line.upperBound + size + 2
    {
      body += bytes[line.upperBound..<(line.upperBound + size)]
      bytes.removeFirst(line.upperBound + size + 2)
    }
    while let end = body.firstRange(of: [10, 10]) {
      let text = String(decoding: body[..<end.lowerBound], as: UTF8.self)
      body.removeFirst(end.upperBound)
      var event = (name: "message", data: [String](), id: "")
      for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
        if line.hasPrefix("event: ") { event.name = String(line.dropFirst(7)) }
        if line.hasPrefix("data: ") { event.data.append(String(line.dropFirst(6))) }
        if line.hasPrefix("id: ") { event.id = String(line.dropFirst(4)) }
      }
      if text.hasPrefix("event: ") {
        events.append((event.name, event.data.joined(separator: "\n"), event.id))
      }
    }
  }

  private var body: [UInt8] = []
}

extension String {
  /// The words of a document, with one space between them.
  var withoutMarkup: String {
    replacing(/<[^>]*>/, with: " ").split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
