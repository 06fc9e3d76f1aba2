import FlusterClient
import FlusterCore
package import FlusterProtocol

/// What fluster-ls shows of a job or of a task, whichever it is.
struct ListRow {
  let id: String
  /// The number of the job.
  let order: Int64
  let name: String
  let uid: UInt32
  let state: WireState
  var needs: WireNeeds?
  var submitted: WallTime?
  var started: WallTime?
  var ended: WallTime?
  var timeLimit: UInt64?
  var reason = ""
  var tasks = ""
  var worker = ""
  var attempts: UInt32?
  var outcome: Outcome?
  var launch: WireLaunch?
  var parent = ""
  var path = ""
  var key = ""

  init(_ job: WireJobRow) {
    id = "\(job.job)"
    order = Int64(clamping: job.job)
    name = job.name
    uid = job.uid
    state = job.state
    needs = job.needs
    submitted = WallTime(milliseconds: job.submittedMs)
    if job.hasStartedMs { started = WallTime(milliseconds: job.startedMs) }
    if job.hasEndedMs { ended = WallTime(milliseconds: job.endedMs) }
    if job.hasTimeLimitMs { timeLimit = job.timeLimitMs }
    if job.hasOutcome { outcome = try? Outcome(wire: job.outcome) }
    if job.hasLaunch { launch = job.launch }
    parent = job.parentText
    path = job.path
    key = job.key
    reason = job.explanation
    tasks = job.progressText
    if let last = job.attempts.last { worker = last.worker }
    if !job.attempts.isEmpty { attempts = UInt32(job.attempts.count) }
  }

  /// A task, with what its job's row tells if it is among those listed.
  init(_ task: WireTaskRow, of job: WireJobRow?) {
    id = task.explicit ? "\(task.job).\(task.index)" : "\(task.job)"
    order = Int64(clamping: task.job)
    name = task.name
    uid = task.uid
    state = task.state
    needs = job?.needs
    if let job { submitted = WallTime(milliseconds: job.submittedMs) }
    if let job, job.hasTimeLimitMs { timeLimit = job.timeLimitMs }
    if let job, job.hasLaunch { launch = job.launch }
    parent = job?.parentText ?? ""
    path = job?.path ?? ""
    key = job?.key ?? ""
    if task.hasStartedMs { started = WallTime(milliseconds: task.startedMs) }
    if task.hasEndedMs { ended = WallTime(milliseconds: task.endedMs) }
    worker = task.worker
    attempts = task.attempts
    if task.hasOutcome { outcome = try? Outcome(wire: task.outcome) }
    if task.hasReason {
      reason = task.reason.text
    } else if state != .succeeded, let outcome, outcome.cause != .exit || outcome.exitCode != 0 {
      reason = outcome.phrase
    }
    if reason.isEmpty { reason = task.frozen ? "frozen" : task.error }
  }

  /// The text of a cell; `-` for what is not known or does not apply.
  func text(_ column: ListColumn, now: WallTime, users: inout UserNames) -> String {
    switch column {
    case .id: id
    case .name: name
    case .user: users.name(of: uid)
    case .uid: "\(uid)"
    case .state: state.word
    case .time: runTime(now: now).map(Quantity.text(milliseconds:)) ?? "-"
    case .cpus: needs.map { Quantity.text(cpuMillis: $0.cpuMillis) } ?? "-"
    case .mem:
      needs.flatMap { $0.hasMemoryBytes ? Quantity.text(bytes: $0.memoryBytes) : nil } ?? "-"
    case .reason: reason.isEmpty ? "-" : reason
    case .tasks: tasks.isEmpty ? "-" : tasks
    case .worker: worker.isEmpty ? "-" : worker
    case .attempts: attempts.map { "\($0)" } ?? "-"
    case .status: outcome.map { "\($0.status)" } ?? (state == .succeeded ? "0" : "-")
    case .cause: outcome?.cause.word ?? "-"
    case .submitted: submitted.map(Timestamp.local) ?? "-"
    case .started: started.map(Timestamp.local) ?? "-"
    case .ended: ended.map(Timestamp.local) ?? "-"
    case .limit: timeLimit.map(Quantity.text(milliseconds:)) ?? "-"
    case .command: launch.map(\.commandText) ?? "-"
    case .directory: launch.map { String(decoding: $0.directory.array, as: UTF8.self) } ?? "-"
    case .parent: parent.isEmpty ? "-" : parent
    case .path: path.isEmpty ? "-" : path
    case .key: key.isEmpty ? "-" : key
    case .comment: launch.flatMap { $0.comment.isEmpty ? nil : $0.comment } ?? "-"
    }
  }

  /// How long it has run, or ran.
  func runTime(now: WallTime) -> UInt64? {
    guard let started else { return nil }
    return UInt64(max(0, (ended ?? now).milliseconds - started.milliseconds))
  }
}

extension WireLaunch {
  /// The command as it could be typed: words that a shell would take apart are quoted.
  package var commandText: String {
    argv.map { word in
      let text = String(decoding: word.array, as: UTF8.self)
      let isPlain =
        !text.isEmpty
        && text.utf8.allSatisfy { byte in
          byte >= 0x80 || Self.plain.contains(byte)
        }
      return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }.joined(separator: " ")
  }

  private static let plain = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_^".utf8)
}

extension WireTaskRow {
  /// Why it waits or how it ended: what stands under REASON.
  package var explanation: String { ListRow(self, of: nil).reason }
}

extension WireJobRow {
  /// `37 of 100` final; empty for a job of one task that is no array.
  package var progressText: String {
    guard array.explicit else { return "" }
    let final = counts.filter { (try? TaskState(wire: $0.state))?.isFinal == true }
    return "\(final.reduce(0) { $0 + $1.count })/\(array.count)"
  }

  /// The counts of an array by state: `2 running, 97 pending, 1 failed`.
  package var countsText: String {
    counts.filter { $0.count > 0 }.map { "\($0.count) \($0.state.word)" }.joined(separator: ", ")
  }

  /// The reason, with the time at which it begins as it is where this is read.
  var localReason: WireReason {
    var local = reason
    if local.code == PendingReason.Code.begin.rawValue, options.hasBeginMs {
      local.text = "begins at \(Timestamp.local(WallTime(milliseconds: options.beginMs)))"
    }
    return local
  }

  /// Why it waits, how it ended, who ended it: what stands under REASON.
  package var explanation: String {
    // What most rows of a long list have.
    if state == .pending, hasReason, !array.explicit, frozen == 0, error.isEmpty,
      killReason.isEmpty
    {
      return localReason.text
    }
    var parts: [String] = []
    if array.explicit { parts.append(countsText) }
    if frozen > 0 { parts.append(array.explicit ? "\(frozen) frozen" : "frozen") }
    if hasReason, !reason.text.isEmpty {
      parts.append(localReason.text)
    } else if hasOutcome, let outcome = try? Outcome(wire: outcome) {
      if state != .succeeded, outcome.cause != .exit || outcome.exitCode != 0 {
        parts.append(outcome.phrase)
      }
    }
    // Of many an array's error only repeats the counts.
    if !error.isEmpty, !array.explicit || !error.hasSuffix(" of \(array.count) tasks"),
      !parts.contains(where: { $0.contains(error) })
    {
      parts.append(error)
    }
    if !killReason.isEmpty, !parts.contains(where: { $0.contains(killReason) }) {
      parts.append(killReason)
    }
    return parts.filter { !$0.isEmpty }.joined(separator: "; ")
  }
}
