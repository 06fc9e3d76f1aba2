import FlusterCore
import FlusterProtocol
import FlusterSystem
import FlusterTesting
import Glibc
import Logging
import Testing

@testable import FlusterWorker

@Suite("ports and sockets of attempts")
struct AddressesTests {
  private func uid(_ number: UInt64) -> AttemptUID { AttemptUID(high: 7, low: number) }

  private func launch(ports: [String] = [], sockets: [String] = []) -> WireLaunch {
    var launch = WireLaunch()
    (launch.ports, launch.sockets) = (ports, sockets)
    return launch
  }

  private func with(
    worker: String = "w1", ports: ClosedRange<UInt16>,
    _ body: (inout Addresses, String) throws -> Void
  ) throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    var addresses = make(directory.path, worker: worker, ports)
    try body(&addresses, directory.path)
  }

  private func make(
    _ runtime: String, worker: String = "w1", _ ports: ClosedRange<UInt16>
  ) -> Addresses {
    Addresses(runtime: runtime, worker: worker, ports: ports, log: Logger(label: "test"))
  }

  /// Ports that nobody on this machine listens at, next to each other.
  private func range(of count: UInt16) throws -> ClosedRange<UInt16> {
    for _ in 0..<200 {
      let first = UInt16.random(in: 20_000...29_000)
      let ports = first...(first + count - 1)
      if ports.allSatisfy({ listener(at: $0) != nil }) { return ports }
    }
    throw TimedOut(what: "free ports")
  }

  private func listener(at port: UInt16) -> Descriptor? {
    let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard raw >= 0 else { return nil }
    let listener = Descriptor(adopting: raw)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return result == 0 && listen(raw, 1) == 0 ? listener : nil
  }

  /// Scenario 71.
  @Test("a range of three ports has room for three, and again once one has ended")
  func room() throws {
    let ports = try range(of: 3)
    try with(ports: ports) { addresses, _ in
      let three = launch(ports: ["a", "b", "c"])
      let given = try addresses.give(three, owner: geteuid(), to: uid(1))
      #expect(given == zip(["A", "B", "C"], ports).map { "FLUSTER_PORT_\($0)=\($1)" })
      #expect(throws: AddressObstacle.self) {
        try addresses.give(launch(ports: ["d"]), owner: geteuid(), to: uid(2))
      }
      addresses.take(from: uid(1))
      #expect(try addresses.give(three, owner: geteuid(), to: uid(3)) == given)
    }
  }

  /// Scenario 72.
  @Test("workers that take at once never have one port twice, and each can be bound")
  func atOnce() async throws {
    let ports = try range(of: 12)
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let path = directory.path
    let taken = try await withThrowingTaskGroup(of: [String].self) { group in
      for number in 1...4 {
        group.addTask {
          var addresses = make(path, worker: "w\(number)", ports)
          return try (0..<3).flatMap { place in
            try addresses.give(
              launch(ports: ["p"]), owner: geteuid(), to: uid(UInt64(number * 10 + place)))
          }
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    let numbers = taken.compactMap { UInt16($0.drop { $0 != "=" }.dropFirst()) }
    #expect(Set(numbers) == Set(ports))
    #expect(numbers.allSatisfy { listener(at: $0) != nil })
  }

  /// Scenario 73.
  @Test("a port that cannot be bound is passed over; after three of them the attempt fails")
  func taken() throws {
    let ports = try range(of: 4)
    try with(ports: ports) { addresses, _ in
      var others = [try #require(listener(at: ports.lowerBound))]
      let one = try addresses.give(launch(ports: ["web"]), owner: geteuid(), to: uid(1))
      #expect(one == ["FLUSTER_PORT_WEB=\(ports.lowerBound + 1)"])
      addresses.take(from: uid(1))
      for port in ports.dropFirst() { others.append(try #require(listener(at: port))) }
      do throws(AddressObstacle) {
        _ = try addresses.give(launch(ports: ["web"]), owner: geteuid(), to: uid(2))
        Issue.record("a port was given that cannot be bound")
      } catch {
        #expect(error.errno == EADDRINUSE)
        #expect(error.text.contains("3 ports of") && error.text.contains("port web"))
      }
      withExtendedLifetime(others) {}
    }
  }

  @Test("what is held stays held over a restart, and what has ended meanwhile is free")
  func restart() throws {
    let ports = try range(of: 2)
    try with(ports: ports) { addresses, path in
      let wish = launch(ports: ["a"], sockets: ["s"])
      let first = try addresses.give(wish, owner: geteuid(), to: uid(1))
      _ = try addresses.give(wish, owner: geteuid(), to: uid(2))
      var next = make(path, ports)
      next.keep { $0 == uid(2) }
      #expect(!Files.exists("\(path)/sock/\(uid(1))"))
      #expect(Files.isDirectory("\(path)/sock/\(uid(2))"))
      #expect(try next.give(launch(ports: ["a"]), owner: geteuid(), to: uid(3)) == [first[0]])
      #expect(throws: AddressObstacle.self) {
        try next.give(launch(ports: ["a"]), owner: geteuid(), to: uid(4))
      }
      var other = make(path, worker: "w2", ports)
      other.keep { _ in false }
      #expect(Files.isDirectory("\(path)/sock/\(uid(2))"))
    }
  }

  @Test(
    "a socket's directory is its owner's alone, and goes with the attempt and all that is in it")
  func sockets() throws {
    try with(ports: 1...1) { addresses, path in
      let given = try addresses.give(
        launch(sockets: ["api", "Log_2"]), owner: geteuid(), to: uid(1))
      let directory = "\(path)/sock/\(uid(1))"
      #expect(
        given == ["FLUSTER_SOCK_API=\(directory)/api", "FLUSTER_SOCK_LOG_2=\(directory)/Log_2"])
      var status = stat()
      #expect(stat(directory, &status) == 0 && status.st_mode & 0o777 == 0o700)
      let listener = try UnixSocket.listen(at: "\(directory)/api", kind: .stream, mode: 0o600)
      addresses.take(from: uid(1))
      #expect(!Files.exists(directory))
      withExtendedLifetime(listener) {}
    }
  }

  @Test("a socket's directory of another user is open to that user alone")
  func others() throws {
    try with(ports: 1...1) { addresses, path in
      _ = try addresses.give(launch(sockets: ["a"]), owner: geteuid() &+ 1, to: uid(2))
      let directory = "\(path)/sock/\(uid(2))"
      var status = stat()
      // The bits of the group are the most that the access list gives to anyone it names.
      #expect(stat(directory, &status) == 0 && status.st_mode & 0o777 == 0o770)
      addresses.take(from: uid(2))
      #expect(!Files.exists(directory))
    }
  }

  @Test("a path that is too long for a socket is refused, and nothing stays behind")
  func length() throws {
    try with(ports: 1...1) { _, path in
      let long = "\(path)/\(String(repeating: "x", count: 60))"
      mkdir(long, 0o700)
      var addresses = make(long, 1...1)
      do throws(AddressObstacle) {
        _ = try addresses.give(launch(sockets: ["a"]), owner: geteuid(), to: uid(1))
        Issue.record("a path was given that no socket can have")
      } catch {
        #expect(error.errno == ENAMETOOLONG)
      }
      #expect(!Files.exists("\(long)/sock/\(uid(1))"))
    }
  }
}
