extension Controller {
  mutating func submit(
    _ request: JobRequest, _ payload: Payload, _ token: Token?, from caller: Caller,
    _ reply: RequestID, at now: Moment
  ) {
    if let token, let known = state.tokens.job(for: token, of: request.owner) {
      return effect(.reply(reply, .submitted(known, existed: true)))
    }
    if let refusal = refusal(of: request, from: caller) {
      return effect(.reply(reply, .refused(refusal)))
    }
    let job = Job(id: state.nextJob, request: request, submitted: now.wall)
    record(.submitted(job, payload, token))
    effect(.reply(reply, .submitted(job.id, existed: false)))
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
    if let obstacle = obstacle(to: request.needs) {
      return Refusal(.invalidArgument, obstacle, wayOut: "ask for less, or add a larger worker")
    }
    return nil
  }

  /// Why no connected worker, even empty, could ever run this; nil if one could, or if there is
  /// none to ask (no worker yet is normal).
  package func obstacle(to needs: Requirement) -> String? {
    let workers = state.connected
    guard !workers.isEmpty else { return nil }
    let fits = workers.contains { worker in
      worker.record.capacity.covers(needs.charge(on: worker.record.capacity))
    }
    guard !fits else { return nil }
    let lacking = workers.map { worker in
      let missing = worker.record.capacity.shortfall(of: needs, on: worker.record.capacity)
      return "worker \(worker.record.id) has only \(missing.have)"
    }
    let some = lacking.prefix(3).joined(separator: ", ")
    let more = lacking.count > 3 ? ", and \(lacking.count - 3) more are too small" : ""
    return "no worker could ever run a task that needs \(needs): \(some)\(more)"
  }
}
