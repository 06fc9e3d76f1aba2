import FlusterCore
import FlusterProtocol
import FlusterStore
import FlusterSystem

extension Daemon {
  /// Submit: makes a job, or finds the one that the token made before.
  func submit(_ wire: WireSubmit, _ request: Request) {
    let list = entryLists.take(from: request.connection)
    do throws(Refusal) {
      let submission = try Submission(wire: wire, owner: request.peer.uid)
      if let refusal = admission.refusalToSubmit(request.peer) { throw refusal }
      if !submission.isDryRun, let token = submission.token,
        let job = try knownJob(token, of: request.peer.uid)
      {
        return answerKnown(job, request)
      }
      let entries = try entries(for: submission, wire.job.launch, list)
      let once = try once(of: submission)
      if submission.dependencies.isEmpty
        || !controller.makesJob(submission.request, once, from: request.peer.caller)
      {
        return try accept(submission, entries, request)
      }
      try resolve(Resolving(submission, entries), request)
    } catch {
      refuse(request, error)
    }
  }

  /// Goes on with a submit whose dependencies have been found.
  func accept(
    _ submission: Submission, _ entries: EntryFile?, _ request: Request,
    past: [Selection: TaskState] = [:]
  ) throws(Refusal) {
    let once = try once(of: submission)
    if submission.isDryRun { return try tryOut(submission, once, past, request) }
    if controller.makesJob(submission.request, once, from: request.peer.caller) {
      try checkLimit(of: request.peer.uid)
      try checkStoredBytes(
        of: submission.payload, submission.request, for: request.peer.uid)
    }
    submittedEntries = entries
    defer { submittedEntries = nil }
    keep(request, as: .submit)
    step(
      .submit(
        submission.request, submission.payload, submission.token, once: once, past: past,
        inside: submission.parent, from: request.peer.caller, request.id))
  }

  /// With what the store knows of the key, if there is one.
  private func once(of submission: Submission) throws(Refusal) -> Once {
    var once = submission.once
    if let key = submission.request.ownedKey { once.stored = try stored(key) }
    return once
  }

  /// The job a token made in the last 24 hours. The core knows those that are not durable yet; the
  /// store is asked for all others, whether the client says that it is a resend or not: it may have
  /// forgotten, and a token that came twice must not be a second row.
  func knownJob(_ token: Token, of owner: UserID) throws(Refusal) -> JobID? {
    if let job = controller.state.tokens.made(by: OwnedToken(owner: owner, token: token)) {
      return job
    }
    do throws(StoreError) {
      return try storage.job(for: token, of: owner)
    } catch {
      throw Refusal(error)
    }
  }

  func answerKnown(_ job: JobID, _ request: Request) {
    var wire = WireSubmitted()
    wire.job = job.number
    wire.existed = true
    hold(job, by: request.connection)
    answer(request, .submitted(wire))
  }

  /// A dry run: everything that a submit would be refused for, and whether it could ever run.
  private func tryOut(
    _ submission: Submission, _ once: Once, _ past: [Selection: TaskState], _ request: Request
  ) throws(Refusal) {
    var wire = WireSubmitted()
    let caller = request.peer.caller
    if let known = try controller.existing(for: submission.request, once, from: caller) {
      (wire.job, wire.existed) = (known.job.number, true)
      wire.notices.append(known.notice)
      return answer(request, .submitted(wire))
    }
    let obstacle = controller.obstacle(to: submission.request)
    if obstacle == nil,
      let refusal = controller.refusal(of: submission.request, from: caller)
        ?? controller.refusalOfTimes(of: submission.request.options, at: now)
    {
      throw refusal
    }
    try checkLimit(of: request.peer.uid)
    try checkStoredBytes(
      of: submission.payload, submission.request, for: request.peer.uid)
    let (descent, orphan) = try controller.descent(
      of: submission.request, inside: submission.parent)
    try controller.checkReplacement(of: submission.request, once, descent)
    if let obstacle = try controller.obstacle(toStarting: submission.request, past) {
      wire.notices.append("the job would end without being started: \(obstacle)")
    }
    if let unenforced = controller.unenforced(of: submission.request) {
      wire.notices.append(unenforced)
    }
    if let orphan { wire.notices.append("\(orphan); the job would be a root job") }
    if controller.state.links.isEmpty {
      wire.notices.append("no worker is connected; the job would wait for one")
    } else {
      wire.couldRun = obstacle == nil
      wire.obstacle = obstacle ?? ""
    }
    answer(request, .submitted(wire))
  }

  /// Refuses a user who has as many unfinished jobs and tasks as one may have.
  func checkLimit(of owner: UserID) throws(Refusal) {
    let limit = settings.maxLiveTasks
    let jobs = live.count(of: owner, limit: limit, controller.state)
    guard jobs + controller.state.attempts.count >= limit else { return }
    let tasks = live.ids(of: owner).reduce(0) { sum, id in
      sum + (controller.state.jobs[id]?.records.count ?? 0)
    }
    guard jobs + tasks >= limit else { return }
    throw Refusal(
      .resourceExhausted, "uid \(owner) has \(jobs + tasks) unfinished jobs and open tasks",
      wayOut: "wait until some have ended; the limit is MaxLiveTasks=\(limit) of fluster.conf(5)")
  }

  /// Refuses a job that would make the store hold more for its owner than one may have there. With
  /// an environment that is stored already it may be judged as if it were not, but only when the
  /// user is that near to the limit.
  func checkStoredBytes(
    of payload: Payload, _ request: JobRequest, for owner: UserID
  ) throws(Refusal) {
    let limit = settings.maxStoredBytes
    let bytes: Int
    do throws(StoreError) {
      bytes = try stored.bound(
        of: owner, adding: payload.bytes(of: request), limit: limit
      ) { () throws(StoreError) in try storage.storedBytes(of: owner) }
    } catch {
      throw Refusal(error)
    }
    guard bytes > limit else { return }
    let kept = Quantity.text(milliseconds: settings.keepEnded.milliseconds)
    throw Refusal(
      .resourceExhausted, "with this job uid \(owner) would hold \(bytes) bytes in the store",
      wayOut: "the limit is MaxStoredBytes=\(Quantity.text(bytes: UInt64(limit))) of "
        + "fluster.conf(5); ended jobs are forgotten after KeepEnded=\(kept)")
  }
}
