/// A spawn crosses in two parts: uid, owner and tag in the packet, the rest in a sealed memfd, so
/// that nothing the other end does can change it while or after it is checked. A script comes in a
/// second memfd, which nobody checks but the owner's interpreter; so does the worker's ledger.
extension ShimSpawn {
  /// The most bytes of one argument or variable (MAX_ARG_STRLEN).
  private static let stringLimit = 128 << 10
  /// PATH_MAX.
  private static let pathLimit = 4096
  private static let limitCount = 16

  /// The memfd's bytes.
  func encodedBulk() -> [UInt8] {
    var writer = ShimWriter()
    writer.number(ShimWire.version)
    writer.number(umask)
    writer.number(nice)
    writer.number(cpuMillis)
    writer.optional(cpuQuotaMillis)
    writer.flag(wantsProcessors)
    writer.number(ioWeight)
    writer.optional(memoryLimit)
    writer.optional(processLimit)
    writer.number(UInt32(limits.count))
    for limit in limits {
      writer.number(limit.resource)
      writer.number(limit.soft)
      writer.number(limit.hard)
    }
    for stream in [input, output, errors] { Self.write(stream, to: &writer) }
    writer.string(directory)
    writer.strings(argv)
    writer.optional(scriptWord.map { UInt32($0) })
    writer.strings(environment)
    return writer.bytes
  }

  /// Checks every bound; what is returned can be handed to the kernel.
  static func decode(
    uid: [UInt8], owner: UInt32, tag: [UInt8], bulk: [UInt8]
  ) throws(ShimWireError) -> ShimSpawn {
    var reader = ShimReader(bulk)
    let version = try reader.number(UInt32.self)
    guard version == ShimWire.version else { throw .version(version) }
    var spawn = ShimSpawn(uid: uid, owner: owner, argv: [], environment: [], directory: [])
    spawn.tag = tag
    spawn.umask = try reader.number(UInt32.self)
    spawn.nice = try reader.number(Int32.self)
    spawn.cpuMillis = try reader.number(UInt64.self)
    spawn.cpuQuotaMillis = try reader.optional(UInt64.self)
    spawn.wantsProcessors = try reader.flag()
    spawn.ioWeight = try reader.number(UInt32.self)
    spawn.memoryLimit = try reader.optional(UInt64.self)
    spawn.processLimit = try reader.optional(UInt64.self)
    let count = Int(try reader.number(UInt32.self))
    guard count <= limitCount else { throw .malformed("\(count) resource limits") }
    for _ in 0..<count {
      spawn.limits.append(
        ShimLimit(
          resource: try reader.number(UInt32.self), soft: try reader.number(UInt64.self),
          hard: try reader.number(UInt64.self)))
    }
    spawn.input = try stream(from: &reader)
    spawn.output = try stream(from: &reader)
    spawn.errors = try stream(from: &reader)
    spawn.directory = try reader.string(limit: pathLimit - 1)
    spawn.argv = try reader.strings(limit: stringLimit)
    spawn.scriptWord = try reader.optional(UInt32.self).map { Int($0) }
    spawn.environment = try reader.strings(limit: stringLimit)
    try reader.end()
    try spawn.check()
    return spawn
  }

  /// Refuses a spawn that came with other descriptors than it must.
  package func check(descriptors count: Int) throws(ShimWireError) {
    guard count == descriptorCount else {
      throw .malformed("a spawn with \(count) descriptors")
    }
  }

  private func check() throws(ShimWireError) {
    guard !argv.isEmpty else { throw .malformed("no command") }
    if let scriptWord {
      guard scriptWord > 0, scriptWord < argv.count else {
        throw .malformed("a script that is no argument")
      }
    }
    guard umask <= 0o777 else { throw .malformed("umask out of bounds") }
    guard (-20...19).contains(nice) else { throw .malformed("nice out of bounds") }
    guard (1...10_000).contains(ioWeight) else { throw .malformed("a weight out of bounds") }
    let paths = [input, output, errors].compactMap { stream in
      if case .path(let path) = stream { path } else { nil }
    }
    guard ([directory] + paths).allSatisfy({ !$0.isEmpty }) else {
      throw .malformed("an empty path")
    }
    guard (argv + environment + [directory] + paths).allSatisfy({ !$0.contains(0) }) else {
      throw .malformed("a zero byte in a string")
    }
    guard limits.allSatisfy({ $0.resource < ShimLimit.names.count && $0.soft <= $0.hard }) else {
      throw .malformed("a resource limit out of bounds")
    }
    guard input != .kept, input != .likeOutput, input != .piped, output != .likeOutput,
      errors != .piped || output == .piped
    else {
      throw .malformed("a stream that cannot be one")
    }
  }

  private static func write(_ stream: ShimStream, to writer: inout ShimWriter) {
    switch stream {
    case .discard: writer.number(UInt8(0))
    case .kept: writer.number(UInt8(1))
    case .likeOutput: writer.number(UInt8(2))
    case .path(let path):
      writer.number(UInt8(3))
      writer.string(path)
    case .piped: writer.number(UInt8(4))
    }
  }

  private static func stream(from reader: inout ShimReader) throws(ShimWireError) -> ShimStream {
    switch try reader.number(UInt8.self) {
    case 0: return .discard
    case 1: return .kept
    case 2: return .likeOutput
    case 3: return .path(try reader.string(limit: pathLimit - 1))
    case 4: return .piped
    default: throw .malformed("an unknown kind of stream")
    }
  }
}
