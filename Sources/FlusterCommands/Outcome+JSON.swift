import FlusterClient
import FlusterCore
package import FlusterProtocol

extension JSONObject {
  /// Adds how something ended: only what is known.
  mutating func add(_ outcome: WireOutcome) {
    if let cause = try? Cause(wire: outcome.cause) { set("cause", .string(cause.word)) }
    if outcome.hasExitCode { set("exit_code", .unsigned(UInt64(outcome.exitCode))) }
    if outcome.hasSignal { set("signal", .unsigned(UInt64(outcome.signal))) }
    if outcome.hasStartReason, let reason = try? StartReason(wire: outcome.startReason) {
      set("start_reason", .string(reason.word))
    }
    if outcome.hasStartErrno { set("start_errno", .integer(Int64(outcome.startErrno))) }
    if !outcome.text.isEmpty { set("text", .string(outcome.text)) }
    if outcome.hasUsage {
      let usage = JSON.object(JSONObject(outcome.usage))
      if usage != .object(JSONObject()) { set("usage", usage) }
    }
  }

  private init(_ usage: WireUsage) {
    self.init()
    func known(_ has: Bool, _ value: UInt64) -> UInt64? { has ? value : nil }
    set("wall_seconds", known(usage.hasWallMs, usage.wallMs).map(JSON.thousandths))
    set("user_seconds", known(usage.hasUserUs, usage.userUs).map { .thousandths($0 / 1000) })
    set("system_seconds", known(usage.hasSystemUs, usage.systemUs).map { .thousandths($0 / 1000) })
    set("peak_mem_bytes", known(usage.hasPeakMemoryBytes, usage.peakMemoryBytes).map(JSON.unsigned))
    set("read_bytes", known(usage.hasReadBytes, usage.readBytes).map(JSON.unsigned))
    set("written_bytes", known(usage.hasWrittenBytes, usage.writtenBytes).map(JSON.unsigned))
    for (key, has, time) in [
      ("cpu_stall_seconds", usage.hasCpuStallUs, usage.cpuStallUs),
      ("memory_stall_seconds", usage.hasMemoryStallUs, usage.memoryStallUs),
      ("io_stall_seconds", usage.hasIoStallUs, usage.ioStallUs),
      ("throttled_seconds", usage.hasThrottledUs, usage.throttledUs),
    ] { set(key, known(has, time).map { .thousandths($0 / 1000) }) }
    set("peak_processes", known(usage.hasPeakProcesses, usage.peakProcesses).map(JSON.unsigned))
  }
}

extension WireState {
  /// The state in words; one that a newer flusterd invented, by its number.
  package var word: String { (try? TaskState(wire: self))?.word ?? "state-\(rawValue)" }
}
