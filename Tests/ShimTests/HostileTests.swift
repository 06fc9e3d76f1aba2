import CFluster
import FlusterSystem
import Glibc
import Testing

@Suite("a hostile worker, as root", .enabled(if: geteuid() == 0, "it needs root"))
struct HostileTests {
  @Test("a uid that runs already is not started as somebody else")
  func sameUID() throws {
    let shim = try SystemShim(configuration: "AllowUids=61802-61803")
    let connection = try shim.connect()
    let first = shim.script("echo first; exec sleep 1000")
    try connection.ask(.spawn(first))
    let (started, _) = try connection.start(of: first.uid)
    var second = shim.script("echo second", owner: 61_803)
    second.uid = first.uid
    second.tag = Entropy.bytes(16)
    try connection.ask(.spawn(second))
    #expect(try connection.next().0 == .started(started))
    #expect(try connection.list() == [.started(started)])
    try eventually("the first has printed") {
      contents("\(shim.directory)/home/out") == "first\n"
    }
    try connection.ask(.kill(uid: first.uid))
    #expect(try connection.end(of: first.uid).signal == 9)
    #expect(contents("\(shim.directory)/home/out") == "first\n")
  }

  @Test("a job is neither nicer nor less limited than the shim's own file says")
  func ceilings() throws {
    let shim = try SystemShim(configuration: "AllowUids=61802\nNice=2\nLimitNOFILE=50")
    let connection = try shim.connect()
    var spawn = shim.script(
      "nice; ulimit -Hn; ulimit -Hc; cat /proc/self/oom_score_adj; grep CapEff /proc/self/status")
    spawn.nice = -20
    spawn.limits = (0..<16).map { ShimLimit(resource: $0, soft: .max, hard: .max) }
    spawn.cpuMillis = .max
    spawn.cpuQuotaMillis = .max
    #expect(try connection.run(spawn).exitCode == 0)
    let lines = contents("\(shim.directory)/home/out").split(separator: "\n").map(String.init)
    #expect(lines.prefix(2) == ["2", "50"])
    #expect(lines.suffix(2) == ["0", "CapEff:\t0000000000000000"])
  }

