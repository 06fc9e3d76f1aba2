/// All that one request names of one job: a request may name the same tasks a hundred thousand
/// times, and that must neither count nor cost more than once.
package struct JobSelection: Hashable, Sendable {
  package let job: JobID
  /// The job as a whole was named, with or without some of its tasks.
  package private(set) var isWhole = false
  /// The tasks that were named by their indices.
  package private(set) var indices: [ClosedRange<UInt32>] = []

  /// One of each job, in the order in which the jobs were first named.
  package static func merging(_ selections: [Selection]) -> [JobSelection] {
    var places: [JobID: Int] = [:]
    var merged: [JobSelection] = []
    for selection in selections {
      let place = places[selection.job] ?? merged.count
      if place == merged.count {
        places[selection.job] = place
        merged.append(JobSelection(job: selection.job))
      }
      if let indices = selection.indices {
        merged[place].indices.append(indices)
      } else {
        merged[place].isWhole = true
      }
    }
    return merged
  }

  private init(job: JobID) { self.job = job }

  /// Whether the task with this index is meant.
  package func includes(_ index: UInt32) -> Bool {
    isWhole || indices.contains { $0.contains(index) }
  }

  /// The first that was named and that `array` has not; nil if there is none.
  package func missing(from array: TaskArray) -> Selection? {
    indices.first { array.positions(within: $0) == nil }
      .map { Selection(job: job, indices: $0) }
  }

  /// The positions in `array` of the tasks that were named by their indices.
  package func named(in array: TaskArray) -> RangeSet<UInt32> {
    RangeSet(joining: indices.compactMap { array.positions(within: $0) })
  }

  /// The positions in `array` of everything that was named.
  package func all(in array: TaskArray) -> RangeSet<UInt32> {
    isWhole ? RangeSet(array.positions) : named(in: array)
  }
}
