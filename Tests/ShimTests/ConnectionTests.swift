import FlusterSystem
import Glibc
import Testing

@Suite("the connection to a shim")
struct ConnectionTests {
  @Test("a second worker replaces the first, a mere probe does not")
  func replacement() throws {
    let shim = try ShimFixture()
    let first = try shim.connect()
    let spawn = shim.job("sleep", "1000")
    try first.ask(.spawn(spawn))
    let (started, _) = try first.start(of: spawn.uid)
    _ = try ShimConnection.connect(shim.socket)
    #expect(try first.list() == [.started(started)])
    let second = try shim.connect()
    do {
      while true { _ = try first.next() }
    } catch ShimConnectionError.closed {
    }
    #expect(try second.list() == [.started(started)])
  }

  @Test("a reconnecting worker gets pidfd and log again, and finds the end that it missed")
  func reconnection() throws {
    let shim = try ShimFixture()
    var spawn = shim.job("sleep", "1000")
    spawn.output = .kept
    do {
      let first = try shim.connect()
      try first.ask(.spawn(spawn))
      _ = try first.start(of: spawn.uid)
    }
    do {
      let second = try shim.connect()
      try second.ask(.list)
      let (_, pidfd) = try second.start(of: spawn.uid)
      let (notice, descriptors) = try second.next()
      #expect(notice == .log(uid: spawn.uid, errors: false) && descriptors.count == 1)
      try PidFD.send(signal: SIGKILL, to: pidfd)
    }
    let third = try shim.connect()
    try third.ask(.list)
    #expect(try third.end(of: spawn.uid).signal == 9)
  }

  @Test("another version is refused with both numbers")
  func version() throws {
    let shim = try ShimFixture()
    let connection = try ShimConnection.connect(shim.socket)
    try connection.ask(.hello(version: 99))
    #expect(try connection.next().0 == .refused(theirs: 99, ours: ShimWire.version))
    #expect(throws: ShimConnectionError.self) { _ = try connection.next() }
    #expect(try shim.connect().list().isEmpty)
  }

  @Test("nothing is done for a connection that does not say hello")
  func silence() throws {
    let shim = try ShimFixture()
    let connection = try ShimConnection.connect(shim.socket)
    try connection.ask(.spawn(shim.job("touch", "made")))
    #expect(throws: ShimConnectionError.self) { _ = try connection.next() }
    #expect(!Files.exists("\(shim.directory)/made"))
  }

  @Test("packets of rubbish end the connection, not the shim")
  func rubbish() throws {
    let shim = try ShimFixture()
    let running = shim.job("sleep", "1000")
    let connection = try shim.connect()
    try connection.ask(.spawn(running))
    let (started, _) = try connection.start(of: running.uid)
    let seed = Entropy.word()
    var random = seed | 1
    for _ in 0..<100 {
      let connection = try shim.connect()
      var packet = [UInt8](repeating: 0, count: Int(random % 300) + 1)
      for index in packet.indices {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        packet[index] = UInt8(truncatingIfNeeded: random >> 33)
      }
      // Half of them with a head that is right, of requests and of kinds that there are not.
      if packet.count >= 8, random % 2 == 0 {
        let count = UInt8(truncatingIfNeeded: packet.count)
        packet.replaceSubrange(
          0..<8,
          with: [2, 0, packet[2] % 12, 0, count, UInt8(packet.count >> 8), 0, 0])
        // Acknowledgements and the like of random uids are lawful; a request to quit is refused.
      }
      _ = try ShimConnection.send(packet, descriptors: [], to: connection.descriptor)
    }
    let notices = try shim.connect().list()
    #expect(notices == [.started(started)], "seed \(seed)")
  }

  @Test("a spawn that cannot be understood is answered, and the conversation goes on")
  func malformedSpawn() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    let uid = Entropy.bytes(16)
    let packet: [UInt8] = [2, 0, 2, 0, 44, 0, 0, 0] + uid + [0, 0, 0, 0] + uid
    _ = try ShimConnection.send(packet, descriptors: [], to: connection.descriptor)
    #expect(
      try connection.next().0
        == .notStarted(uid: uid, tag: ShimWire.noTag, reason: 12, errno: EBADMSG))
    let file = Descriptor(adopting: open("/etc/passwd", O_RDONLY))
    _ = try ShimConnection.send(packet, descriptors: [file], to: connection.descriptor)
    #expect(
      try connection.next().0
        == .notStarted(uid: uid, tag: ShimWire.noTag, reason: 12, errno: EBADMSG))
    #expect(try connection.run(shim.job("true")).exitCode == 0)
  }

  @Test("a spawn that comes twice starts one job")
  func twice() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    let spawn = shim.script("echo once; exit 4")
    try connection.ask(.spawn(spawn))
    try connection.ask(.spawn(spawn))
    let record = try connection.end(of: spawn.uid)
    try connection.ask(.spawn(spawn))
    #expect(try connection.end(of: spawn.uid) == record)
    #expect(shim.output == "once\n")
  }

  @Test(
    "a socket that systemd passes is served, and left where it is",
    .enabled(if: Files.exists("/usr/bin/systemd-socket-activate"), "systemd is not installed"))
  func activation() throws {
    let shim = try ShimFixture()
    shim.stop()
    try Files.remove(shim.socket)
    let activated = try launch([
      "/usr/bin/systemd-socket-activate", "--seqpacket", "--fdname=shim", "-l", shim.socket,
      binary("fluster-shim"), "--state", shim.state, "--log-directory", shim.logs,
      "--listen", "\(shim.directory)/unused.sock",
    ])
    var status: Int32 = 0
    defer { waitpid(activated, &status, 0) }
    let path = shim.socket
    try eventually("the socket") { Files.exists(path) }
    let connection = try shim.connect()
    let spawn = shim.job("true")
    #expect(try connection.run(spawn).exitCode == 0)
    try connection.ask(.acknowledge(uid: spawn.uid))
    try connection.ask(.quit)
    #expect(throws: ShimConnectionError.self) { _ = try connection.next() }
    #expect(Files.exists(shim.socket))
    #expect(!Files.exists("\(shim.directory)/unused.sock"))
  }

  @Test("the hello tells the shim's process, its machine and what it cannot enforce")
  func hello() throws {
    let shim = try ShimFixture(["--no-cgroup"])
    let connection = try ShimConnection.connect(shim.socket)
    try connection.ask(.hello(version: ShimWire.version))
    guard case .hello(let hello) = try connection.next().0 else { throw Unexpected("no hello") }
    #expect(hello.pid == shim.pid)
    #expect(hello.lacks == ["cgroup", "cpu", "cpuset", "memory", "pids"])
    let boot = contents("/proc/sys/kernel/random/boot_id").filter(\.isHexDigit)
    #expect(ShimSpawn.hexadecimal(hello.bootID) == boot)
  }
}
