/// Why what ended without success did, where no attempt's outcome tells it.
extension JobProgress {
  /// How a task ended in `state` that had no attempt then.
  package func story(ofEnding state: TaskState, of request: JobRequest) -> EndStory {
    if state == .killed, let killed, killed.isUnmet {
      return EndStory(outcome: Outcome(.dependency, text: killed.reason))
    }
    if state == .unschedulable, request.options.isBoundByDeadline {
      return EndStory(outcome: Outcome(.deadline))
    }
    return EndStory(reason: reason(forEnding: state, of: request))
  }

  /// Why it did, in one sentence; empty where the state says it all.
  private func reason(forEnding state: TaskState, of request: JobRequest) -> String {
    switch state {
    case .unschedulable: noPlace(request)
    case .gangFailed: StopReason.gangFailed.text
    case .killed:
      killed == nil && request.isOverLimit(failures) ? StopReason.failureLimit.text : ""
    case .pending, .assigned, .building, .running, .succeeded, .failed, .workerFailed, .preempted:
      ""
    }
  }

  /// Which limit a final job ran into, its value, and the attempts that used it up, in one
  /// sentence; nil if it was none. `outcome` is that of a job of one task.
  package func error(of request: JobRequest, outcome: Outcome?) -> String? {
    guard state.isFinal, state != .succeeded, killed == nil else { return nil }
    if let most = request.options.maxFailures, request.isOverLimit(failures) {
      return "\(failures.count) \(failures.count == 1 ? "attempt" : "attempts") failed, "
        + "more than --max-failures \(most): " + attempts(of: request.array)
    }
    if counts.failed > 0, let position = exhausted(request.retries) {
      let retries = request.retries
      return "task \(name(position, request.array)) failed \(retries + 1) times; "
        + "--retries \(retries) allows \(retries)"
    }
    if counts.failed > 0, let status = outcome?.exitCode, outcome?.cause == .exit,
      request.retries > 0, request.options.finalStatuses.contains(status)
    {
      return "exit status \(status) is not tried again"
    }
    return counts.unschedulable > 0 ? noPlace(request) : nil
  }

  private func noPlace(_ request: JobRequest) -> String {
    if request.options.isBoundByDeadline { return "deadline passed" }
    return "no place was found" + (request.options.scheduleTimeout.map { " within \($0)" } ?? "")
  }

  private func name(_ position: UInt32, _ array: TaskArray) -> String {
    array.isExplicit ? "\(job).\(array.index(of: position))" : "\(job)"
  }

  /// A task of which more failures are known than are forgiven, if any is.
  private func exhausted(_ retries: UInt32) -> UInt32? {
    guard retries > 0 else { return nil }
    var counts: [UInt32: UInt32] = [:]
    for attempt in failures.first {
      counts[attempt.position, default: 0] += 1
      if counts[attempt.position] == retries + 1 { return attempt.position }
    }
    return nil
  }

  /// `42.1 (attempt 0), 42.4 (attempts 0 and 1)`, by task, as far as they are remembered.
  private func attempts(of array: TaskArray) -> String {
    var numbers: [UInt32: [UInt32]] = [:]
    for attempt in failures.first { numbers[attempt.position, default: []].append(attempt.number) }
    let tasks = numbers.keys.sorted().map { position -> String in
      let tries = (numbers[position] ?? []).sorted().map { "\($0)" }
      let some = tries.dropLast().joined(separator: ", ")
      let list = tries.count > 1 ? "attempts \(some) and " : "attempt "
      return "\(name(position, array)) (\(list)\(tries.last ?? ""))"
    }
    let more = Int(failures.count) - failures.first.count
    return tasks.joined(separator: ", ") + (more > 0 ? ", and \(more) more" : "")
  }
}

extension JobRequest {
  /// More attempts have failed than the job was allowed.
  func isOverLimit(_ failures: FailureTally) -> Bool {
    options.maxFailures.map { failures.count > $0 } ?? false
  }
}
