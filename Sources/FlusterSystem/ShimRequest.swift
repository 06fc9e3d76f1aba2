/// What a worker asks of its shim.
package enum ShimRequest: Sendable, Hashable {
  /// Must come first. Another version than `ShimWire.version` is refused with both numbers.
  case hello(version: UInt32)
  /// Answered `started` or `notStarted`; for an attempt that is held already, with what it is.
  case spawn(ShimSpawn)
  /// Sends a signal to the leader's process group; no answer unless the uid is unknown.
  case signal(uid: [UInt8], number: Int32)
  /// Has all of the attempt's cgroup stand still, or go on; answered with what it is by then.
  case freeze(uid: [UInt8], Bool)
  /// Ends every process of the attempt; answered by its `ended`.
  case kill(uid: [UInt8])
  /// Answered by a notice for every attempt held, then `listEnd`.
  case list
  /// The end is known for good: the shim forgets the attempt. No answer.
  case acknowledge(uid: [UInt8])
  /// Answered `log`, or `unknown` if there is no such log.
  case openLog(uid: [UInt8], errors: Bool)
  /// Ends everything at this time of CLOCK_BOOTTIME, in nanoseconds, and starts nothing from then
  /// on, unless told another time before; nil: never. No answer.
  case lease(end: Int64?)
  /// Exits with status 0 if nothing is held, else answers `held`.
  case quit

  /// The packet, but for the bulk of a spawn, which `ShimConnection` sends along.
  func encoded() -> [UInt8] {
    var writer = ShimWriter()
    switch self {
    case .hello(let version):
      return writer.packet(kind: 1, version: version)
    case .spawn(let spawn):
      writer.uid(spawn.uid)
      writer.number(spawn.owner)
      writer.uid(spawn.tag)
      return writer.packet(kind: 2)
    case .signal(let uid, let number):
      writer.uid(uid)
      writer.number(number)
      return writer.packet(kind: 3)
    case .kill(let uid):
      writer.uid(uid)
      return writer.packet(kind: 4)
    case .list:
      return writer.packet(kind: 5)
    case .acknowledge(let uid):
      writer.uid(uid)
      return writer.packet(kind: 6)
    case .openLog(let uid, let errors):
      writer.uid(uid)
      writer.flag(errors)
      return writer.packet(kind: 7)
    case .quit:
      return writer.packet(kind: 8)
    case .lease(let end):
      writer.optional(end)
      return writer.packet(kind: 9)
    case .freeze(let uid, let isFrozen):
      writer.uid(uid)
      writer.flag(isFrozen)
      return writer.packet(kind: 10)
    }
  }

  /// Reads a packet. `bulk` is called for a spawn only and gives its memfd's bytes, or nil if none
  /// came or it was not sealed.
  package static func decode(
    _ packet: [UInt8], bulk: () -> [UInt8]?
  ) throws(ShimWireError) -> ShimRequest {
    var (kind, reader) = try ShimReader.packet(packet)
    let request: ShimRequest
    switch kind {
    case 1: request = .hello(version: ShimWire.version)
    case 2:
      let uid = try reader.uid()
      let owner = try reader.number(UInt32.self)
      let tag = try reader.uid()
      guard let bulk = bulk() else { throw .malformed("a spawn without a sealed memfd") }
      request = .spawn(try ShimSpawn.decode(uid: uid, owner: owner, tag: tag, bulk: bulk))
    case 3:
      request = .signal(uid: try reader.uid(), number: try reader.number(Int32.self))
    case 4: request = .kill(uid: try reader.uid())
    case 5: request = .list
    case 6: request = .acknowledge(uid: try reader.uid())
    case 7: request = .openLog(uid: try reader.uid(), errors: try reader.flag())
    case 8: request = .quit
    case 9: request = .lease(end: try reader.optional(Int64.self))
    case 10: request = .freeze(uid: try reader.uid(), try reader.flag())
    default: throw .malformed("unknown request \(kind)")
    }
    try reader.end()
    return request
  }

  /// The uid a spawn packet names even if the rest of it cannot be understood; nil if it is none.
  package static func spawnUID(of packet: [UInt8]) -> [UInt8]? {
    guard let (kind, rest) = try? ShimReader.packet(packet), kind == 2 else { return nil }
    var reader = rest
    return try? reader.uid()
  }
}