  @Test("memory that is not sealed, too long, or none is answered, and read by nobody")
  func bulk() throws {
    let shim = try SystemShim()
    let connection = try shim.connect()
    let before = memory(of: shim.pid)
    let uid = Entropy.bytes(16)
    let packet: [UInt8] = [2, 0, 2, 0, 44, 0, 0, 0] + uid + [106, 241, 0, 0] + uid
    let open = Descriptor(adopting: memfd("open", 4096))
    let sparse = Descriptor(adopting: memfd("sparse", 8 << 30))
    #expect(fl_seal(sparse.raw) == 0)
    let pidfd = try PidFD.open(pid: getpid())
    let (socket, other) = try UnixSocket.pair(kind: .stream)
    for descriptor in [open, sparse, pidfd, socket] {
      _ = try ShimConnection.send(packet, descriptors: [descriptor], to: connection.descriptor)
      #expect(
        try connection.next().0
          == .notStarted(uid: uid, tag: ShimWire.noTag, reason: 12, errno: EBADMSG))
    }
    #expect(memory(of: shim.pid) < before + 64_000)
    #expect(try connection.list() == [])
    withExtendedLifetime(other) {}
  }

  @Test("packets with more descriptors than they may have end the connection and leave none")
  func descriptors() throws {
    let shim = try SystemShim()
    #expect(try shim.connect().list() == [])
    let before = count(shim.pid)
    let null = Descriptor(adopting: open("/dev/null", O_RDONLY | O_CLOEXEC))
    let list: [UInt8] = [2, 0, 5, 0, 8, 0, 0, 0]
    for number in 1...100 {
      let connection = try shim.connect()
      let many = [Descriptor](repeating: null, count: number % 16 + 1)
      _ = try ShimConnection.send(list, descriptors: many, to: connection.descriptor)
    }
    let connection = try shim.connect()
    #expect(try connection.list() == [])
    #expect(count(shim.pid) <= before + 1)
  }

  @Test("what does not exist is unknown, and an attempt that runs is not forgotten")
  func strangers() throws {
    let shim = try SystemShim()
    let connection = try shim.connect()
    let running = shim.script("exec sleep 1000")
    try connection.ask(.spawn(running))
    let (started, _) = try connection.start(of: running.uid)
    for uid in [Array("../../etc/passwd".utf8), [UInt8](repeating: 0, count: 16)] {
      try connection.ask(.acknowledge(uid: uid))
      try connection.ask(.openLog(uid: uid, errors: true))
      #expect(try connection.next().0 == .unknown(uid: uid))
      try connection.ask(.kill(uid: uid))
      #expect(try connection.next().0 == .unknown(uid: uid))
    }
    for number in [0, -1, 65, Int32.max, Int32.min] {
      try connection.ask(.signal(uid: running.uid, number: number))
    }
    try connection.ask(.acknowledge(uid: running.uid))
    #expect(try connection.list() == [.started(started)])
    try connection.ask(.kill(uid: running.uid))
    #expect(try connection.end(of: running.uid).signal == 9)
  }

  @Test("a uid is 16 bytes, and no path")
  func paths() throws {
    let shim = try SystemShim()
    let connection = try shim.connect()
    for uid in ["../../../../etc/", "/tmp/evil/file/x", "................"] {
      var spawn = shim.script("echo $FLUSTER_ATTEMPT_UID")
      spawn.uid = Array(uid.utf8)
      spawn.environment.append(Array("FLUSTER_ATTEMPT_UID=another".utf8))
      spawn.output = .kept
      #expect(try connection.run(spawn).exitCode == 0)
      let name = ShimSpawn.hexadecimal(spawn.uid)
      #expect(contents("\(shim.directory)/log/\(name).log") == "\(name)\n")
      #expect(Files.exists("\(shim.directory)/state/\(name)"))
      try connection.ask(.acknowledge(uid: spawn.uid))
    }
    #expect(try connection.list() == [])
    #expect(try Files.names(in: "\(shim.directory)/state") == [])
  }

  @Test("what is refused is held up to a bound, and what goes beyond it is answered all the same")
  func crowd() throws {
    let shim = try SystemShim()
    let connection = try shim.connect()
    let spawn = shim.script("true", owner: 0)
    let bulk = try bulk(of: spawn)
    let most = 32_768
    for number in 0..<(most + 10) {
      var uid = [UInt8](repeating: 0, count: 16)
      for index in 0..<4 { uid[index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
      let packet: [UInt8] = [2, 0, 2, 0, 44, 0, 0, 0] + uid + [0, 0, 0, 0] + uid
      while try !ShimConnection.send(packet, descriptors: [bulk], to: connection.descriptor) {
        poll(nil, 0, 1)
      }
      guard case .notStarted(uid, _, let reason, let errno) = try connection.next().0 else {
        throw Unexpected("another answer")
      }
      #expect((reason, errno) == (number < most ? (3, EPERM) : (11, EAGAIN)))
    }
    #expect(try connection.list().count == most)
    try connection.ask(.acknowledge(uid: [UInt8](repeating: 0, count: 16)))
    #expect(try connection.run(shim.script("true")).exitCode == 0)
  }

  private func count(_ pid: Int32) -> Int {
    (try? Files.names(in: "/proc/\(pid)/fd").count) ?? 0
  }

  /// Resident, in kB.
  private func memory(of pid: Int32) -> Int {
    let line = contents("/proc/\(pid)/status").split(separator: "\n").first {
      $0.hasPrefix("VmHWM:")
    }
    return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
  }

  private func memfd(_ name: String, _ size: Int) -> Int32 {
    let raw = fl_memfd(name)
    ftruncate(raw, off_t(size))
    return raw
  }

  /// The sealed memory that a spawn crosses in.
  private func bulk(of spawn: ShimSpawn) throws -> Descriptor {
    let (near, far) = try UnixSocket.pair(kind: .seqpacket)
    _ = try ShimConnection(adopting: near).send(.spawn(spawn))
    guard let (_, descriptors) = try ShimConnection.receive(from: far),
      let bulk = descriptors.first
    else { throw Unexpected("no spawn") }
    return bulk
  }
}
