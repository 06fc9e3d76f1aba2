/// The unfinished jobs of trees, by the attempts that they descend from: an index over the jobs,
/// which can be built anew at any time. It reaches through jobs that have finished to those that
/// live below them.
package struct Families: Hashable, Sendable {
  /// What descends from one attempt.
  private struct Family: Hashable, Sendable {
    let parent: Ancestor
    /// The family that the parent's job is a member of, or was.
    let above: AttemptUID?
    /// What the unfinished children have in common.
    var descent: Descent?
    /// Unfinished children.
    var members: Set<JobID> = []
    /// Families whose parents are children, finished or not.
    var below: Set<AttemptUID> = []
  }

  private var families: [AttemptUID: Family] = [:]
  /// The attempts of a job that have a family.
  private var parents: [JobID: Set<AttemptUID>] = [:]

  /// No children.
  init() {}

  /// How the other children of an attempt descend from it; nil if it has none that is unfinished.
  func descent(from attempt: AttemptUID) -> Descent? { families[attempt]?.descent }

  /// An unfinished job has come. Returns its descent as its siblings have it, to be shared.
  mutating func add(_ job: Job) -> Descent {
    guard let lineage = job.lineage else { return job.descent }
    var above: AttemptUID?
    for ancestor in lineage.ancestors {
      if families[ancestor.attempt] == nil {
        families[ancestor.attempt] = Family(parent: ancestor, above: above)
        parents[ancestor.job, default: []].insert(ancestor.attempt)
        if let above { families[above]?.below.insert(ancestor.attempt) }
      }
      above = ancestor.attempt
    }
    let parent = lineage.parent.attempt
    let descent = families[parent]?.descent ?? job.descent
    families[parent]?.descent = descent
    families[parent]?.members.insert(job.id)
    return descent
  }

  /// A job has ended; what is empty with it goes.
  mutating func remove(_ job: Job) {
    guard let parent = job.lineage?.parent.attempt else { return }
    families[parent]?.members.remove(job.id)
    if families[parent]?.members.isEmpty == true { families[parent]?.descent = nil }
    var next: AttemptUID? = parent
    while let uid = next, let family = families[uid], family.members.isEmpty, family.below.isEmpty {
      families[uid] = nil
      parents[family.parent.job]?.remove(uid)
      if parents[family.parent.job]?.isEmpty == true { parents[family.parent.job] = nil }
      if let above = family.above { families[above]?.below.remove(uid) }
      next = family.above
    }
  }

  /// The unfinished jobs that were submitted from inside a job, by id.
  package func children(of job: JobID) -> [JobID] {
    // The order of sets decides nothing.
    (parents[job] ?? []).flatMap { families[$0]?.members ?? [] }.sorted()
  }

  /// The unfinished jobs of all levels below an attempt, by id.
  func descendants(of attempt: AttemptUID) -> [JobID] { members(below: [attempt]) }

  /// The unfinished jobs of all levels below what was named of a job, finished or not, by id.
  func descendants(of selection: JobSelection) -> [JobID] {
    guard let attempts = parents[selection.job] else { return [] }
    return members(
      below: attempts.filter { uid in
        // The one task of a job that is no array has the index 0.
        families[uid].map { selection.includes($0.parent.index ?? 0) } ?? false
      })
  }

  private func members(below attempts: Set<AttemptUID>) -> [JobID] {
    var found: [JobID] = []
    var left = Array(attempts)
    while let uid = left.popLast() {
      guard let family = families[uid] else { continue }
      found += family.members
      left += family.below
    }
    // The order of sets decides nothing.
    return found.sorted()
  }
}
