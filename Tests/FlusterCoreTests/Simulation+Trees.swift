import FlusterCore

/// Jobs that submit jobs.
extension Simulation {
  /// Some open attempt and whose it is, or one that ended long ago.
  mutating func parent() -> (attempt: AttemptUID, owner: UserID)? {
    if chance(1, in: 8), let attempt = ledger.attempts.keys.min() {
      return (attempt, UserID(UInt32.random(in: 1...2, using: &random)))
    }
    guard let uid = controller.state.attempts.keys.sorted().randomElement(using: &random),
      let task = controller.state.attempts[uid]?.task,
      let owner = controller.state.jobs[task.job]?.request.owner
    else { return nil }
    // Now and then it is another user who says so.
    return (uid, chance(1, in: 10) ? UserID(3 - owner.number) : owner)
  }

  /// Any job there ever was.
  mutating func anyJob() -> Selection {
    Selection(
      job: JobID(UInt64.random(in: 1...controller.state.nextJob.number, using: &random)))
  }

  /// A job whose parent's attempt has ended is being ended too, unless that ended as it should.
  mutating func checkTrees() {
    for id in durable.jobs.keys {
      guard let job = durable.jobs[id], let lineage = job.lineage, job.progress.killed == nil else {
        continue
      }
      for ancestor in lineage.ancestors.reversed() {
        if let attempt = durable.attempts[ancestor.attempt] {
          // What an attempt submits while it is being ended, for whatever above it, ends with it.
          if case .killed? = attempt.stop { break }
        } else if !ledger.outlived.contains(ancestor.attempt) {
          complain("job \(id) goes on although attempt \(ancestor.attempt) did not succeed")
        }
      }
    }
  }
}
