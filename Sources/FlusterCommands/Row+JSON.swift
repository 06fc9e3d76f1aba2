package import FlusterClient
import FlusterCore
package import FlusterProtocol

extension WireJobRow {
  /// A line of `fluster-ls --json`.
  package func json(_ users: inout UserNames) -> JSONObject {
    var object = JSONObject.line
    object.set("id", .string("\(job)"))
    object.set("job", .unsigned(job))
    object.set("name", .string(name))
    object.set("user", users.knownName(of: uid).map(JSON.string))
    object.set("uid", .unsigned(UInt64(uid)))
    if hasParent { object.set("parent", .unsigned(parent)) }
    if hasParentIndex { object.set("parent_task", .unsigned(UInt64(parentIndex))) }
    if root != 0 { object.set("root", .unsigned(root)) }
    if !path.isEmpty { object.set("path", .string(path)) }
    if hasKey { object.set("key", .string(key)) }
    if hasReplaces { object.set("replaces", .unsigned(replaces)) }
    object.set("state", .string(state.word))
    object.set("held", .bool(held))
    if frozen > 0 { object.set("frozen_count", .unsigned(UInt64(frozen))) }
    if hasReason { object.set("reason", .object(reason.json)) }
    if !error.isEmpty { object.set("error", .string(error)) }
    if array.explicit { object.set("array", .object(array.json)) }
    var tasks = JSONObject()
    for entry in counts { tasks.set(entry.state.key, .unsigned(UInt64(entry.count))) }
    if !tasks.isEmpty { object.set("task_counts", .object(tasks)) }
    object.add(needs)
    if hasTimeLimitMs { object.set("time_limit_seconds", .thousandths(timeLimitMs)) }
    object.set("grace_seconds", .thousandths(graceMs))
    object.set("retries", .unsigned(UInt64(retries)))
    object.set("retries_lost", .unsigned(UInt64(retriesLost)))
    object.set("end_children", .bool(endChildren))
    object.add(options)
    object.setTime("submitted_at", true, submittedMs)
    object.setTime("started_at", hasStartedMs, startedMs)
    object.setTime("ended_at", hasEndedMs, endedMs)
    if hasKilledBy {
      var killed = JSONObject()
      killed.set("uid", .unsigned(UInt64(killedBy)))
      killed.set("user", users.knownName(of: killedBy).map(JSON.string))
      if !killReason.isEmpty { killed.set("text", .string(killReason)) }
      object.set("killed_by", .object(killed))
    }
    if hasOutcome { object.addEnd(outcome) }
    if hasLaunch { object.add(launch) }
    object.setAttempts(attempts, inArray: array.explicit)
    return object
  }
}

extension WireTaskRow {
  /// A line of `fluster-ls --tasks --json`; with `-l`, what only the job's row tells.
  package func json(of job: WireJobRow?, _ users: inout UserNames) -> JSONObject {
    var object = JSONObject.line
    object.set("id", .string(explicit ? "\(self.job).\(index)" : "\(self.job)"))
    object.set("job", .unsigned(self.job))
    if explicit { object.set("task", .unsigned(UInt64(index))) }
    object.set("name", .string(name))
    object.set("user", users.knownName(of: uid).map(JSON.string))
    object.set("uid", .unsigned(UInt64(uid)))
    object.set("state", .string(state.word))
    if frozen { object.set("frozen", .bool(true)) }
    if hasEntry { object.set("entry", .text(entry.array)) }
    if hasReason { object.set("reason", .object(reason.json)) }
    object.set("attempt_count", .unsigned(UInt64(attempts)))
    object.set("failures", .unsigned(UInt64(failures)))
    object.set("losses", .unsigned(UInt64(preemptions)))
    if !worker.isEmpty { object.set("worker", .string(worker)) }
    object.setTime("started_at", hasStartedMs, startedMs)
    object.setTime("ended_at", hasEndedMs, endedMs)
    if hasOutcome { object.addEnd(outcome) }
    if !error.isEmpty { object.set("error", .string(error)) }
    guard let job else { return object }
    if job.hasLaunch { object.add(job.launch) }
    object.setAttempts(job.attempts.filter { $0.index == index }, inArray: explicit)
    return object
  }
}

extension WireAttemptRow {
  /// A member of `attempts`.
  fileprivate func json(inArray: Bool) -> JSONObject {
    var object = JSONObject()
    if inArray { object.set("task", .unsigned(UInt64(index))) }
    object.set("attempt", .unsigned(UInt64(number)))
    object.set("attempt_uid", AttemptUID(bytes: uid.array).map { .string($0.description) })
    if !worker.isEmpty { object.set("worker", .string(worker)) }
    object.set("state", .string(state.word))
    if frozen { object.set("frozen", .bool(true)) }
    object.setTime("assigned_at", true, assignedMs)
    object.setTime("started_at", hasStartedMs, startedMs)
    object.setTime("ended_at", hasEndedMs, endedMs)
    if hasOutcome { object.addEnd(outcome) }
    return object
  }
}

extension WireReason {
  fileprivate var json: JSONObject {
    var object = JSONObject()
    object.set("code", .string(code))
    object.set("text", .string(text))
    return object
  }
}

extension WireState {
  /// The word as a JSON key.
  fileprivate var key: String { word.replacing("-", with: "_") }
}

extension JSONObject {
  fileprivate mutating func setTime(_ key: String, _ isKnown: Bool, _ milliseconds: Int64) {
    if isKnown { set(key, .time(WallTime(milliseconds: milliseconds))) }
  }

  fileprivate mutating func setAttempts(_ attempts: [WireAttemptRow], inArray: Bool) {
    guard !attempts.isEmpty else { return }
    set("attempts", .array(attempts.map { .object($0.json(inArray: inArray)) }))
  }

  /// The cause and what belongs to it, and the status that fluster-wait carries.
  fileprivate mutating func addEnd(_ wire: WireOutcome) {
    if let outcome = try? Outcome(wire: wire) { set("status", .unsigned(UInt64(outcome.status))) }
    add(wire)
  }
}
