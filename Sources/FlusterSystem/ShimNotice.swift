/// What the shim says of itself.
package struct ShimHello: Sendable, Hashable {
  package var version: UInt32
  /// The shim's process; watch it by a pidfd.
  package var pid: Int32
  /// Of the machine, 16 bytes.
  package var bootID: [UInt8]
  /// What cannot be enforced here, sorted: of "cgroup", "cpu", "cpuset",
  /// "memory", "pids".
  package var lacks: [String]
  /// When everything will be ended, as a worker has said; see `ShimRequest.lease`.
  package var leaseEnd: Int64?

  /// Takes the values as they are.
  package init(
    version: UInt32, pid: Int32, bootID: [UInt8], lacks: [String], leaseEnd: Int64?
  ) {
    self.version = version
    self.pid = pid
    self.bootID = bootID
    self.lacks = lacks
    self.leaseEnd = leaseEnd
  }
}

/// An attempt whose command is being executed.
package struct ShimStarted: Sendable, Hashable {
  package var uid: [UInt8]
  /// As it was given with the spawn; so with every other notice.
  package var tag: [UInt8]
  /// The leader; also its session and process group.
  package var pid: Int32
  /// CLOCK_MONOTONIC when it was cloned, in nanoseconds: time limits count from here.
  package var startedNanoseconds: Int64
  /// Milliseconds since 1970.
  package var startedWall: Int64
  /// The path of its cgroup's directory; empty: none.
  package var cgroup: String

  /// Takes the values as they are.
  package init(
    uid: [UInt8], tag: [UInt8], pid: Int32, startedNanoseconds: Int64, startedWall: Int64,
    cgroup: String
  ) {
    self.uid = uid
    self.tag = tag
    self.pid = pid
    self.startedNanoseconds = startedNanoseconds
    self.startedWall = startedWall
    self.cgroup = cgroup
  }
}

