/// The unfinished jobs that wait for others, by what they wait for: an index over the jobs, which
/// can be built anew at any time.
///
/// What a waiting job names and what is not among the unfinished jobs has been met: a job that can
/// not be started any more is ended in the very step, and so in the very transaction, in which the
/// other one ends.
package struct Dependents: Hashable, Sendable {
  /// A job as a whole, or one of its tasks.
  package struct Awaited: Hashable, Comparable, Sendable {
    package let job: JobID
    /// Nil: the whole job.
    package let position: UInt32?

    package static func < (a: Awaited, b: Awaited) -> Bool {
      if a.job != b.job { return a.job < b.job }
      return (a.position.map { Int64($0) } ?? -1) < (b.position.map { Int64($0) } ?? -1)
    }
  }

  /// What one job waits for, and which end of it.
  package struct Link: Hashable, Comparable, Sendable {
    package let awaited: Awaited
    package let kind: Dependency.Kind

    package static func < (a: Link, b: Link) -> Bool {
      (a.awaited, a.kind) < (b.awaited, b.kind)
    }
  }

  /// Who waits, and for which end.
  struct Edge: Hashable, Comparable, Sendable {
    let dependent: JobID
    let kind: Dependency.Kind

    static func < (a: Edge, b: Edge) -> Bool { (a.dependent, a.kind) < (b.dependent, b.kind) }
  }

  private struct Wait: Hashable, Sendable {
    var links: Set<Link> = []
    /// How many of them are about an end without success.
    var failures = 0
  }

  private struct Target: Hashable, Sendable {
    /// Who waits for the end of the job; an array may fail long before that.
    var whole: [Dependency.Kind: Set<JobID>] = [:]
    var tasks: [UInt32: Set<Edge>] = [:]

    var isEmpty: Bool { whole.isEmpty && tasks.isEmpty }
  }

  private var waits: [JobID: Wait] = [:]
  private var targets: [JobID: Target] = [:]

  /// Nobody waits.
  init() {}

  /// Whether the job waits for another.
  package func isWaiting(_ job: JobID) -> Bool { waits[job] != nil }

  /// What the job waits for, the oldest first.
  func links(of job: JobID) -> [Link] { waits[job]?.links.sorted() ?? [] }

  /// Whether something has still to end that the job wants to see fail.
  func awaitsFailure(_ job: JobID) -> Bool { (waits[job]?.failures ?? 0) > 0 }

  /// Whether anybody waits for the job or a task of it.
  func isAwaited(_ job: JobID) -> Bool { targets[job] != nil }

  /// The tasks of the job that somebody waits for.
  func awaitedTasks(of job: JobID) -> [UInt32] { targets[job]?.tasks.keys.sorted() ?? [] }

  /// Who waits for this, in one of these ways.
  func edges(to awaited: Awaited, _ kinds: [Dependency.Kind]) -> [Edge] {
    guard let target = targets[awaited.job] else { return [] }
    if let position = awaited.position {
      return target.tasks[position]?.filter { kinds.contains($0.kind) }.sorted() ?? []
    }
    return kinds.flatMap { kind in
      (target.whole[kind] ?? []).map { Edge(dependent: $0, kind: kind) }
    }.sorted()
  }

  /// An unfinished job has come; what it names and what has ended among the others is met.
  mutating func add(_ job: Job, among jobs: JobTable) {
    for dependency in job.request.awaited {
      guard let target = jobs[dependency.target.job] else { continue }
      guard let indices = dependency.target.indices else {
        add(
          Link(awaited: Awaited(job: target.id, position: nil), kind: dependency.kind), of: job.id)
        continue
      }
      for position in target.request.array.positions(within: indices) ?? 0..<0
      where !target.state(of: position).isFinal {
        add(
          Link(awaited: Awaited(job: target.id, position: position), kind: dependency.kind),
          of: job.id)
      }
    }
  }

  private mutating func add(_ link: Link, of job: JobID) {
    guard waits[job, default: Wait()].links.insert(link).inserted else { return }
    if link.kind == .afterFail { waits[job]?.failures += 1 }
    let edge = Edge(dependent: job, kind: link.kind)
    if let position = link.awaited.position {
      targets[link.awaited.job, default: Target()].tasks[position, default: []].insert(edge)
    } else {
      targets[link.awaited.job, default: Target()].whole[link.kind, default: []].insert(job)
    }
  }

  /// The job waits for this no more.
  mutating func remove(_ link: Link, of job: JobID) {
    guard waits[job]?.links.remove(link) != nil else { return }
    if link.kind == .afterFail { waits[job]?.failures -= 1 }
    if waits[job]?.links.isEmpty == true { waits[job] = nil }
    detach(link, from: job)
  }

  /// A job has ended, whatever it still waited for.
  mutating func remove(_ job: JobID) {
    guard let wait = waits.removeValue(forKey: job) else { return }
    for link in wait.links { detach(link, from: job) }
  }

  private mutating func detach(_ link: Link, from job: JobID) {
    let edge = Edge(dependent: job, kind: link.kind)
    let (other, position) = (link.awaited.job, link.awaited.position)
    if let position {
      targets[other]?.tasks[position]?.remove(edge)
      if targets[other]?.tasks[position]?.isEmpty == true { targets[other]?.tasks[position] = nil }
    } else {
      targets[other]?.whole[link.kind]?.remove(job)
      if targets[other]?.whole[link.kind]?.isEmpty == true {
        targets[other]?.whole[link.kind] = nil
      }
    }
    if targets[other]?.isEmpty == true { targets[other] = nil }
  }
}
