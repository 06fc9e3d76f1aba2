/// Job trees: children belong to the attempt that submitted them.
extension Controller {
  /// What a job that is submitted from inside the attempt `uid` would be, and if it cannot be a
  /// child, why not.
  ///
  /// Throws failed-precondition where the tree would become too deep.
  package func descent(
    of request: JobRequest, inside uid: AttemptUID?
  ) throws(Refusal) -> (Descent, orphan: String?) {
    guard let uid else { return (.root, nil) }
    guard let attempt = state.attempts[uid], let parent = state.jobs[attempt.task.job] else {
      return (.root, "attempt \(uid), in which this was submitted, is not open here")
    }
    guard parent.request.owner == request.owner else {
      let owner = parent.request.owner
      return (.root, "job \(parent.id), in which this was submitted, belongs to uid \(owner)")
    }
    let levels = (parent.lineage?.ancestors.count ?? 0) + 1
    guard levels < Lineage.maximumDepth else {
      throw Refusal(
        .failedPrecondition,
        "job \(parent.id) is at level \(levels) of its tree, and a tree has no more levels",
        wayOut: "submit it with --detach")
    }
    if let shared = state.families.descent(from: uid) { return (shared, nil) }
    return (.child(Lineage(ofChildrenOf: attempt, in: parent)), nil)
  }

  /// Refuses to end what descends from a finished job that is not the caller's: a tree has one
  /// owner.
  func checkDescendants(of selection: JobSelection, for caller: Caller) throws(Refusal) {
    guard let child = state.families.descendants(of: selection).first,
      let owner = state.jobs[child]?.request.owner, !caller.mayChange(owner)
    else { return }
    throw Refusal(.permissionDenied, "job \(selection.job) belongs to uid \(owner)")
  }

  /// Ends everything below what was named of a job, whether that has ended or not.
  mutating func killDescendants(
    of selection: JobSelection, _ request: KillRequest, at now: Moment
  ) {
    let members = state.families.descendants(of: selection)
    let why = request.reason.isEmpty ? "" : ": \(request.reason)"
    for id in members {
      guard let lineage = state.jobs[id]?.lineage else { continue }
      let named = lineage.ancestors.last {
        $0.job == selection.job && selection.includes($0.index ?? 0)
      }
      guard let named else { continue }
      let words = "\(lineage.relation(to: named)) was ended\(why)"
      killWhole(id, KillRequest(by: request.by, reason: words), at: now)
    }
  }

  /// An attempt has ended: its children end with it, unless it did what it should.
  mutating func endChildren(
    of attempt: OpenAttempt, _ verdict: Verdict, in job: Job, at now: Moment
  ) {
    let members = state.families.descendants(of: attempt.uid)
    guard !members.isEmpty else { return }
    var by = job.request.owner
    var end: String
    switch verdict {
    case .final(let state, charged: _): end = "has ended (\(state.word))"
    case .retry: end = "is tried again"
    }
    if case .killed(let request)? = attempt.stop {
      // Those from before the kill were ended with it; these came while it was being carried out.
      by = request.by
      end = "was ended"
    } else if case .final(.succeeded, charged: _) = verdict, !job.request.endChildren {
      return
    }
    for id in members {
      guard let lineage = state.jobs[id]?.lineage,
        let ancestor = lineage.ancestors.last(where: { $0.attempt == attempt.uid })
      else { continue }
      let words = "\(lineage.relation(to: ancestor)) \(end)"
      killWhole(id, KillRequest(by: by, reason: words), at: now)
    }
  }
}

extension Lineage {
  fileprivate func relation(to ancestor: Ancestor) -> String {
    "its \(ancestor == parent ? "parent" : "ancestor") \(ancestor.text)"
  }
}
