extension Controller {
  mutating func submit(
    _ request: JobRequest, _ payload: Payload, _ token: Token?, _ once: Once,
    _ past: [Selection: TaskState], inside attempt: AttemptUID?, from caller: Caller,
    _ reply: RequestID, at now: Moment
  ) {
    let owned = token.map { OwnedToken(owner: request.owner, token: $0) }
    if let known = owned.flatMap({ state.tokens.made(by: $0) }) {
      return effect(.reply(reply, .submitted(known, existed: true)))
    }
    var request = request
    let descent: Descent
    let orphan: String?
    let before: Standing
    do throws(Refusal) {
      if let known = try existing(for: request, once, from: caller) {
        return effect(
          .reply(reply, .submitted(known.job, existed: true, notice: known.notice)))
      }
      if let refusal = refusal(of: request, from: caller)
        ?? refusalOfTimes(of: request.options, at: now)
      {
        throw refusal
      }
      (descent, orphan) = try self.descent(of: request, inside: attempt)
      try checkReplacement(of: request, once, descent)
      before = try standing(of: request, past)
    } catch {
      return effect(.reply(reply, .refused(error)))
    }
    replace(for: &request, once, at: now)
    let standing = self.standing(of: request, past, after: before)
    if request.options.deadline != nil { request.options.settleTimes(submitted: now.wall) }
    var job = Job(
      id: state.nextJob, request: request, submitted: now.wall, descent: descent)
    job.progress.hasSeenFailure = standing.hasSeenFailure
    record(.submitted(job, payload, token))
    let notices = [
      orphan.map { "\($0); job \(job.id) is a root job" },
      unenforced(of: request),
      standing.obstacle.map { "job \(job.id) ends without being started: \($0)" },
    ].compactMap(\.self)
    let notice = notices.isEmpty ? nil : notices.joined(separator: "; ")
    effect(.reply(reply, .submitted(job.id, existed: false, notice: notice)))
    if let obstacle = standing.obstacle { endUnmet(job.id, obstacle, now) }
  }

  /// Why the request cannot be accepted; nil if it can.
  package func refusal(of request: JobRequest, from caller: Caller) -> Refusal? {
    let array = request.array
    guard caller.uid == request.owner else {
      return Refusal(.permissionDenied, "a job can only be submitted for its own uid")
    }
    guard !request.name.isEmpty else { return Refusal(.invalidArgument, "the job has no name") }
    guard (1...TaskArray.maximumCount).contains(array.count) else {
      return Refusal(
        .invalidArgument,
        "a job has 1 to \(TaskArray.maximumCount) tasks, not \(array.count)")
    }
    let (last, overflow) = UInt64(array.step).multipliedReportingOverflow(
      by: UInt64(array.count - 1))
    guard array.step > 0, !overflow, last + UInt64(array.first) <= UInt64(UInt32.max) else {
      return Refusal(.invalidArgument, "the task indices do not fit into 32 bits")
    }
    if let throttle = array.throttle, throttle == 0 {
      return Refusal(
        .invalidArgument, "an array that may run 0 tasks at once never runs",
        wayOut: "submit it held instead")
    }
    guard request.needs.cpuMillis > 0 else {
      return Refusal(.invalidArgument, "a task needs some cpu", wayOut: "ask for 0.001 or more")
    }
    if let refusal = refusal(of: request.options, array, request.retries) { return refusal }
    if let refusal = request.refusalOfWarning ?? refusalOfUnenforced(request) { return refusal }
    if let obstacle = obstacle(to: request) {
      return Refusal(.invalidArgument, obstacle, wayOut: "ask for less, or add a larger worker")
    }
    return nil
  }

  private func refusal(
    of options: JobOptions, _ array: TaskArray, _ retries: UInt32
  ) -> Refusal? {
    if let most = options.maxFailures, retries > most {
      return Refusal(
        .invalidArgument,
        "\(retries) retries can never all be used where the job may have \(most) failures",
        wayOut: "ask for at most as many retries as --max-failures allows failures")
    }
    guard let gang = options.gang else { return nil }
    if array.count > Gang.maximumCount {
      return Refusal(
        .invalidArgument, "a gang has at most \(Gang.maximumCount) tasks, not \(array.count)")
    }
    if let throttle = array.throttle, throttle < array.count {
      return Refusal(
        .invalidArgument,
        "a gang of \(array.count) that may run \(throttle) tasks at once never runs")
    }
    if gang.groupBy == "" {
      return Refusal(
        .invalidArgument, "a gang cannot be grouped by an attribute without a name")
    }
    return nil
  }
}
