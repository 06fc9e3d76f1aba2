import FlusterClient
import FlusterCore
import FlusterProtocol

extension WireJobRequest {
  /// A line that says what would be submitted.
  var json: JSONObject {
    var object = JSONObject.line
    object.set("name", .string(name))
    if hasOnce, let rule = try? Once(wire: once) {
      object.set("key", .string(once.key))
      object.set("key_scope", .string(rule.scope.rawValue))
      object.set("if_exists", .string(rule.ifExists.rawValue))
    }
    if hasArray { object.set("array", .object(array.json)) }
    object.add(needs)
    if hasTimeLimitMs { object.set("time_limit_seconds", .thousandths(timeLimitMs)) }
    object.set("grace_seconds", .thousandths(graceMs))
    object.set("retries", .unsigned(UInt64(retries)))
    object.set("retries_lost", .unsigned(UInt64(retriesLost)))
    object.add(options)
    object.set("held", .bool(held))
    object.set("end_children", .bool(endChildren))
    object.add(launch)
    let entries = environment.array.split(separator: 0).map { JSON.text(Array($0)) }
    object.set("environment", .array(entries))
    return object
  }
}

extension WireArray {
  /// The indices and how many of them run at once.
  var json: JSONObject {
    var object = JSONObject()
    object.set("first", .unsigned(UInt64(first)))
    object.set("last", .unsigned(UInt64(first) + UInt64(step) * UInt64(max(count, 1) - 1)))
    object.set("step", .unsigned(UInt64(step)))
    object.set("count", .unsigned(UInt64(count)))
    if hasThrottle { object.set("at_once", .unsigned(UInt64(throttle))) }
    return object
  }
}

extension JSONObject {
  /// Adds what a task needs.
  mutating func add(_ needs: WireNeeds) {
    set("cpus", .thousandths(needs.cpuMillis))
    if needs.hasMemoryBytes { set("mem_bytes", .unsigned(needs.memoryBytes)) }
    if !needs.constraints.isEmpty {
      set("constraints", .array(needs.constraints.map { .object($0.json) }))
    }
    guard !needs.resources.isEmpty else { return }
    var resources = JSONObject()
    for amount in needs.resources { resources.set(amount.name, .unsigned(amount.count)) }
    set("resources", .object(resources))
  }

  /// Adds how a task is started.
  mutating func add(_ launch: WireLaunch) {
    set("command", .array(launch.argv.map { .text($0.array) }))
    if !launch.comment.isEmpty { set("comment", .string(launch.comment)) }
    if launch.hasEntries { set("entry_bytes", .unsigned(launch.entries.bytes)) }
    if launch.hasScript { set("script_bytes", .unsigned(launch.script.bytes)) }
    set("directory", .text(launch.directory.array))
    let octal = String(launch.umask, radix: 8)
    set("umask", .string(String(repeating: "0", count: max(0, 4 - octal.count)) + octal))
    set("nice", .integer(Int64(launch.nice)))
    if launch.hasStdin { set("stdin", .text(launch.stdin.array)) }
    if launch.hasStdout { set("stdout", .text(launch.stdout.array)) }
    if launch.hasStderr { set("stderr", .text(launch.stderr.array)) }
    if !launch.ports.isEmpty { set("ports", .array(launch.ports.map(JSON.string))) }
    if !launch.sockets.isEmpty { set("sockets", .array(launch.sockets.map(JSON.string))) }
    set("log_max_bytes", .unsigned(launch.logMaxBytes))
    if launch.timestamps { set("timestamps", .bool(true)) }
    if launch.journal { set("journal", .bool(true)) }
    var limits = JSONObject()
    for limit in launch.rlimits {
      var values = JSONObject()
      // Unlimited is the absence of a limit.
      if limit.soft != .max { values.set("soft", .unsigned(limit.soft)) }
      if limit.hard != .max { values.set("hard", .unsigned(limit.hard)) }
      if !values.isEmpty { limits.set(limit.name, .object(values)) }
    }
    if !limits.isEmpty { set("rlimits", .object(limits)) }
  }
}
