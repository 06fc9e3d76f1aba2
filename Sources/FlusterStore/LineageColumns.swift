import FlusterCore

/// The columns of `job` that say what it descends from: the parent in columns of its own, those
/// above it packed. They repeat what stands in the rows of the ancestors, which may be forgotten
/// while the job lives.
enum LineageColumns {
  static let all = "parent, parent_index, parent_attempt, parent_path, ancestors"

  static func put(_ lineage: Lineage?, into parameters: inout Parameters) {
    guard let lineage else {
      for _ in 0..<5 { parameters.putNothing() }
      return
    }
    parameters.put(lineage.parent.job.number)
    parameters.put(lineage.parent.index)
    parameters.put(lineage.parent.attempt)
    parameters.put(lineage.path)
    parameters.put(Packed.ancestors(lineage.ancestors.dropLast()))
  }

  static func descent(_ row: inout Row) -> Descent {
    guard let parent = row.optionalWord() else {
      row.skip(4)
      return .root
    }
    let last = Ancestor(
      job: JobID(parent), index: row.optionalNumber(), attempt: row.attemptUID())
    let path = row.text()
    let lineage = Lineage(ancestors: row.ancestors() + [last], path: path)
    return lineage.map(Descent.child) ?? .root
  }
}
