/// How an attempt ended, as the shim saw it. Absent means unknown.
package struct ShimRecord: Sendable, Hashable {
  /// The leader's exit code, or
  package var exitCode: UInt8?
  /// the signal that ended it. Neither: the outcome is unknown (`lost`).
  package var signal: UInt8?
  /// The shim that held it died, and its successor ended what was left: the outcome is unknown.
  package var lost = false
  /// Lost, because the lease was over: no worker had told of contact with the controller.
  package var lapsed = false
  /// CLOCK_MONOTONIC of its machine's boot, in nanoseconds; 0 if it never started.
  package var startedNanoseconds: Int64 = 0
  package var endedNanoseconds: Int64 = 0
  /// Milliseconds since 1970; 0 if it never started.
  package var startedWall: Int64 = 0
  package var endedWall: Int64 = 0
  /// Of everything in its cgroup, else of the leader and the children it waited for.
  package var userMicroseconds: UInt64?
  package var systemMicroseconds: UInt64?
  /// Of the leader and the children it waited for, the largest.
  package var maximumResidentBytes: UInt64?
  /// Of everything in its cgroup, where the kernel counts it.
  package var peakMemoryBytes: UInt64?
  package var readBytes: UInt64?
  package var writtenBytes: UInt64?
  /// For how long something in it was kept waiting: PSI's totals of "some".
  package var cpuStallMicroseconds: UInt64?
  package var memoryStallMicroseconds: UInt64?
  package var ioStallMicroseconds: UInt64?
  /// For how long its quota of processor time was used up.
  package var throttledMicroseconds: UInt64?
  /// Processes and threads; the kernel tells since Linux 6.10.
  package var peakProcesses: UInt64?
  /// Whether the kernel killed it for memory; nil without a cgroup that tells.
  package var outOfMemory: Bool?

  /// Nothing known.
  package init() {}

  func write(to writer: inout ShimWriter) {
    writer.optional(exitCode)
    writer.optional(signal)
    writer.number(UInt8(lapsed ? 2 : lost ? 1 : 0))
    writer.number(startedNanoseconds)
    writer.number(endedNanoseconds)
    writer.number(startedWall)
    writer.number(endedWall)
    writer.optional(userMicroseconds)
    writer.optional(systemMicroseconds)
    writer.optional(maximumResidentBytes)
    writer.optional(peakMemoryBytes)
    writer.optional(readBytes)
    writer.optional(writtenBytes)
    writer.optional(cpuStallMicroseconds)
    writer.optional(memoryStallMicroseconds)
    writer.optional(ioStallMicroseconds)
    writer.optional(throttledMicroseconds)
    writer.optional(peakProcesses)
    writer.optional(outOfMemory.map { UInt8($0 ? 1 : 0) })
  }

  static func read(from reader: inout ShimReader) throws(ShimWireError) -> ShimRecord {
    var record = ShimRecord()
    record.exitCode = try reader.optional(UInt8.self)
    record.signal = try reader.optional(UInt8.self)
    let loss = try reader.number(UInt8.self)
    guard loss <= 2 else { throw .malformed("an unknown kind of loss") }
    record.lost = loss > 0
    record.lapsed = loss == 2
    record.startedNanoseconds = try reader.number(Int64.self)
    record.endedNanoseconds = try reader.number(Int64.self)
    record.startedWall = try reader.number(Int64.self)
    record.endedWall = try reader.number(Int64.self)
    record.userMicroseconds = try reader.optional(UInt64.self)
    record.systemMicroseconds = try reader.optional(UInt64.self)
    record.maximumResidentBytes = try reader.optional(UInt64.self)
    record.peakMemoryBytes = try reader.optional(UInt64.self)
    record.readBytes = try reader.optional(UInt64.self)
    record.writtenBytes = try reader.optional(UInt64.self)
    record.cpuStallMicroseconds = try reader.optional(UInt64.self)
    record.memoryStallMicroseconds = try reader.optional(UInt64.self)
    record.ioStallMicroseconds = try reader.optional(UInt64.self)
    record.throttledMicroseconds = try reader.optional(UInt64.self)
    record.peakProcesses = try reader.optional(UInt64.self)
    record.outOfMemory = try reader.optional(UInt8.self).map { $0 != 0 }
    return record
  }
}
