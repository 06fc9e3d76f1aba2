/// One level of a job tree: the attempt that submitted, and what it was an attempt of.
package struct Ancestor: Hashable, Sendable {
  package let job: JobID
  /// The task's index as people see it; nil if the job is no array.
  package let index: UInt32?
  package let attempt: AttemptUID

  /// An attempt of a task of `job`.
  package init(job: JobID, index: UInt32?, attempt: AttemptUID) {
    self.job = job
    self.index = index
    self.attempt = attempt
  }

  /// As users write the task.
  package var text: String { index.map { "\(job).\($0)" } ?? "\(job)" }
}

/// Where in a tree a job stands that was submitted from inside another: the same for all children
/// of one attempt. It names everything above, because those jobs may end and be forgotten earlier.
package struct Lineage: Hashable, Sendable {
  /// So many levels a tree may have, its root counted.
  package static let maximumDepth = 64
  /// The most bytes of `path`; of a longer one the middle is left out.
  package static let maximumPath = 1000

  /// From the root down to the parent; never empty.
  package let ancestors: [Ancestor]
  /// The path of the parent.
  package let path: String

  /// What a store read back; nil if there is no ancestor.
  package init?(ancestors: [Ancestor], path: String) {
    guard !ancestors.isEmpty else { return nil }
    self.ancestors = ancestors
    self.path = path
  }

  /// Of the children of an attempt of `job`.
  init(ofChildrenOf attempt: OpenAttempt, in job: Job) {
    let array = job.request.array
    let parent = Ancestor(
      job: job.id, index: array.isExplicit ? array.index(of: attempt.task.position) : nil,
      attempt: attempt.uid)
    ancestors = (job.lineage?.ancestors ?? []) + [parent]
    path = Self.shortened(job.path)
  }

  /// The attempt that submitted the job.
  package var parent: Ancestor { ancestors[ancestors.count - 1] }

  /// The job at the top of the tree.
  package var root: JobID { ancestors[0].job }

  /// The root, and as many of the last names as have room.
  private static func shortened(_ path: String) -> String {
    guard path.utf8.count > maximumPath else { return path }
    let names = path.split(separator: "/", omittingEmptySubsequences: false)
    let gap = [names[0], "..."]
    var left = maximumPath - gap.reduce(0) { $0 + $1.utf8.count + 1 }
    var last: [Substring] = []
    for name in names.dropFirst().reversed() {
      left -= name.utf8.count + 1
      guard left >= 0 else { break }
      last.append(name)
    }
    return (gap + last.reversed()).joined(separator: "/")
  }
}

/// Whether a job is a child, and of whom. In a box: most jobs are roots, and a million waiting jobs
/// shall not each have room for what they are not.
package enum Descent: Hashable, Sendable {
  case root
  indirect case child(Lineage)

  /// Nil for a root.
  package var lineage: Lineage? {
    switch self {
    case .root: nil
    case .child(let lineage): lineage
    }
  }
}

extension Job {
  /// Nil for the root of a tree.
  package var lineage: Lineage? { descent.lineage }

  /// The job at the top of its tree, often itself: the scope of names in the tree.
  package var root: JobID { lineage?.root ?? id }

  /// The names from the root down to the job.
  package var path: String { request.path(below: lineage) }
}

extension JobRequest {
  /// The names from the root down to the job that is asked for.
  package func path(below lineage: Lineage?) -> String {
    lineage.map { "\($0.path)/\(name)" } ?? name
  }
}
