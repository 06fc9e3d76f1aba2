/// Begins and deadlines: the times before and after which nothing of a job starts.
extension Controller {
  /// Does what the times that have come ask for. Before every pass, too: the clock may have been
  /// set, or nobody was there to be woken.
  mutating func passTimes(at now: Moment) {
    for id in queue.waits.takeDue(at: now.wall) {
      guard let job = state.jobs[id] else { continue }
      if job.isPastDeadline(at: now) {
        endUnstarted(id, at: now)
      } else {
        offer(id)
        wantsSchedule = true
      }
    }
  }

  /// Ends what waits of a job whose deadline has passed; what runs goes on.
  mutating func endUnstarted(_ id: JobID, at now: Moment) {
    guard let job = state.jobs[id] else { return }
    let waiting = job.waiting
    guard !waiting.isEmpty else { return }
    end(waiting, of: id, as: .unschedulable)
    gangFails(with: id)
    finishIfOver(id, at: now)
  }

  /// Why a job with these times is not accepted; nil if it is.
  package func refusalOfTimes(of options: JobOptions, at now: Moment) -> Refusal? {
    guard let deadline = options.deadline else { return nil }
    if deadline <= now.wall {
      return Refusal(
        .invalidArgument, "the deadline has passed already",
        wayOut: "name a later one, such as now+2h")
    }
    if let begin = options.begin, deadline <= begin {
      return Refusal(
        .invalidArgument, "the deadline is not after the begin, so nothing could ever start",
        wayOut: "name a later deadline, or an earlier begin")
    }
    return nil
  }
}

extension Job {
  /// Nothing of it starts any more.
  func isPastDeadline(at now: Moment) -> Bool {
    request.options.deadline.map { $0 <= now.wall } ?? false
  }
}

extension JobOptions {
  /// A place that is wanted by a time after the deadline is wanted by the deadline.
  mutating func settleTimes(submitted: WallTime) {
    guard let deadline, let timeout = scheduleTimeout else { return }
    if deadline <= max(submitted, begin ?? submitted) + timeout { scheduleTimeout = nil }
  }

  /// What is unschedulable was too late.
  var isBoundByDeadline: Bool { deadline != nil && scheduleTimeout == nil }
}
