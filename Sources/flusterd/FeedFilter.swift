import FlusterCore
import FlusterProtocol
import FlusterStore
import Glibc

/// Which entries of the feed somebody is shown. Used on the thread that reads them.
struct FeedFilter: Sendable {
  /// What was named of one job.
  struct Named: Sendable {
    let array: TaskArray
    /// Nil: all of it.
    let positions: RangeSet<UInt32>?
  }

  /// Who asks; patterns are about the names of this user's jobs.
  let caller: UserID
  /// With `patterns`, both empty: everything.
  let jobs: [JobID: Named]
  let patterns: [String]
  /// Workers, and everybody whom `seesOthers` shows.
  let isOfAllUsers: Bool
  let seesOthers: Bool
  /// Only what these did themselves; empty: everything.
  let workers: Set<WorkerID>

  /// Where that stands in the feed.
  var scope: FeedScope { workers.isEmpty ? .all : .workers }

  /// Whether the entry is to be shown.
  func passes(_ entry: FeedEntry) -> Bool {
    guard let subject = entry.subject else {
      guard workers.isEmpty else { return entry.worker.map(workers.contains) ?? false }
      return isOfAllUsers && jobs.isEmpty && patterns.isEmpty
    }
    guard workers.isEmpty, subject.owner == caller || seesOthers else { return false }
    guard !jobs.isEmpty || !patterns.isEmpty else {
      return isOfAllUsers || subject.owner == caller
    }
    if let named = jobs[subject.job], entry.isAbout(named) { return true }
    return subject.owner == caller && patterns.contains { fnmatch($0, subject.name, 0) == 0 }
  }
}

extension FeedEntry {
  /// Whether it is about one of those tasks, or about the whole job.
  fileprivate func isAbout(_ named: FeedFilter.Named) -> Bool {
    guard let positions = named.positions, !tasks.isEmpty else { return true }
    return tasks.contains { indices in
      named.array.positions(within: indices).map(positions.meets) ?? false
    }
  }
}