/// What the shim answers and tells.
package enum ShimNotice: Sendable, Hashable {
  case hello(ShimHello)
  /// In a list: held, but not yet at its command, or left over by an earlier shim and being ended.
  /// Whichever of `started`, `notStarted` and `ended` it comes to follows.
  case starting(uid: [UInt8], tag: [UInt8])
  /// With a pidfd of the leader, unless the leader is gone and its end about to be told.
  case started(ShimStarted)
  /// `reason` is a number of the table in fluster-shim(8). Held until acknowledged, like an end.
  case notStarted(uid: [UInt8], tag: [UInt8], reason: UInt8, errno: Int32)
  /// Nothing of the attempt is alive any more.
  case ended(uid: [UInt8], tag: [UInt8], ShimRecord)
  /// With the log, open for reading and writing (to punch holes into it).
  case log(uid: [UInt8], errors: Bool)
  /// With the ledger, both ends of the pipe to put bytes aside, read first, and the reading end of
  /// the output's pipe, and of that of errors if there is one. Comes behind `log`, and in a list
  /// before the end, too: what stands in them is the worker's to write.
  case output(uid: [UInt8], errors: Bool)
  case listEnd
  /// The other end's version is not spoken here; the connection ends.
  case refused(theirs: UInt32, ours: UInt32)
  /// A process of the attempt has not died for 30 s of being killed; tries go on.
  case stuck(uid: [UInt8])
  /// For so many nanoseconds the attempt stood still before `since`, of CLOCK_MONOTONIC, and since
  /// then it does; nil: it goes on. In a list for those only that ever stood still.
  case frozen(uid: [UInt8], total: Int64, since: Int64?)
  /// The shim holds no such attempt, or none with such a log.
  case unknown(uid: [UInt8])
  /// It will not quit: so many attempts and records are held.
  case held(UInt32)

  /// The packet.
  package func encoded() -> [UInt8] {
    var writer = ShimWriter()
    switch self {
    case .hello(let hello):
      writer.number(hello.version)
      writer.number(hello.pid)
      writer.uid(hello.bootID)
      writer.strings(hello.lacks.map { Array($0.utf8) })
      writer.optional(hello.leaseEnd)
      return writer.packet(kind: 101)
    case .started(let started):
      writer.uid(started.uid)
      writer.uid(started.tag)
      writer.number(started.pid)
      writer.number(started.startedNanoseconds)
      writer.number(started.startedWall)
      writer.string(Array(started.cgroup.utf8))
      return writer.packet(kind: 102)
    case .notStarted(let uid, let tag, let reason, let errno):
      writer.uid(uid)
      writer.uid(tag)
      writer.number(reason)
      writer.number(errno)
      return writer.packet(kind: 103)
    case .ended(let uid, let tag, let record):
      writer.uid(uid)
      writer.uid(tag)
      record.write(to: &writer)
      return writer.packet(kind: 104)
    case .log(let uid, let errors):
      writer.uid(uid)
      writer.flag(errors)
      return writer.packet(kind: 105)
    case .listEnd: return writer.packet(kind: 106)
    case .refused(let theirs, let ours):
      writer.number(theirs)
      writer.number(ours)
      return writer.packet(kind: 107)
    case .stuck(let uid):
      writer.uid(uid)
      return writer.packet(kind: 108)
    case .unknown(let uid):
      writer.uid(uid)
      return writer.packet(kind: 109)
    case .held(let count):
      writer.number(count)
      return writer.packet(kind: 110)
    case .starting(let uid, let tag):
      writer.uid(uid)
      writer.uid(tag)
      return writer.packet(kind: 111)
    case .frozen(let uid, let total, let since):
      writer.uid(uid)
      writer.number(total)
      writer.optional(since)
      return writer.packet(kind: 112)
    case .output(let uid, let errors):
      writer.uid(uid)
      writer.flag(errors)
      return writer.packet(kind: 113)
    }
  }

  /// Reads a packet. `refused` is understood in every version.
  package static func decode(_ packet: [UInt8]) throws(ShimWireError) -> ShimNotice {
    var (kind, reader) = try ShimReader.packet(packet, timeless: 107)
    let notice: ShimNotice
    switch kind {
    case 101: notice = .hello(try hello(from: &reader))
    case 102: notice = .started(try started(from: &reader))
    case 103:
      notice = .notStarted(
        uid: try reader.uid(), tag: try reader.uid(), reason: try reader.number(UInt8.self),
        errno: try reader.number(Int32.self))
    case 104:
      notice = .ended(
        uid: try reader.uid(), tag: try reader.uid(), try ShimRecord.read(from: &reader))
    case 105: notice = .log(uid: try reader.uid(), errors: try reader.flag())
    case 106: notice = .listEnd
    case 107:
      notice = .refused(
        theirs: try reader.number(UInt32.self), ours: try reader.number(UInt32.self))
    case 108: notice = .stuck(uid: try reader.uid())
    case 109: notice = .unknown(uid: try reader.uid())
    case 110: notice = .held(try reader.number(UInt32.self))
    case 111: notice = .starting(uid: try reader.uid(), tag: try reader.uid())
    case 112:
      notice = .frozen(
        uid: try reader.uid(), total: try reader.number(Int64.self),
        since: try reader.optional(Int64.self))
    case 113: notice = .output(uid: try reader.uid(), errors: try reader.flag())
    default: throw .malformed("unknown notice \(kind)")
    }
    try reader.end()
    return notice
  }

  private static func hello(from reader: inout ShimReader) throws(ShimWireError) -> ShimHello {
    ShimHello(
      version: try reader.number(UInt32.self), pid: try reader.number(Int32.self),
      bootID: try reader.uid(),
      lacks: try reader.strings(limit: 64).map { String(decoding: $0, as: UTF8.self) },
      leaseEnd: try reader.optional(Int64.self))
  }

  private static func started(from reader: inout ShimReader) throws(ShimWireError) -> ShimStarted {
    ShimStarted(
      uid: try reader.uid(), tag: try reader.uid(), pid: try reader.number(Int32.self),
      startedNanoseconds: try reader.number(Int64.self),
      startedWall: try reader.number(Int64.self),
      cgroup: String(
        decoding: try reader.string(limit: ShimWire.packetLimit), as: UTF8.self))
  }
}
