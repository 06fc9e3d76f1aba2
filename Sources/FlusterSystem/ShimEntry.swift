/// What a shim meant to do, written down before it did it.
package struct ShimIntent: Sendable, Hashable {
  package var uid: [UInt8]
  package var owner: UInt32
  /// As it was given with the spawn.
  package var tag: [UInt8]
  /// Of the machine, 16 bytes: on another boot nothing of the attempt can be alive.
  package var bootID: [UInt8]
  /// Milliseconds since 1970.
  package var wall: Int64
  /// The directory of its cgroup; empty: none.
  package var cgroup: String
  package var keepsOutput: Bool
  package var keepsErrors: Bool

  /// Takes the values as they are.
  package init(
    uid: [UInt8], owner: UInt32, tag: [UInt8], bootID: [UInt8], wall: Int64, cgroup: String,
    keepsOutput: Bool, keepsErrors: Bool
  ) {
    self.uid = uid
    self.owner = owner
    self.tag = tag
    self.bootID = bootID
    self.wall = wall
    self.cgroup = cgroup
    self.keepsOutput = keepsOutput
    self.keepsErrors = keepsErrors
  }
}

/// What a shim writes about an attempt for the shim that comes after it: a file is an intent, then
/// perhaps a start, then perhaps a record, each appended by one write.
package enum ShimEntry: Sendable, Hashable {
  case intent(ShimIntent)
  /// `ticks` is the leader's start time in /proc/PID/stat, which tells it from a later process of
  /// the same number.
  case started(pid: Int32, ticks: UInt64, nanoseconds: Int64, wall: Int64)
  case notStarted(reason: UInt8, errno: Int32)
  case ended(ShimRecord)

  /// The bytes to append.
  package func encoded() -> [UInt8] {
    var writer = ShimWriter()
    switch self {
    case .intent(let intent):
      writer.uid(intent.uid)
      writer.number(intent.owner)
      writer.uid(intent.tag)
      writer.uid(intent.bootID)
      writer.number(intent.wall)
      writer.string(Array(intent.cgroup.utf8))
      writer.flag(intent.keepsOutput)
      writer.flag(intent.keepsErrors)
      return writer.packet(kind: 201)
    case .started(let pid, let ticks, let nanoseconds, let wall):
      writer.number(pid)
      writer.number(ticks)
      writer.number(nanoseconds)
      writer.number(wall)
      return writer.packet(kind: 202)
    case .notStarted(let reason, let errno):
      writer.number(reason)
      writer.number(errno)
      return writer.packet(kind: 203)
    case .ended(let record):
      record.write(to: &writer)
      return writer.packet(kind: 204)
    }
  }

  /// The entries of a file, and how many bytes they have: what a crash cut off at its end is left
  /// out. Anything else that cannot be understood is an error.
  package static func decode(
    _ file: [UInt8]
  ) throws(ShimWireError) -> (entries: [ShimEntry], length: Int) {
    var entries: [ShimEntry] = []
    var rest = file[...]
    while rest.count >= 8 {
      var head = ShimReader(Array(rest.prefix(8)))
      _ = try head.number(UInt32.self)
      let length = Int(try head.number(UInt32.self))
      guard length >= 8 else { throw .malformed("an entry of \(length) bytes") }
      guard length <= rest.count else { break }
      entries.append(try one(Array(rest.prefix(length))))
      rest = rest.dropFirst(length)
    }
    return (entries, file.count - rest.count)
  }

  private static func one(_ bytes: [UInt8]) throws(ShimWireError) -> ShimEntry {
    var (version, kind, reader) = try ShimReader.entry(bytes)
    let entry: ShimEntry
    switch kind {
    case 201:
      entry = .intent(
        ShimIntent(
          uid: try reader.uid(), owner: try reader.number(UInt32.self),
          // The first version had none.
          tag: version == 1 ? ShimWire.noTag : try reader.uid(), bootID: try reader.uid(),
          wall: try reader.number(Int64.self),
          cgroup: String(decoding: try reader.string(limit: 4096), as: UTF8.self),
          keepsOutput: try reader.flag(), keepsErrors: try reader.flag()))
    case 202:
      entry = .started(
        pid: try reader.number(Int32.self), ticks: try reader.number(UInt64.self),
        nanoseconds: try reader.number(Int64.self), wall: try reader.number(Int64.self))
    case 203:
      entry = .notStarted(
        reason: try reader.number(UInt8.self), errno: try reader.number(Int32.self))
    case 204: entry = .ended(try ShimRecord.read(from: &reader))
    default: throw .malformed("unknown entry \(kind)")
    }
    try reader.end()
    return entry
  }
}
