import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol
import FlusterSystem
import FlusterTesting
import Testing

@Suite("Conversations with flusterd")
struct SessionTests {
  private let voice = Voice(program: "test", isQuiet: true)

  private func session(_ path: String) -> Session {
    Session(with: Instance(path: path, title: "instance"), voice: voice)
  }

  @Test("a submit whose connection is lost is sent again, with its token and marked as such")
  func resend() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let path = "\(directory.path)/control.sock"
    var submitted = WireSubmitted()
    submitted.job = 42
    let server = try StandIn(at: path, answers: [[], [], [.submitted(submitted)]])
    var session = session(path)
    let answer = try session.persist { (connection, isAgain) throws(CallError) in
      var submit = WireSubmit()
      submit.token = .of(Array(repeating: 7, count: 16))
      submit.resend = isAgain
      return try connection.call(.submit(submit))
    }
    #expect(answer == .submitted(submitted))
    let came = server.received.map(\.submit)
    #expect(came.map(\.resend) == [false, true, true])
    #expect(Set(came.map(\.token)).count == 1)
  }

  @Test("a flusterd that is not there is an error at once, which names the way out")
  func absent() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let path = "\(directory.path)/control.sock"
    var session = session(path)
    let failure = try #require(throws: Failure.self) {
      try session.call(.getStatus(WireGetStatus()))
    }
    #expect(failure.status == .unreachable)
    #expect(failure.message == "cannot reach flusterd at \(path): no such file or directory")
    #expect(failure.wayOut?.contains("fluster up") == true)
  }

  @Test("a listing that flusterd's end cuts is gone on with, and shows no row twice")
  func listing() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let path = "\(directory.path)/control.sock"
    func page(_ ids: ClosedRange<UInt64>) -> WireEnvelope.OneOf_Body {
      var page = WireListing()
      page.jobs = ids.map { id in
        var row = WireJobRow()
        row.job = id
        return row
      }
      return .listing(page)
    }
    let server = try StandIn(
      at: path, answers: [[page(1...2)], [page(1...3), page(4...4), .done(WireDone())]])
    var session = session(path)
    var pages: [[UInt64]] = []
    try session.eachPage(of: WireList(), rows: 2) { page in pages.append(page.jobs.map(\.job)) }
    #expect(pages == [[1, 2], [3, 4]])
    #expect(server.received.count == 2)
  }

  @Test("who listens and says nothing is told from who is not there, and is given up in time")
  func mute() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let path = "\(directory.path)/control.sock"
    // Nobody accepts, and the kernel makes the connection all the same.
    let listener = try UnixSocket.listen(at: path, kind: .stream, mode: 0o600)
    var session = session(path)
    let failure = try #require(throws: Failure.self) {
      try session.persist(patience: Span(milliseconds: 50)) { (connection, _) throws(CallError) in
        try connection.call(.getStatus(WireGetStatus()))
      }
    }
    #expect(failure.status == .tryAgain)
    #expect(failure.message == "flusterd at \(path) listens, and does not answer")
    withExtendedLifetime(listener) {}
  }

  @Test("a flusterd that went away for good is given up after the patience")
  func gone() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let path = "\(directory.path)/control.sock"
    let server = try StandIn(at: path, answers: [[]])
    var session = session(path)
    let failure = try #require(throws: Failure.self) {
      try session.persist(patience: Span(milliseconds: 50)) { (connection, _) throws(CallError) in
        try connection.call(.getStatus(WireGetStatus()))
      }
    }
    #expect(failure.status == .unreachable)
    #expect(server.received.count == 1)
  }

  @Test("a flusterd that takes the connection and says nothing is given up at the deadline")
  func silent() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let path = "\(directory.path)/control.sock"
    let listener = try UnixSocket.listen(at: path, kind: .stream, mode: 0o600)
    defer { withExtendedLifetime(listener) {} }
    var session = session(path)
    let failure = try #require(throws: Failure.self) {
      try session.persist(until: Pause.now + Span(milliseconds: 50)) {
        (connection, _) throws(CallError) in try connection.call(.getStatus(WireGetStatus()))
      }
    }
    #expect(failure.message == "flusterd at \(path) listens, and does not answer")
  }

  @Test("a flusterd that stays away is given up at the deadline, before the patience ends")
  func away() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let path = "\(directory.path)/control.sock"
    let server = try StandIn(at: path, answers: [[]])
    var session = session(path)
    let failure = try #require(throws: Failure.self) {
      try session.persist(patience: .seconds(3600), until: Pause.now + Span(milliseconds: 200)) {
        (connection, _) throws(CallError) in try connection.call(.getStatus(WireGetStatus()))
      }
    }
    #expect(failure.status == .unreachable)
    #expect(server.received.count == 1)
  }

  @Test("an error of flusterd is the command's, with its status and way out")
  func refused() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let path = "\(directory.path)/control.sock"
    let refusal = Refusal(.permissionDenied, "job 42 is not yours", wayOut: "ask its owner")
    let server = try StandIn(at: path, answers: [[.error(WireError(refusal))]])
    var session = session(path)
    let failure = try #require(throws: Failure.self) { try session.call(.kill(WireKill())) }
    #expect(failure == Failure(.permission, "job 42 is not yours", wayOut: "ask its owner"))
    #expect(server.received.count == 1)
  }

  @Test("without a version in common nothing is asked, and both are named")
  func versions() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let path = "\(directory.path)/control.sock"
    var hello = WireHello(role: .controller)
    hello.version = 9
    hello.oldestVersion = 8
    let server = try StandIn(at: path, hello: hello, answers: [[.done(WireDone())]])
    var session = session(path)
    let failure = try #require(throws: Failure.self) {
      try session.call(.getStatus(WireGetStatus()))
    }
    #expect(failure.message.contains("protocol 1") && failure.message.contains("protocol 8 to 9"))
    #expect(server.received.isEmpty)
  }
}
