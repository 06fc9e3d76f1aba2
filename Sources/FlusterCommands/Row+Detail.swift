import FlusterClient
package import FlusterCore
package import FlusterProtocol

extension WireJobRow {
  /// The lines of `fluster-ls -l`.
  func detail(now: WallTime, users: inout UserNames) -> [String] {
    var block = DetailBlock("job \(job) (\(name)) of \(users.name(of: uid)): \(state.word)")
    block.add("reason", explanation)
    addWhatIsRun(to: &block)
    block.addTime("submitted", true, submittedMs)
    block.addTime("started", hasStartedMs, startedMs)
    block.addTime("ended", hasEndedMs, endedMs)
    if hasKilledBy {
      let why = killReason.isEmpty ? "" : ": \(killReason)"
      block.add("killed by", users.name(of: killedBy) + why)
    }
    for attempt in attempts { block.add(attempt.text(in: self, now: now)) }
    return block.lines
  }

  fileprivate func addWhatIsRun(to block: inout DetailBlock) {
    if hasLaunch {
      block.add("command", launch.commandText)
      if launch.hasScript {
        block.add("script", "\(Quantity.text(bytes: launch.script.bytes)), shown by --script")
      }
      block.add("directory", String(decoding: launch.directory.array, as: UTF8.self))
    }
    if array.explicit { block.add("tasks", arrayText) }
    if hasParent { block.add("path", path) }
    block.add("parent", parentText)
    block.add("key", key)
    block.add("comment", launch.comment)
    if hasReplaces { block.add("replaces", "\(replaces)") }
    block.add("needs", needsText)
    block.add("order", orderText)
    block.add("limits", limitsText)
    if hasLaunch { block.add("files", filesText) }
  }

  /// `1-100, 5 at once`.
  package var arrayText: String {
    let step = array.step == 1 ? "" : ":\(array.step)"
    let last = UInt64(array.first) + UInt64(array.step) * UInt64(max(array.count, 1) - 1)
    let throttle = array.hasThrottle ? ", \(array.throttle) at once" : ""
    return "\(array.first)-\(last)\(step)\(throttle)"
  }

  /// The task from inside which it was submitted; empty for a root.
  package var parentText: String {
    guard hasParent else { return "" }
    return hasParentIndex ? "\(parent).\(parentIndex)" : "\(parent)"
  }

  /// `cpus 2, mem 4G`.
  package var needsText: String {
    var parts = ["cpus \(Quantity.text(cpuMillis: needs.cpuMillis))"]
    if needs.hasMemoryBytes { parts.append("mem \(Quantity.text(bytes: needs.memoryBytes))") }
    parts += needs.resources.map { "\($0.name) \($0.count)" }
    for constraint in needs.constraints {
      guard let known = try? Constraint(wire: constraint) else { continue }
      parts.append(known.isHard ? "\(known)" : "rather \(known)")
    }
    parts += launch.ports.map { "port \($0)" } + launch.sockets.map { "socket \($0)" }
    return parts.joined(separator: ", ")
  }

  /// `time 1h, grace 30s, retries 0`.
  package var limitsText: String {
    var parts = [
      hasTimeLimitMs ? "time \(Quantity.text(milliseconds: timeLimitMs))" : "no time limit",
      "grace \(Quantity.text(milliseconds: graceMs))",
    ]
    parts.append("retries \(retries)")
    parts.append("retries-lost \(retriesLost)")
    if endChildren { parts.append("its children end with it") }
    return (parts + options.limitTexts).joined(separator: ", ")
  }

  /// When it has its turn; empty: as usual.
  package var orderText: String { options.orderTexts.joined(separator: ", ") }

  /// Where its streams go, as far as that is not as usual.
  package var filesText: String {
    var parts: [String] = []
    func add(_ word: String, _ isSet: Bool, _ path: [UInt8]) {
      if isSet { parts.append("\(word) \(String(decoding: path, as: UTF8.self))") }
    }
    add("stdin", launch.hasStdin, launch.stdin.array)
    add("stdout", launch.hasStdout, launch.stdout.array)
    add("stderr", launch.hasStderr, launch.stderr.array)
    return parts.joined(separator: ", ")
  }
}

extension WireTaskRow {
  /// The lines of `fluster-ls -l` about one task, with what is known of its job.
  func detail(of job: WireJobRow?, now: WallTime, users: inout UserNames) -> [String] {
    let row = ListRow(self, of: job)
    var block = DetailBlock("task \(row.id) (\(name)) of \(users.name(of: uid)): \(state.word)")
    block.add("reason", row.reason)
    block.add("entry", String(decoding: entry.array, as: UTF8.self))
    job?.addWhatIsRun(to: &block)
    if let job { block.addTime("submitted", true, job.submittedMs) }
    block.addTime("started", hasStartedMs, startedMs)
    block.addTime("ended", hasEndedMs, endedMs)
    guard let job else { return block.lines }
    for attempt in job.attempts where attempt.index == index {
      block.add(attempt.text(in: job, now: now))
    }
    return block.lines
  }
}

/// A job or a task in full: a line about it, and lines below.
private struct DetailBlock {
  private(set) var lines: [String]

  init(_ title: String) { lines = [Table.shown(title)] }

  mutating func add(_ line: String) { lines.append("  " + Table.shown(line)) }

  mutating func add(_ label: String, _ value: String) {
    guard !value.isEmpty else { return }
    add("\(label):\(String(repeating: " ", count: max(1, 12 - label.count)))\(value)")
  }

  mutating func addTime(_ label: String, _ isKnown: Bool, _ milliseconds: Int64) {
    if isKnown { add(label, Timestamp.local(WallTime(milliseconds: milliseconds))) }
  }
}

extension WireAttemptRow {
  /// `attempt 0 on w1: exit code 7, ran 1.2s, peak 12M`.
  func text(in job: WireJobRow, now: WallTime) -> String {
    let task = job.array.explicit ? "task \(index) " : ""
    let place = "\(task)attempt \(number) on \(worker.isEmpty ? "no worker" : worker): "
    return place + endText(now: now)
  }

  /// `exit code 7, ran 1.2s, peak 12M`, or how long it has been what it is.
  package func endText(now: WallTime) -> String {
    var text = ""
    guard hasOutcome, let outcome = try? Outcome(wire: outcome) else {
      text += state.word
      if hasStartedMs {
        let ran = UInt64(max(0, now.milliseconds - startedMs))
        text += " for \(Quantity.text(milliseconds: ran))"
      }
      return text
    }
    var parts = [outcome.phrase]
    if let wall = outcome.usage.wallMilliseconds ?? wallFromTimes {
      parts.append("ran \(Quantity.text(milliseconds: wall))")
    }
    parts += outcome.usage.texts
    return text + parts.joined(separator: ", ")
  }

  private var wallFromTimes: UInt64? {
    hasStartedMs && hasEndedMs ? UInt64(max(0, endedMs - startedMs)) : nil
  }
}
