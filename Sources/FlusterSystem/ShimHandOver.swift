/// What a shim gives to the program that takes its place in the same process, beside the files of
/// its attempts: what only an open descriptor can hold, and what no file tells.
package struct ShimHandOver: Sendable, Hashable {
  /// Of one attempt, the numbers of descriptors that stay open.
  package struct Attempt: Sendable, Hashable {
    package var uid: [UInt8]
    /// For how long it stood still before `frozenSince`, and since when it does; of
    /// CLOCK_MONOTONIC, in nanoseconds.
    package var frozenNanoseconds: Int64 = 0
    package var frozenSince: Int64?
    package var output: Int32?
    package var errors: Int32?
    /// The worker's ledger, both ends of the pipe aside, and the reading ends of the output, as
    /// they are handed to the worker; empty if its output needs none.
    package var pipes: [Int32] = []
    /// The processors that it has to itself, as the kernel lists them; empty: none.
    package var processors = ""

    /// Nothing but its uid.
    package init(uid: [UInt8]) { self.uid = uid }
  }

  /// More than any process has.
  private static let limit = 1 << 20

  /// The socket at which workers connect.
  package var listener: Int32
  /// Whether that came from a service manager.
  package var isListenerPassed: Bool
  /// What holds other shims off the state directory.
  package var lock: Int32
  /// The cgroup that attempts have theirs in, and whether it is the shim's to remove; empty: none.
  package var cgroup = ""
  package var isOwnCgroup = false
  /// When everything ends, of CLOCK_BOOTTIME.
  package var leaseEnd: Int64?
  package var attempts: [Attempt] = []

  /// Nothing held yet.
  package init(listener: Int32, isListenerPassed: Bool, lock: Int32) {
    self.listener = listener
    self.isListenerPassed = isListenerPassed
    self.lock = lock
  }

  /// All descriptors that must stay open.
  package var descriptors: [Int32] {
    [listener, lock]
      + attempts.flatMap { [$0.output, $0.errors].compactMap(\.self) + $0.pipes }
  }

  /// The bytes to hand over.
  package func encoded() -> [UInt8] {
    var writer = ShimWriter()
    writer.number(listener)
    writer.flag(isListenerPassed)
    writer.number(lock)
    writer.string(Array(cgroup.utf8))
    writer.flag(isOwnCgroup)
    writer.optional(leaseEnd)
    writer.number(UInt32(attempts.count))
    for attempt in attempts {
      writer.uid(attempt.uid)
      writer.number(attempt.frozenNanoseconds)
      writer.optional(attempt.frozenSince)
      writer.optional(attempt.output)
      writer.optional(attempt.errors)
      writer.number(UInt8(attempt.pipes.count))
      for pipe in attempt.pipes { writer.number(pipe) }
      writer.string(Array(attempt.processors.utf8))
    }
    return writer.packet(kind: 301)
  }

  /// Understands what another version may have written.
  package static func decode(_ bytes: [UInt8]) throws(ShimWireError) -> ShimHandOver {
    var (kind, reader) = try ShimReader.packet(bytes)
    guard kind == 301 else { throw .malformed("unknown kind \(kind)") }
    var handOver = ShimHandOver(
      listener: try reader.number(Int32.self), isListenerPassed: try reader.flag(),
      lock: try reader.number(Int32.self))
    handOver.cgroup = String(decoding: try reader.string(limit: 4096), as: UTF8.self)
    handOver.isOwnCgroup = try reader.flag()
    handOver.leaseEnd = try reader.optional(Int64.self)
    let count = try reader.number(UInt32.self)
    guard count <= limit else { throw .malformed("\(count) attempts") }
    for _ in 0..<count {
      var attempt = Attempt(uid: try reader.uid())
      attempt.frozenNanoseconds = try reader.number(Int64.self)
      attempt.frozenSince = try reader.optional(Int64.self)
      attempt.output = try reader.optional(Int32.self)
      attempt.errors = try reader.optional(Int32.self)
      let pipes = try reader.number(UInt8.self)
      guard pipes == 0 || (4...5).contains(pipes) else { throw .malformed("\(pipes) pipes") }
      for _ in 0..<pipes { attempt.pipes.append(try reader.number(Int32.self)) }
      attempt.processors = String(decoding: try reader.string(limit: 65_536), as: UTF8.self)
      handOver.attempts.append(attempt)
    }
    try reader.end()
    return handOver
  }
}
