/// Submitting once: what a job under the same key means for a submit.
extension Controller {
  /// The job that a submit under a key is answered with instead of making another, and what to say
  /// of that; nil if it makes one.
  ///
  /// Throws already-exists where that is not wanted, or where the job asked for something else.
  package func existing(
    for request: JobRequest, _ once: Once, from caller: Caller
  ) throws(Refusal) -> (job: JobID, notice: String)? {
    guard let key = request.options.key, caller.uid == request.owner,
      let holder = holder(for: request, once)
    else { return nil }
    switch once.ifExists {
    case .replace: return nil
    case .return:
      guard holder.digest == key.digest else {
        throw Refusal(
          .alreadyExists,
          "job \(holder.job) has the key \"\(key.name)\", and this is a different request",
          wayOut: "use another key, or put this in its place with --if-exists=replace")
      }
      return (
        holder.job, "job \(holder.job) has the key \"\(key.name)\" already; no other is submitted"
      )
    case .fail:
      if let job = state.jobs[holder.job] {
        let word = job.progress.killed == nil ? job.progress.state.word : "being ended"
        throw Refusal(
          .alreadyExists, "job \(job.id) has the key \"\(key.name)\" and is \(word)",
          wayOut: "wait for its end with fluster-wait \(job.id), or use another key")
      }
      throw Refusal(
        .alreadyExists, "job \(holder.job) had the key \"\(key.name)\", and has ended",
        wayOut: "use another key; with --key-scope=live jobs that have ended do not count")
    }
  }

  /// Whether a submit would make a job, as far as its key goes.
  package func makesJob(_ request: JobRequest, _ once: Once, from caller: Caller) -> Bool {
    do throws(Refusal) {
      return try existing(for: request, once, from: caller) == nil
    } catch {
      return false
    }
  }

  /// The job in the way of a submit under a key.
  private func holder(for request: JobRequest, _ once: Once) -> KeyHolder? {
    guard let key = request.ownedKey else { return nil }
    switch once.scope {
    case .live: return state.newestUnfinished(under: key)
    case .ever: return state.holder(of: key, stored: once.stored)
    }
  }

  /// Refuses a job that would end with the one that it replaces.
  package func checkReplacement(
    of request: JobRequest, _ once: Once, _ descent: Descent
  ) throws(Refusal) {
    guard let key = request.ownedKey, once.ifExists == .replace else { return }
    let old = state.keys.unfinished(under: key)
    if let target = request.options.dependencies.first(where: { old.contains($0.target.job) })?
      .target
    {
      throw Refusal(
        .failedPrecondition,
        "job \(target.job) has the key \"\(key.name)\", and what replaces it cannot depend on it",
        wayOut: "leave that out: it starts when job \(target.job) has ended")
    }
    guard let own = descent.lineage?.ancestors.first(where: { old.contains($0.job) }) else {
      return
    }
    throw Refusal(
      .failedPrecondition,
      "job \(own.job) has the key \"\(key.name)\", and what is submitted inside it ends with it",
      wayOut: "submit it with --detach")
  }

  /// Ends what has the key of a request that replaces it, and has the request wait for that.
  mutating func replace(for request: inout JobRequest, _ once: Once, at now: Moment) {
    guard let key = request.ownedKey, once.ifExists == .replace else { return }
    let holder = holder(for: request, once)
    request.options.key?.replaces = holder?.job
    let end = KillRequest(by: request.owner, reason: "job \(state.nextJob) replaces it")
    for id in state.keys.unfinished(under: key) {
      killWhole(id, end, at: now)
      for selection in JobSelection.merging([Selection(job: id)]) {
        killDescendants(of: selection, end, at: now)
      }
    }
    // One that itself waited for another is gone at once, and that other has still to end.
    if let left = state.keys.unfinished(under: key).first {
      request.options.key?.replaces = left
    }
  }
}
