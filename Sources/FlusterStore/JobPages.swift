import FlusterCore
import Glibc

/// The statements that list ended jobs, one for each way through them.
struct JobPages {
  private struct BothWays {
    let oldestFirst: Statement
    let newestFirst: Statement

    init(_ database: Database, from: String) throws(StoreError) {
      let columns = "SELECT \(JobColumns.all) FROM"
      oldestFirst = try Statement(
        "\(columns) \(from) AND id > ?2 ORDER BY id LIMIT ?3", in: database)
      newestFirst = try Statement(
        "\(columns) \(from) AND id < ?2 ORDER BY id DESC LIMIT ?3", in: database)
    }

    func statement(_ order: JobQuery.Order) -> Statement {
      switch order {
      case .oldestFirst: oldestFirst
      case .newestFirst: newestFirst
      }
    }
  }

  private let ofOwner: BothWays
  private let ofAll: BothWays
  private let ofParent: BothWays
  /// Ids of what ended since, by the index alone.
  private let recentOldestFirst: Statement
  private let recentNewestFirst: Statement

  init(_ database: Database) throws(StoreError) {
    // Unfinished ones are stepped over here: taking a hundred thousand apart takes much longer.
    let past = "ended IS NOT NULL"
    ofOwner = try BothWays(
      database, from: "job INDEXED BY job_owner WHERE owner = ?1 AND \(past)")
    ofAll = try BothWays(database, from: "job NOT INDEXED WHERE ?1 IS NULL AND \(past)")
    ofParent = try BothWays(
      database,
      from: "job INDEXED BY job_parent WHERE parent = ?1 AND parent IS NOT NULL AND \(past)")
    let recent = "SELECT id FROM job INDEXED BY job_ended WHERE ended >= ?1 AND id"
    recentOldestFirst = try Statement("\(recent) > ?2 ORDER BY id LIMIT ?3", in: database)
    recentNewestFirst = try Statement("\(recent) < ?2 ORDER BY id DESC LIMIT ?3", in: database)
  }

  /// Statement and first parameter that visit a job's children, the owner's jobs, or everybody's.
  func walk(_ query: JobQuery) -> (Statement, Int64?) {
    if let parent = query.parent {
      return (ofParent.statement(query.order), Int64(bitPattern: parent.number))
    }
    let ways = query.owner == nil ? ofAll : ofOwner
    return (ways.statement(query.order), query.owner.map { Int64($0.number) })
  }

  /// The statement that finds ids of what ended since a time.
  func recent(_ query: JobQuery) -> Statement {
    switch query.order {
    case .oldestFirst: recentOldestFirst
    case .newestFirst: recentNewestFirst
    }
  }
}

extension ReaderConnection {
  func jobs(_ query: JobQuery) throws(StoreError) -> JobPage {
    let limit = max(query.limit, 1)
    var candidates: [Job] = []
    if let since = query.endedSince, query.parent == nil {
      var ids: [UInt64] = []
      try jobPages.recent(query).each { parameters in
        parameters.put(since.milliseconds)
        put(query, limit, into: &parameters)
      } _: {
        ids.append($0.word())
      }
      for id in ids {
        if let found = try job.first({ $0.put(id) }, { JobColumns.job(&$0) }) {
          candidates.append(found)
        }
      }
    } else {
      let (statement, owner) = jobPages.walk(query)
      try statement.each { parameters in
        parameters.put(owner)
        put(query, limit, into: &parameters)
      } _: {
        candidates.append(JobColumns.job(&$0))
      }
    }
    return JobPage(
      jobs: candidates.filter { matches($0, query) }.map { StoredJob($0) },
      next: candidates.count < limit || query.isOver(candidates.last) ? nil : candidates.last?.id)
  }

  private func put(_ query: JobQuery, _ limit: Int, into parameters: inout Parameters) {
    switch query.order {
    case .oldestFirst: parameters.put(query.after.map { Int64(bitPattern: $0.number) } ?? 0)
    case .newestFirst:
      let end = [query.after, query.before].compactMap(\.self).min()
      parameters.put(end.map { Int64(bitPattern: $0.number) } ?? .max)
    }
    parameters.put(Int64(limit))
  }

  private func matches(_ job: Job, _ query: JobQuery) -> Bool {
    if let before = query.before, job.id >= before { return false }
    if let since = query.endedSince, job.progress.ended ?? since < since { return false }
    if let parent = query.parent, job.lineage?.parent.job != parent { return false }
    if let owner = query.owner, job.request.owner != owner { return false }
    if !query.states.isEmpty && !query.states.contains(job.progress.state) { return false }
    guard let glob = query.nameGlob else { return true }
    return fnmatch(glob, job.request.name, 0) == 0
  }
}

extension JobQuery {
  /// Whether nothing behind `job` can be meant.
  fileprivate func isOver(_ job: Job?) -> Bool {
    guard order == .oldestFirst, let before, let job else { return false }
    return job.id >= before
  }
}
