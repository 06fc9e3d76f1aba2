import FlusterSystem
import Glibc
import Synchronization
import Testing

/// Several threads that all want to listen at one path.
private final class Contest: Sendable {
  let path: String
  let listeners = Mutex<[Descriptor]>([])

  init(path: String) { self.path = path }

  func enter() {
    guard let listener = try? UnixSocket.listen(at: path, kind: .stream, mode: 0o600) else {
      return
    }
    listeners.withLock { $0.append(listener) }
  }
}

@Suite struct UnixSocketTests {
  @Test(
    "a client reaches the listener, and both ends close on exec",
    arguments: [
      SocketKind.stream, .seqpacket,
    ])
  func connects(kind: SocketKind) throws {
    try ScratchDirectory.with { scratch in
      let listener = try UnixSocket.listen(at: scratch("s"), kind: kind, mode: 0o600)
      #expect(try UnixSocket.accept(listener) == nil)
      let client = try UnixSocket.connect(to: scratch("s"), kind: kind)
      let server = try #require(try UnixSocket.accept(listener))
      #expect(closesOnExec(listener) && closesOnExec(client) && closesOnExec(server))
      #expect(fcntl(server.raw, F_GETFL) & O_NONBLOCK != 0)
      #expect(fcntl(client.raw, F_GETFL) & O_NONBLOCK == 0)
    }
  }

  @Test("a listener is found without noticing it", arguments: [SocketKind.stream, .seqpacket])
  func findsListener(kind: SocketKind) throws {
    try ScratchDirectory.with { scratch in
      let listener = try UnixSocket.listen(at: scratch("s"), kind: kind, mode: 0o600)
      #expect(UnixSocket.hasListener(at: scratch("s"), kind: kind))
      #expect(try UnixSocket.accept(listener) == nil)
      #expect(!UnixSocket.hasListener(at: scratch("none"), kind: kind))
      withExtendedLifetime(listener) {}
    }
    try ScratchDirectory.with { scratch in
      _ = try UnixSocket.listen(at: scratch("s"), kind: kind, mode: 0o600)
      #expect(!UnixSocket.hasListener(at: scratch("s"), kind: kind))
    }
  }

  @Test("the socket file has exactly the mode asked for", arguments: [UInt32(0o600), 0o660, 0o666])
  func hasMode(mode expected: UInt32) throws {
    try ScratchDirectory.with { scratch in
      let listener = try UnixSocket.listen(at: scratch("s"), kind: .stream, mode: expected)
      #expect(mode(of: scratch("s")) == expected)
      withExtendedLifetime(listener) {}
    }
  }

  @Test("a stale socket file is replaced", arguments: [SocketKind.stream, .seqpacket])
  func replacesStale(kind: SocketKind) throws {
    try ScratchDirectory.with { scratch in
      _ = try UnixSocket.listen(at: scratch("s"), kind: kind, mode: 0o600)
      #expect(Files.exists(scratch("s")))
      let second = try UnixSocket.listen(at: scratch("s"), kind: kind, mode: 0o600)
      _ = try UnixSocket.connect(to: scratch("s"), kind: kind)
      #expect(try UnixSocket.accept(second) != nil)
    }
  }

  @Test("a live socket is left alone, even by a listener of the other kind")
  func keepsLive() throws {
    try ScratchDirectory.with { scratch in
      let first = try UnixSocket.listen(at: scratch("s"), kind: .stream, mode: 0o600)
      for kind in [SocketKind.stream, .seqpacket] {
        let error = failure { () throws(SystemError) in
          _ = try UnixSocket.listen(at: scratch("s"), kind: kind, mode: 0o600)
        }
        #expect(error?.errno == EADDRINUSE)
      }
      _ = try UnixSocket.connect(to: scratch("s"), kind: .stream)
      withExtendedLifetime(first) {}
    }
  }

  @Test("of many that start together on a stale socket, one listens and can be reached")
  func startsTogether() throws {
    try ScratchDirectory.with { scratch in
      _ = try UnixSocket.listen(at: scratch("s"), kind: .stream, mode: 0o600)
      let contest = Contest(path: scratch("s"))
      var threads: [pthread_t] = []
      for _ in 0..<8 {
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(contest).toOpaque()
        let started = pthread_create(
          &thread, nil,
          { argument in
            guard let argument else { return nil }
            Unmanaged<Contest>.fromOpaque(argument).takeRetainedValue().enter()
            return nil
          }, argument)
        if started == 0 { threads.append(thread) }
      }
      for thread in threads { pthread_join(thread, nil) }
      #expect(threads.count == 8)
      let listeners = contest.listeners.withLock { $0 }
      #expect(listeners.count == 1)
      _ = try UnixSocket.connect(to: scratch("s"), kind: .stream)
      #expect(try UnixSocket.accept(try #require(listeners.first)) != nil)
    }
  }

  @Test("a file that is no socket is left alone")
  func keepsFiles() throws {
    try ScratchDirectory.with { scratch in
      try Files.writeAtomically(scratch("s"), [1], mode: 0o600)
      let error = failure { () throws(SystemError) in
        _ = try UnixSocket.listen(at: scratch("s"), kind: .stream, mode: 0o600)
      }
      #expect(error?.errno == EADDRINUSE)
      #expect(try Files.read(scratch("s"), limit: 1) == [1])
    }
  }

  @Test("a path of 107 bytes is taken and one of 108 is refused with the limit")
  func refusesLongPaths() throws {
    try ScratchDirectory.with { scratch in
      let room = UnixSocket.maximumPathLength - scratch("").utf8.count
      let longest = scratch(String(repeating: "s", count: room))
      let listener = try UnixSocket.listen(at: longest, kind: .stream, mode: 0o600)
      _ = try UnixSocket.connect(to: longest, kind: .stream)
      #expect(try UnixSocket.accept(listener) != nil)
      let tooLong = longest + "s"
      let reason =
        "use \(tooLong) (108 bytes, and a socket path has at most 107): file name too long"
      let listening = failure { () throws(SystemError) in
        _ = try UnixSocket.listen(at: tooLong, kind: .stream, mode: 0o600)
      }
      #expect(listening?.description == reason)
      #expect(!Files.exists("\(tooLong).lock"))
      let connecting = failure { () throws(SystemError) in
        _ = try UnixSocket.connect(to: tooLong, kind: .stream)
      }
      #expect(connecting?.description == reason)
    }
  }

  @Test("connecting where nobody listens says so in one lower-case sentence")
  func saysWhy() {
    let error = failure { () throws(SystemError) in
      _ = try UnixSocket.connect(to: "/nonexistent/s", kind: .stream)
    }
    #expect(error?.description == "connect to /nonexistent/s: no such file or directory")
  }

  @Test("a receive with a time limit gives up")
  func timesOut() throws {
    let (mine, theirs) = try UnixSocket.pair(kind: .stream)
    try UnixSocket.setTimeouts(mine, milliseconds: 1)
    guard case .wouldBlock = try receive(from: mine) else {
      Issue.record("the receive came back with something")
      return
    }
    withExtendedLifetime(theirs) {}
  }
}
