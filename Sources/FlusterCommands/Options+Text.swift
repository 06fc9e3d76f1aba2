import FlusterClient
import FlusterCore
import FlusterProtocol

/// What `fluster-ls -l` shows of what few jobs ask for: nothing of what is as usual.
extension WireOptions {
  /// When it has its turn, and what starts with it.
  var orderTexts: [String] {
    var parts: [String] = []
    if let band = try? Band(wire: band), band != .interactive { parts.append("band \(band.word)") }
    if priority != 0 { parts.append("priority \(priority)") }
    for (word, isSet, time) in [
      ("begin", hasBeginMs, beginMs), ("deadline", hasDeadlineMs, deadlineMs),
    ] where isSet {
      parts.append("\(word) \(Timestamp.local(WallTime(milliseconds: time)))")
    }
    for kind in Dependency.Kind.allCases {
      let named = dependencies.filter { $0.known == kind }.map(\.selector.text)
      guard !named.isEmpty else { continue }
      parts.append("\(kind.option.dropFirst(2)) \(named.joined(separator: " "))")
    }
    if hasScheduleTimeoutMs {
      parts.append("schedule-timeout \(Span(milliseconds: scheduleTimeoutMs))")
    }
    if hasGang {
      let group = gang.hasGroupBy ? " grouped by \(gang.groupBy)" : ""
      parts.append("gang\(group)" + (gang.spread ? " one per worker" : ""))
    }
    if tied { parts.append("tied to its fluster-run") }
    return parts
  }

  /// How often it may fail, and what a failure is.
  var limitTexts: [String] {
    var parts: [String] = []
    if hasMaxFailures { parts.append("max-failures \(maxFailures)") }
    if hasBackoffFirstMs || hasBackoffMostMs, let backoff = try? Backoff(wire: self) {
      parts.append("backoff \(backoff.first)..\(backoff.most)")
    }
    if warnSignal != 0 {
      let name = UInt8(exactly: warnSignal).flatMap { Signal.name($0) } ?? "\(warnSignal)"
      parts.append("warn \(name)@\(Span(milliseconds: warnBeforeMs))")
    }
    if hasProcessLimit { parts.append("pids \(processLimit)") }
    for (word, statuses) in [("ok-status", okStatus), ("no-retry-status", finalStatus)]
    where !statuses.isEmpty {
      parts.append("\(word) " + statuses.array.map { "\($0)" }.joined(separator: ","))
    }
    return parts
  }
}
