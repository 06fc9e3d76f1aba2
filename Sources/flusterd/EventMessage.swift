import FlusterCore
import FlusterSystemd
import Glibc

/// An entry of the feed as an entry of the journal: fluster.journal-fields(7).
struct EventMessage {
  let entry: FeedEntry
  /// The names of the job's owner and of who asked, or their numbers.
  let user: String?
  let by: String?

  /// Fields as `NAME=value`.
  var fields: [[UInt8]] {
    var fields = [
      ("MESSAGE", text), ("MESSAGE_ID", entry.kind.messageID), ("PRIORITY", "\(priority)"),
      ("SYSLOG_IDENTIFIER", "flusterd"), ("CODE_FILE", #fileID), ("CODE_LINE", "\(#line)"),
      ("CODE_FUNC", #function), ("FLUSTER_EVENT", entry.kind.rawValue),
    ]
    if let subject = entry.subject {
      fields += [("FLUSTER_JOB_ID", "\(subject.job)"), ("FLUSTER_JOB_NAME", subject.name)]
    }
    fields += tasks.map { ("FLUSTER_TASK", $0) }
    if let attempt = entry.attempt {
      fields += [
        ("FLUSTER_ATTEMPT", "\(attempt.number)"), ("FLUSTER_ATTEMPT_UID", "\(attempt.uid)"),
      ]
    }
    let others: [(String, String?)] = [
      ("FLUSTER_USER", user), ("FLUSTER_BY", by), ("FLUSTER_WORKER", entry.worker?.name),
      ("FLUSTER_STATE", entry.state?.word), ("FLUSTER_CAUSE", entry.cause?.word),
      ("FLUSTER_EXIT_STATUS", entry.status.map { "\($0)" }),
    ]
    for case (let name, let value?) in others { fields.append((name, value)) }
    return fields.map { Array("\($0)=\($1)".utf8) }
  }

  /// `7`, or `1-9`, as people count them.
  private var tasks: [String] {
    entry.tasks.map { range in
      if range.count == 1 { return "\(range.lowerBound)" }
      let step = entry.step > 1 ? ":\(entry.step)" : ""
      return "\(range.lowerBound)-\(range.upperBound)\(step)"
    }
  }

  private var text: String {
    var parts = [subject, entry.kind.phrase]
    if let state = entry.state, entry.kind.tellsState { parts.append("(\(state.word))") }
    var details: [String] = []
    if let user, entry.kind == .jobSubmitted { details.append("by \(user)") }
    if let cause = entry.cause {
      details.append(entry.status.map { "\(cause.word), status \($0)" } ?? cause.word)
    }
    if let attempt = entry.attempt, let worker = entry.worker {
      details.append("attempt \(attempt.number) on \(worker)")
    }
    if let by { details.append("by \(by)") }
    if !entry.text.isEmpty { details.append(entry.text) }
    let line = parts.joined(separator: " ")
    return details.isEmpty ? line : "\(line): \(details.joined(separator: ", "))"
  }

  private var subject: String {
    guard let subject = entry.subject else { return "worker \(entry.worker?.name ?? "")" }
    guard !tasks.isEmpty, entry.kind != .jobSubmitted else {
      return "job \(subject.job) (\(subject.name))"
    }
    let isOne = entry.tasks.count == 1 && entry.tasks[0].count == 1
    return "\(isOne ? "task" : "tasks") \(subject.job).\(tasks.joined(separator: ",")) "
      + "(\(subject.name))"
  }

  private var priority: Int32 {
    switch entry.kind {
    case .taskStuck, .workerSilent, .workerAiling: LOG_WARNING
    case _: LOG_INFO
    }
  }
}

extension FeedEntry.Kind {
  /// The predicate of a sentence about it.
  fileprivate var phrase: String {
    switch self {
    case .jobSubmitted: "was submitted"
    case .jobHeld, .tasksHeld: "is held"
    case .jobReleased, .tasksReleased: "is held no more"
    case .jobChanged: "was changed"
    case .jobKillRequested: "is to end"
    case .jobEnded, .tasksEnded, .taskEnded: "has ended"
    case .taskAssigned: "was given to a worker"
    case .taskBuilding: "is being prepared"
    case .taskStarted: "was started"
    case .taskStopRequested: "is to stop"
    case .taskFrozen: "stands still"
    case .taskThawed: "goes on"
    case .taskStuck: "cannot be killed"
    case .workerRegistered: "has registered"
    case .workerDisconnected: "has no connection"
    case .workerDrained: "is drained"
    case .workerResumed: "is drained no more"
    case .workerForgotten: "was forgotten"
    case .workerSilent: "does not answer"
    case .workerHeard: "answers again"
    case .workerAiling: "wants no new work"
    case .workerWell: "wants work again"
    }
  }

  /// Its sentence does not say which state that means.
  fileprivate var tellsState: Bool {
    switch self {
    case .jobEnded, .tasksEnded, .taskEnded: true
    case _: false
    }
  }

  /// The same for every entry of the kind, for ever; the catalog explains it.
  fileprivate var messageID: String {
    switch self {
    case .jobSubmitted: "77afc5d8d84f40f1afddcfd638e20aa5"
    case .jobHeld: "9b7524bee46b4f9abc6720ef006035f8"
    case .jobReleased: "2ad3e7a5e5d74c27ace680a8459b50e0"
    case .jobChanged: "6860075325844d56a167c09a66f7a72c"
    case .jobKillRequested: "eb702647c5e44791b50aa60f9b118b96"
    case .jobEnded: "fb171a7722ec48ad964f1aa0e054cdf0"
    case .tasksHeld: "266461808f6a44c0bf5594a57d7c6543"
    case .tasksReleased: "31444547ac9e4daaa14c1b9c1fb7e1ef"
    case .tasksEnded: "9e321d68acd446e1bb95766f28405ce8"
    case .taskAssigned: "79ad6be89fe04c768f746a6cdb210d33"
    case .taskBuilding: "9a462935cf4e4821bd8be20e51514d27"
    case .taskStarted: "b5b340919e414889befa2b6c29dbdaa2"
    case .taskStopRequested: "bb5b2413bc3a4a6aab1bcbb4f9394997"
    case .taskFrozen: "83d4c1c1c39946d6a1d31c487fa45925"
    case .taskThawed: "dcd573584319486aa85a11a0b6a3b0de"
    case .taskStuck: "61f14bd0262c4e2dbece8d1ff2a219b2"
    case .taskEnded: "4f31cdfdc1ae4c3eb889784e188c0d29"
    case .workerRegistered: "2dd388486286492596424c65e9856ddd"
    case .workerDisconnected: "b19302ba2a4d4f51bd106a84e2e6b4d3"
    case .workerDrained: "6228f04a468849b4a052709d94f44254"
    case .workerResumed: "8fae3866b18042ea963a2f15b42dcb65"
    case .workerForgotten: "5f211dbd02814eb38767a6ff9c7e0dda"
    case .workerSilent: "a5301c0253384c60909c55cf78905d01"
    case .workerHeard: "027d69118cf9408c9940cd6c8055381a"
    case .workerAiling: "fd0de6c986d34e37a683cec202a1896b"
    case .workerWell: "caee2d6d817c4c64b56e13a6e1d95538"
    }
  }
}
