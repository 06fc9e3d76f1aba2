import FlusterSystem
import FlusterTesting
import Glibc
import Testing

/// A headless Chromium with one page, driven through its pipes by the DevTools protocol.
final class Browser {
  private let program: Program
  private let commands: Descriptor
  private let answers: Descriptor
  private var bytes: [UInt8] = []
  private var last = 0
  private var session = ""

  /// Where it is found; nil: it is not installed.
  static var path: String? {
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first {
      access($0, X_OK) == 0
    }
  }

  /// Starts it, with its files below `directory`.
  init(_ path: String, in directory: String) throws {
    let (theirs, commands) = try Browser.pipe()
    let (answers, itsOwn) = try Browser.pipe()
    (self.commands, self.answers) = (commands, answers)
    program = try Program(
      [
        path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--hide-scrollbars", "--remote-debugging-pipe",
        "--user-data-dir=\(directory)/browser", "about:blank",
      ],
      environment: [
        "PATH": "/usr/bin:/bin", "HOME": directory, "XDG_RUNTIME_DIR": directory, "LC_ALL": "C",
      ], passing: [theirs.raw, itsOwn.raw])
    let target = try call("Target.createTarget", "{\"url\":\"about:blank\"}")
    let id = target["targetId"]?.string ?? ""
    let attached = try call(
      "Target.attachToTarget", "{\"targetId\":\"\(id)\",\"flatten\":true}")
    session = attached["sessionId"]?.string ?? ""
    try call("Page.enable")
  }

  /// Ends it.
  func end() throws {
    session = ""
    program.signal(SIGTERM)
    _ = try program.finish(within: 30)
  }

  /// As wide and as high as a screen; `isDark`: of somebody who wants it dark.
  func look(width: Int, height: Int, isDark: Bool = false) throws {
    try call(
      "Emulation.setDeviceMetricsOverride",
      "{\"width\":\(width),\"height\":\(height),\"deviceScaleFactor\":1,\"mobile\":false}")
    let scheme = isDark ? "dark" : "light"
    try call(
      "Emulation.setEmulatedMedia",
      "{\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"\(scheme)\"}]}")
  }

  /// Goes to an address, and waits until the page is there.
  func go(to url: String) throws {
    try call("Page.navigate", "{\"url\":\"\(url)\"}")
    try wait("document.readyState === 'complete' && location.href === '\(url)'")
  }

  /// Without scripts from now on, or with them.
  func forbidScripts(_ isForbidden: Bool) throws {
    try call("Emulation.setScriptExecutionDisabled", "{\"value\":\(isForbidden)}")
  }

  /// The value of an expression, as a text.
  func value(_ expression: String) throws -> String {
    var json = ""
    for character in expression {
      json += character == "\"" || character == "\\" ? "\\\(character)" : "\(character)"
    }
    let result = try call("Runtime.evaluate", "{\"expression\":\"String(\(json))\"}")
    return result["result"]?["value"]?.string ?? ""
  }

  /// Waits until an expression is true.
  func wait(_ expression: String, within seconds: Double = 30) throws {
    try eventually(expression, within: seconds) { try value(expression) == "true" }
  }

  /// Keeps a picture of the page where FLUSTER_ARTEFACTS says, for people to look at.
  func keepPicture(_ name: String) throws {
    let picture = try call("Page.captureScreenshot", "{\"format\":\"png\"}")
    let data = try #require(picture["data"]?.string)
    #expect(data.count > 1000)
    guard let directory = Processes.environment["FLUSTER_ARTEFACTS"] else { return }
    let program = try Program(
      ["sh", "-c", "mkdir -p \"$0\" && base64 -d >\"$0/$1.png\"", directory, name],
      environment: ["PATH": "/usr/bin:/bin"], input: data)
    #expect(try program.finish().status == 0)
  }

  @discardableResult
  private func call(_ method: String, _ parameters: String = "{}") throws -> ParsedJSON {
    last += 1
    let place = session.isEmpty ? "" : ",\"sessionId\":\"\(session)\""
    try commands.write(
      Array("{\"id\":\(last),\"method\":\"\(method)\",\"params\":\(parameters)\(place)}\0".utf8),
      what: "to the browser")
    while true {
      let message = try message()
      guard message["id"] == .number("\(last)") else { continue }
      if let error = message["error"] { throw Failed("\(method): \(error)", number: EPROTO) }
      return message["result"] ?? .null
    }
  }

  private func message() throws -> ParsedJSON {
    let deadline = Deadline(seconds: 60)
    while true {
      if let end = bytes.firstIndex(of: 0) {
        let text = String(decoding: bytes[..<end], as: UTF8.self)
        bytes.removeFirst(end + 1)
        return try ParsedJSON(text)
      }
      var interest = pollfd(fd: answers.raw, events: Int16(POLLIN), revents: 0)
      guard poll(&interest, 1, 1000) > 0 else {
        guard !deadline.hasPassed else { throw TimedOut(what: "the browser's answer") }
        continue
      }
      var buffer = [UInt8](repeating: 0, count: 256 << 10)
      let count = read(answers.raw, &buffer, buffer.count)
      guard count > 0 else { throw Failed("read from the browser: \(program.errorsSoFar)") }
      bytes += buffer[..<count]
    }
  }

  private static func pipe() throws -> (Descriptor, Descriptor) {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { throw Failed("make a pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (Descriptor(adopting: ends[0]), Descriptor(adopting: ends[1]))
  }
}
