import FlusterClient
import FlusterCore
import FlusterProtocol

/// What few jobs ask for: order, limits of failures, gangs, constraints.
extension SubmitCommand {
  func constraints() throws(Failure) -> [WireConstraint] {
    var constraints: [WireConstraint] = []
    for text in needs.constraint {
      constraints.append(try ConstraintArgument.parse("--constraint", text, isHard: true))
    }
    for text in needs.prefer {
      constraints.append(try ConstraintArgument.parse("--prefer", text, isHard: false))
    }
    return constraints
  }

  func options() throws(Failure) -> WireOptions {
    var options = WireOptions()
    try setOrder(of: &options)
    try setFailures(of: &options)
    options.dependencies = try order.dependencies()
    let clock = LocalClock.current
    if let time = order.begin {
      options.beginMs = try TimeArgument.parse("--begin", time, clock).milliseconds
    }
    if let time = order.deadline {
      options.deadlineMs = try TimeArgument.parse("--deadline", time, clock).milliseconds
    }
    try setWarning(of: &options)
    if let pids = needs.pids {
      options.processLimit = try QuantityArgument.count("--pids", pids, in: Limit.processes)
    }
    if let attribute = order.groupBy {
      guard !attribute.isEmpty else {
        throw .usage("--group-by: the attribute has no name", wayOut: "write --group-by rack")
      }
      options.gang.groupBy = attribute
    }
    if order.onePerWorker { options.gang.spread = true }
    if order.gang, !options.hasGang { options.gang = WireGang() }
    return options
  }

  private func setOrder(of options: inout WireOptions) throws(Failure) {
    if let band = order.band { options.band = try BandArgument.parse("--band", band) }
    if let priority = order.priority {
      options.priority = try QuantityArgument.count(
        "--priority", priority, in: Limit.priorities)
    }
    if let timeout = order.scheduleTimeout {
      options.scheduleTimeoutMs = try QuantityArgument.span("--schedule-timeout", timeout)
        .milliseconds
      guard options.scheduleTimeoutMs > 0 else {
        throw .usage(
          "--schedule-timeout: nothing finds its place within 0s",
          wayOut: "leave it out to wait, or write a span such as 90s, 5m or 2h30m")
      }
    }
  }

  private func setFailures(of options: inout WireOptions) throws(Failure) {
    if let most = ending.maxFailures {
      options.maxFailures = try QuantityArgument.count(
        "--max-failures", most, in: 0...Limit.retries)
    }
    if let list = ending.okStatus {
      options.okStatus = .of(try StatusListArgument.parse("--ok-status", list, in: 0...255))
    }
    if let list = ending.noRetryStatus {
      options.finalStatus = .of(
        try StatusListArgument.parse("--no-retry-status", list, in: 1...255))
    }
    if let both = options.okStatus.array.first(where: options.finalStatus.array.contains) {
      throw .usage(
        "exit status \(both) cannot be a success and a failure",
        wayOut: "name it with --ok-status or with --no-retry-status")
    }
    if let backoff = ending.backoff { try set(backoff, of: &options) }
  }

  /// `FIRST..MAX`.
  private func set(_ backoff: String, of options: inout WireOptions) throws(Failure) {
    let ends = backoff.split(separator: ".", omittingEmptySubsequences: false)
    guard ends.count == 3, ends[1].isEmpty else {
      throw .usage(
        "--backoff: \"\(backoff)\" is not FIRST..MAX", wayOut: "write, for example, 1s..60s")
    }
    options.backoffFirstMs = try QuantityArgument.span("--backoff", String(ends[0])).milliseconds
    options.backoffMostMs = try QuantityArgument.span("--backoff", String(ends[2])).milliseconds
    guard options.backoffFirstMs <= options.backoffMostMs else {
      throw .usage(
        "--backoff: \"\(backoff)\" begins with more than it ends with",
        wayOut: "write, for example, 1s..60s")
    }
  }
}
