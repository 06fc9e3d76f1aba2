import FlusterClient
import FlusterCore
import FlusterProtocol

extension JSONObject {
  /// Adds what few jobs ask for.
  mutating func add(_ options: WireOptions) {
    set("band", (try? Band(wire: options.band)).map { .string($0.word) })
    set("priority", .integer(Int64(options.priority)))
    if options.hasMaxFailures { set("max_failures", .unsigned(UInt64(options.maxFailures))) }
    if !options.okStatus.isEmpty { set("ok_status", .statuses(options.okStatus.array)) }
    if !options.finalStatus.isEmpty {
      set("no_retry_status", .statuses(options.finalStatus.array))
    }
    if options.hasScheduleTimeoutMs {
      set("schedule_timeout_seconds", .thousandths(options.scheduleTimeoutMs))
    }
    if let backoff = try? Backoff(wire: options) {
      set("backoff_first_seconds", .thousandths(backoff.first.milliseconds))
      set("backoff_most_seconds", .thousandths(backoff.most.milliseconds))
    }
    if options.warnSignal != 0 {
      set("warn_signal", .unsigned(UInt64(options.warnSignal)))
      set("warn_seconds", .thousandths(options.warnBeforeMs))
    }
    if options.hasProcessLimit { set("pids", .unsigned(options.processLimit)) }
    if options.tied { set("tied", .bool(true)) }
    if options.hasBeginMs { set("begin_at", .time(WallTime(milliseconds: options.beginMs))) }
    if options.hasDeadlineMs {
      set("deadline_at", .time(WallTime(milliseconds: options.deadlineMs)))
    }
    for kind in Dependency.Kind.allCases {
      let named = options.dependencies.filter { $0.known == kind }.map(\.selector.text)
      guard !named.isEmpty else { continue }
      set(
        String(kind.option.dropFirst(2)).replacing("-", with: "_"), .array(named.map(JSON.string)))
    }
    guard options.hasGang else { return }
    var gang = JSONObject()
    if options.gang.hasGroupBy { gang.set("group_by", .string(options.gang.groupBy)) }
    gang.set("one_per_worker", .bool(options.gang.spread))
    set("gang", .object(gang))
  }
}

extension JSON {
  /// Exit statuses, a byte each.
  fileprivate static func statuses(_ bytes: [UInt8]) -> JSON {
    .array(bytes.map { .unsigned(UInt64($0)) })
  }
}

extension WireConstraint {
  /// A member of `constraints`.
  var json: JSONObject {
    var object = JSONObject()
    object.set("key", .string(key))
    let word = (try? Constraint.Comparison(wire: comparison))?.word
    object.set("comparison", word.map(JSON.string))
    if !values.isEmpty { object.set("values", .array(values.map(JSON.string))) }
    object.set("preferred", .bool(preferred))
    return object
  }
}
