import FlusterClient
import FlusterCore
import FlusterProtocol

/// Why a job or a task waits, as `fluster-ls --why` tells it.
struct WhySentence {
  private let job: UInt64
  /// The index in an array; nil for a whole job.
  private let task: UInt32?
  private let state: WireState
  private let reason: WireReason?

  /// Of a job.
  init(_ job: WireJobRow) {
    (self.job, task) = (job.job, nil)
    state = job.state
    reason = job.hasReason ? job.localReason : nil
  }

  /// Of a task.
  init(_ task: WireTaskRow) {
    (job, self.task) = (task.job, task.explicit ? task.index : nil)
    state = task.state
    reason = task.hasReason ? task.reason : nil
  }

  private var id: String { task.map { "\(job).\($0)" } ?? "\(job)" }

  /// Everything in one line: since when it waits, its turn, what it needs and who has that.
  /// `isOneOfMany` puts its id before it.
  func text(now: WallTime, isOneOfMany: Bool, _ users: inout UserNames) -> String {
    let head = isOneOfMany ? "\(id): " : ""
    guard let reason else { return "\(isOneOfMany ? head : "\(id) is ")\(state.word)" }
    var sentences = [reason.waiting(now: now)]
    // Then the sentence says what follows here, but shorter.
    let isFull =
      reason.code == PendingReason.Code.resources.rawValue && reason.text.hasPrefix("needs ")
      && !reason.rooms.isEmpty
    if !isFull { sentences.append(reason.text.prefix(1).uppercased() + reason.text.dropFirst()) }
    if isFull || (reason.hasNeeds && reason.isAboutRoom) {
      if let needs = try? Requirement(wire: reason.needs) { sentences.append("Needs \(needs)") }
      for room in reason.rooms { sentences.append(room.text(reason.needs, now: now, &users)) }
    }
    return head + sentences.joined(separator: ". ") + "."
  }

  /// The same for programs: a reason for each worker that could run it if it had room.
  func json(now: WallTime, _ users: inout UserNames) -> JSONObject {
    var object = JSONObject.line
    object.set("id", .string(id))
    object.set("job", .unsigned(job))
    object.set("task", task.map { .unsigned(UInt64($0)) })
    object.set("state", .string(state.word))
    guard let reason else { return object }
    if reason.hasSinceMs {
      object.set("pending_at", .time(WallTime(milliseconds: reason.sinceMs)))
      object.set("waiting_seconds", .seconds(milliseconds: reason.waited(now: now)))
    }
    if !reason.band.isEmpty { object.set("band", .string(reason.band)) }
    if reason.hasPlace {
      object.set("place", .unsigned(UInt64(reason.place)))
      object.set("count", .unsigned(UInt64(reason.count)))
    }
    var reasons = reason.rooms.map { room in
      var one = reason.summary
      one.set("worker", .string(room.worker))
      one.set("have", room.free.json)
      one.set("holders", .array(room.holders.map { .object($0.json(&users)) }))
      return JSON.object(one)
    }
    if reasons.isEmpty { reasons = [.object(reason.summary)] }
    object.set("reasons", .array(reasons))
    return object
  }
}

extension WireReason {
  /// Whether workers with more room would help.
  fileprivate var isAboutRoom: Bool {
    switch PendingReason.Code(rawValue: code) {
    case .resources, .gang, .reserved, .queued: true
    case .held, .replaces, .dependency, .begin, .noWorker, .backOff, .throttled, .constraint, nil:
      false
    }
  }

  fileprivate func waited(now: WallTime) -> UInt64 {
    UInt64(max(0, now.milliseconds - sinceMs))
  }

  /// `pending 14 min, third of 9 in band interactive`.
  fileprivate func waiting(now: WallTime) -> String {
    guard hasSinceMs else { return "pending" }
    let waited = self.waited(now: now)
    let minutes = waited / 60_000
    let span =
      (1..<60).contains(minutes)
      ? "\(minutes) min" : Quantity.text(milliseconds: waited / 1000 * 1000)
    let turn = hasPlace ? "\(Self.ordinal(place)) of \(count) " : ""
    return "pending \(span), \(turn)in band \(band)"
  }

  fileprivate var summary: JSONObject {
    var object = JSONObject()
    object.set("code", .string(code))
    object.set("text", .string(text))
    if hasNeeds { object.set("need", needs.json) }
    return object
  }

  private static func ordinal(_ place: UInt32) -> String {
    let words = [
      "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
      "tenth",
    ]
    if (1...10).contains(place) { return words[Int(place) - 1] }
    if (11...13).contains(place % 100) { return "\(place)th" }
    switch place % 10 {
    case 1: return "\(place)st"
    case 2: return "\(place)nd"
    case 3: return "\(place)rd"
    default: return "\(place)th"
    }
  }
}

extension WireRoom {
  /// `worker w1 has 2 cpus, 41G free; held by 37 (alice, 128G, no time limit)`.
  fileprivate func text(_ needs: WireNeeds, now: WallTime, _ users: inout UserNames) -> String {
    let free = (try? Amounts(wire: self.free)).map { "\($0)" } ?? "nothing"
    let held = holders.map { $0.text(needs, of: self, now: now, &users) }
    let by = held.isEmpty ? "" : "; held by \(held.joined(separator: ", "))"
    return "worker \(worker) has \(free) free\(by)"
  }
}

extension WireHolder {
  /// Holds what is short, or if nothing is, everything.
  fileprivate func text(
    _ needs: WireNeeds, of room: WireRoom, now: WallTime, _ users: inout UserNames
  ) -> String {
    let isCpuShort = room.free.cpuMillis < needs.cpuMillis
    let isMemoryShort = room.free.memoryBytes < needs.memoryBytes
    let cpus = Quantity.words(cpuMillis: charge.cpuMillis)
    var parts = job == 0 ? [] : [users.name(of: uid)]
    if isCpuShort || !isMemoryShort { parts.append(cpus) }
    if isMemoryShort || !isCpuShort { parts.append(Quantity.text(bytes: charge.memoryBytes)) }
    parts += charge.resources.map { "\($0.count) \($0.name)" }
    if hasEndsMs {
      let left = UInt64(max(0, endsMs - now.milliseconds)) / 1000 * 1000
      parts.append("time limit ends in \(Quantity.text(milliseconds: left))")
    } else {
      parts.append("no time limit")
    }
    return "\(job == 0 ? "others" : "\(job)") (\(parts.joined(separator: ", ")))"
  }

  fileprivate func json(_ users: inout UserNames) -> JSONObject {
    var object = JSONObject()
    if job != 0 {
      object.set("id", .string("\(job)"))
      object.set("job", .unsigned(job))
      object.set("user", users.knownName(of: uid).map(JSON.string))
      object.set("uid", .unsigned(UInt64(uid)))
    }
    object.set("task_count", .unsigned(UInt64(tasks)))
    object.add(charge)
    if hasEndsMs { object.set("ends_at", .time(WallTime(milliseconds: endsMs))) }
    return object
  }
}
