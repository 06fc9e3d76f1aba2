import FlusterCore
import FlusterProtocol
import FlusterStore
import Glibc

/// What the store answered to a listing's need.
enum ListingAnswer: Sendable {
  case page([EndedJob], next: JobID?)
  case job(EndedJob?)
  case detail(JobDetail?)
  case tasks(TaskPage)
}

/// What `fluster-ls -l` shows of a job.
struct JobDetail: Sendable {
  let job: EndedJob
  let launch: Payload?
  let attempts: [StoredAttempt]
}

/// What the store knows of some tasks of a job.
struct TaskPage: Sendable {
  var attempts: [UInt32: StoredAttempt] = [:]
  var tasks: [UInt32: StoredTask] = [:]
  /// Those that are short enough to be shown.
  var entries: [UInt32: [UInt8]] = [:]
}

/// Reads what listings need. Runs on the history thread.
struct ListingReader {
  /// Ended jobs in a page.
  private static let page = 500
  /// Attempts of one job that are shown.
  private static let attempts = 2000
  /// Bytes of an entry that is shown: a page of them must fit into a frame.
  private static let shownEntry = 4 << 10

  let reader: Reader
  /// Only names that match one of these; empty: all.
  let patterns: [String]
  /// Of tasks, what their job's list says.
  let showsEntries: Bool

  func answer(_ need: Listing.Need) throws(StoreError) -> ListingAnswer {
    switch need {
    case .page(let query): try page(query)
    case .newest(let query, let count): try newest(query, count)
    case .job(let id): .job(try ended(try reader.job(id)))
    case .detail(let id, let positions): .detail(try detail(id, positions))
    case .tasks(let job, let positions): .tasks(try tasks(job, positions))
    }
  }

  private func page(_ query: JobQuery) throws(StoreError) -> ListingAnswer {
    var query = query
    query.limit = Self.page
    let page = try reader.jobs(query)
    return .page(try matching(page.jobs), next: page.next)
  }

  private func newest(_ query: JobQuery, _ count: Int) throws(StoreError) -> ListingAnswer {
    var query = query
    query.order = .newestFirst
    query.limit = Self.page
    var found: [EndedJob] = []
    repeat {
      let page = try reader.jobs(query)
      found.append(contentsOf: try matching(page.jobs))
      query.after = page.next
    } while query.after != nil && found.count < count
    return .page(found.prefix(count).reversed(), next: nil)
  }

  private func matching(_ jobs: [StoredJob]) throws(StoreError) -> [EndedJob] {
    var found: [EndedJob] = []
    for job in jobs {
      guard
        patterns.isEmpty || patterns.contains(where: { fnmatch($0, job.request.name, 0) == 0 })
      else { continue }
      if let ended = try ended(job) { found.append(ended) }
    }
    return found
  }

  private func ended(_ job: StoredJob?) throws(StoreError) -> EndedJob? {
    guard let job else { return nil }
    guard job.request.array.count == 1, job.progress.ended != nil else {
      return EndedJob(job: job, outcome: nil)
    }
    return EndedJob(job: job, outcome: try reader.lastOutcome(of: TaskID(job.id, 0))?.1)
  }

  private func detail(
    _ id: JobID, _ positions: RangeSet<UInt32>?
  ) throws(StoreError) -> JobDetail? {
    guard let job = try ended(try reader.job(id)) else { return nil }
    let ranges = positions.map { Array($0.ranges) } ?? [job.job.request.array.positions]
    var attempts: [StoredAttempt] = []
    for range in ranges where attempts.count < Self.attempts {
      let left = Self.attempts - attempts.count
      attempts += try reader.attempts(of: id, positions: range, limit: left)
    }
    return JobDetail(
      job: job, launch: try reader.launch(of: id, withScript: false), attempts: attempts)
  }

  private func entries(
    of job: JobID, _ positions: Range<UInt32>
  ) throws(StoreError) -> [UInt32: [UInt8]] {
    var entries: [UInt32: [UInt8]] = [:]
    var block: EntryBlock?
    for position in positions {
      if block?[position] == nil { block = try reader.entries(of: job, around: position) }
      guard let entry = block?[position] else { break }
      if entry.count <= Self.shownEntry { entries[position] = entry }
    }
    return entries
  }

  private func tasks(_ job: JobID, _ positions: Range<UInt32>) throws(StoreError) -> TaskPage {
    var found = TaskPage()
    if showsEntries { found.entries = try entries(of: job, positions) }
    for task in try reader.tasks(of: job, positions: positions, limit: positions.count) {
      found.tasks[task.position] = task
    }
    var after: (position: UInt32, number: UInt32)?
    while true {
      let page = try reader.attempts(
        of: job, positions: positions, after: after, limit: Self.attempts)
      for attempt in page { found.attempts[attempt.attempt.task.position] = attempt }
      guard page.count == Self.attempts, let last = page.last else { return found }
      after = (last.attempt.task.position, last.attempt.number)
    }
  }
}
