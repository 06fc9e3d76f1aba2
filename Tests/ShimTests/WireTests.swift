import FlusterSystem
import Glibc
import Testing

@Suite("the wire between worker and shim")
struct WireTests {
  static let uid = [UInt8](1...16)
  static let tag = [UInt8](101...116)

  static var record: ShimRecord {
    var record = ShimRecord()
    record.signal = 11
    record.startedNanoseconds = 5
    record.endedNanoseconds = Int64.max
    record.peakMemoryBytes = UInt64.max
    record.ioStallMicroseconds = 4
    record.throttledMicroseconds = 5
    record.outOfMemory = true
    return record
  }

  static let notices: [ShimNotice] = [
    .hello(ShimHello(version: 1, pid: 7, bootID: uid, lacks: ["cpu", "memory"], leaseEnd: -1)),
    .starting(uid: uid, tag: tag),
    .started(
      ShimStarted(
        uid: uid, tag: tag, pid: 9, startedNanoseconds: 1, startedWall: 2, cgroup: "/sys/x")),
    .notStarted(uid: uid, tag: tag, reason: 1, errno: 2), .ended(uid: uid, tag: tag, record),
    .log(uid: uid, errors: true), .listEnd, .refused(theirs: 2, ours: 1), .stuck(uid: uid),
    .unknown(uid: uid), .held(3),
  ]

  @Test("every notice comes out as it went in", arguments: notices)
  func notice(_ notice: ShimNotice) throws {
    #expect(try ShimNotice.decode(notice.encoded()) == notice)
  }

  @Test("every notice that is cut or grown is refused", arguments: notices)
  func cut(_ notice: ShimNotice) {
    let packet = notice.encoded()
    for count in packet.indices {
      #expect(throws: ShimWireError.self) { _ = try ShimNotice.decode(Array(packet[..<count])) }
    }
    #expect(throws: ShimWireError.self) { _ = try ShimNotice.decode(packet + [0]) }
  }

  @Test("only a refusal is understood in another version")
  func version() throws {
    var refusal = ShimNotice.refused(theirs: 1, ours: 2).encoded()
    refusal[0] = 3
    #expect(try ShimNotice.decode(refusal) == .refused(theirs: 1, ours: 2))
    var end = ShimNotice.listEnd.encoded()
    end[0] = 3
    #expect(throws: ShimWireError.version(3)) { _ = try ShimNotice.decode(end) }
  }

  @Test("a spawn crosses a socket whole")
  func spawn() throws {
    var spawn = ShimSpawn(
      uid: Self.uid, owner: 1000, argv: [[0xff], [], Array("x y".utf8)],
      environment: [Array("A=1".utf8)], directory: Array("/".utf8))
    spawn.tag = Self.tag
    spawn.umask = 0o777
    spawn.nice = -20
    spawn.limits = [ShimLimit(resource: 7, soft: 1, hard: UInt64.max)]
    spawn.cpuQuotaMillis = 1500
    spawn.memoryLimit = 1 << 40
    spawn.processLimit = 10
    spawn.wantsProcessors = true
    spawn.ioWeight = 10_000
    spawn.input = .path(Array("in".utf8))
    spawn.output = .kept
    spawn.errors = .path([0xfe])
    spawn.script = [0, 1, 2]
    spawn.scriptWord = 2
    let (left, right) = try UnixSocket.pair(kind: .seqpacket)
    #expect(try ShimConnection(adopting: left).send(.spawn(spawn)))
    let received = try #require(try ShimConnection.receive(from: right))
    let request = try ShimRequest.decode(received.packet) {
      received.descriptors.first.flatMap {
        try? SealedMemory.read($0, limit: ShimWire.bulkLimit)
      }
    }
    let script = try #require(received.descriptors.last)
    #expect(try SealedMemory.read(script, limit: 3) == spawn.script)
    // It stays beside the packet.
    spawn.script = []
    #expect(request == .spawn(spawn))
    try spawn.check(descriptors: 2)
    for wrong in [0, 1, 3] {
      #expect(throws: ShimWireError.self) { try spawn.check(descriptors: wrong) }
    }
  }

  @Test("attempts with the same script share its memory, and others do not")
  func sharing() throws {
    let (left, right) = try UnixSocket.pair(kind: .seqpacket)
    let connection = ShimConnection(adopting: left)
    let inodes = try ["true", "true", "true\n", "true"].map { script in
      var spawn = ShimSpawn(
        uid: Self.uid, owner: 1000, argv: [[0x61], [0x62]], environment: [], directory: [0x2f])
      (spawn.script, spawn.scriptWord) = (Array(script.utf8), 1)
      #expect(try connection.send(.spawn(spawn)))
      let received = try #require(try ShimConnection.receive(from: right))
      let memory = try #require(received.descriptors.last)
      #expect(try SealedMemory.read(memory, limit: 9) == spawn.script)
      var status = stat()
      #expect(fstat(memory.raw, &status) == 0)
      return status.st_ino
    }
    #expect(inodes[0] == inodes[1] && Set(inodes).count == 3)
  }

  @Test("entries of a file come out as they went in, but for what a crash cut off")
  func entries() throws {
    let entries: [ShimEntry] = [
      .intent(
        ShimIntent(
          uid: Self.uid, owner: 3, tag: Self.tag, bootID: Self.uid, wall: 4, cgroup: "/c",
          keepsOutput: true, keepsErrors: false)),
      .started(pid: 5, ticks: 6, nanoseconds: 7, wall: 8), .ended(Self.record),
    ]
    let whole = entries.flatMap { $0.encoded() }
    #expect(try ShimEntry.decode(whole).entries == entries)
    let sizes = entries.map { $0.encoded().count }
    for count in 0..<whole.count {
      let found = try ShimEntry.decode(Array(whole[..<count]))
      let complete = sizes.indices.filter { sizes[...$0].reduce(0, +) <= count }.count
      #expect(found.entries == Array(entries[..<complete]))
      #expect(found.length == sizes[..<complete].reduce(0, +))
    }
  }

  @Test("an intent of the first version, which had no tag, is read")
  func firstVersion() throws {
    let intent = ShimIntent(
      uid: Self.uid, owner: 3, tag: ShimWire.noTag, bootID: Self.uid, wall: 4, cgroup: "/c",
      keepsOutput: true, keepsErrors: false)
    var old = ShimEntry.intent(intent).encoded()
    old.removeSubrange(28..<44)
    old[0] = 1
    old[4] -= 16
    #expect(try ShimEntry.decode(old).entries == [.intent(intent)])
    old[0] = 9
    #expect(throws: ShimWireError.version(9)) { _ = try ShimEntry.decode(old) }
  }
}
