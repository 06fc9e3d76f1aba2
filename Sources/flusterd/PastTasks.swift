import FlusterCore
import FlusterProtocol
import FlusterStore

/// Tasks that had ended when somebody began to wait for them. How they ended is read from the
/// store, on its own thread.
enum PastTasks: Sendable {
  /// Tasks that had ended of a job that was unfinished then; the job as it was.
  case unfinished(Job, RangeSet<UInt32>)
  /// Of a job that was not in memory then: it has ended, or there never was one.
  case gone(JobSelection)
  /// The jobs of the caller with a matching name that ended within the hour.
  case named(String, since: WallTime)

  /// Final tasks by how they ended.
  struct Ranges: Sendable {
    var succeeded = RangeSet<UInt32>()
    /// By the state in which they ended.
    var others: [TaskState: RangeSet<UInt32>] = [:]

    /// Those among `positions`, all of which have ended; `failed` are those in no range of the job.
    init(
      _ positions: RangeSet<UInt32>, of progress: JobProgress,
      failed: [TaskState: RangeSet<UInt32>]
    ) {
      others = failed
      others[.killed] = progress.killedTasks
      others[.unschedulable] = progress.unschedulableTasks
      others = others.mapValues { $0.intersection(positions) }.filter { !$0.value.isEmpty }
      succeeded = others.values.reduce(positions) { $0.without($1) }
    }
  }
}

/// What the store said about tasks that had ended.
struct PastEndings: Sendable {
  var rows: [WireEnded] = []
  /// Tasks of jobs that were not in memory; the others had been counted already.
  var count: UInt64 = 0
  /// What has been looked up: a job that two names match is told once.
  fileprivate var told: [JobID: RangeSet<UInt32>] = [:]
}

/// Reads endings. Runs on the history thread.
struct PastReader {
  private static let page = 1000
  /// Beyond so many rows, neighbours that ended alike become one.
  private static let joined = 4000

  let reader: Reader
  let peer: Caller
  let seesOthers: Bool

  /// The rows of everything asked for; refuses what never was, or is none of the caller's business.
  func read(_ parts: [PastTasks]) throws(Refusal) -> PastEndings {
    do {
      var found = PastEndings()
      for part in parts { try read(part, into: &found) }
      if found.rows.count > Self.joined { found.rows = joined(found.rows) }
      return found
    } catch let refusal as Refusal {
      throw refusal
    } catch let error as StoreError {
      throw Refusal(error)
    } catch {
      throw Refusal(.internal, "\(error)")
    }
  }

  private func read(_ part: PastTasks, into found: inout PastEndings) throws {
    switch part {
    case .unfinished(let job, let ended):
      let ranges = PastTasks.Ranges(ended, of: job.progress, failed: job.failedTasks)
      try append(ranges, of: StoredJob(job), to: &found)
    case .gone(let selection):
      guard let job = try reader.job(selection.job) else { throw Refusal.noJob(selection.job) }
      guard seesOthers || peer.mayChange(job.request.owner) else {
        throw Refusal.notYours(job.id, job.request.owner)
      }
      if let missing = selection.missing(from: job.request.array) {
        throw Refusal.noTask(missing)
      }
      try append(job, selection.all(in: job.request.array), to: &found)
    case .named(let pattern, let since):
      var query = JobQuery()
      query.owner = peer.uid
      query.nameGlob = pattern
      query.endedSince = since
      repeat {
        let page = try reader.jobs(query)
        for job in page.jobs {
          try append(job, RangeSet(job.request.array.positions), to: &found)
        }
        query.after = page.next
      } while query.after != nil
    }
  }

  private func append(
    _ job: StoredJob, _ selected: RangeSet<UInt32>, to found: inout PastEndings
  ) throws {
    let new = selected.without(found.told[job.id] ?? RangeSet())
    guard !new.isEmpty else { return }
    found.told[job.id, default: RangeSet()].formUnion(new)
    var failed: [TaskState: RangeSet<UInt32>] = [:]
    for range in new.ranges {
      try eachFailed(of: job.id, within: range) { task in
        failed[task.state, default: RangeSet()]
          .insert(contentsOf: task.position..<(task.position + 1))
      }
    }
    found.count += UInt64(new.elementCount)
    try append(PastTasks.Ranges(new, of: job.progress, failed: failed), of: job, to: &found)
  }

  private func eachFailed(
    of job: JobID, within positions: Range<UInt32>, _ body: (StoredTask) -> Void
  ) throws {
    var after: UInt32?
    while true {
      let page = try reader.tasks(of: job, positions: positions, after: after, limit: Self.page)
      for task in page { body(task) }
      after = page.last?.position
      if page.count < Self.page { return }
    }
  }

  /// What no attempt came to has the story of its job. Successes are told one by one unless they
  /// are too many, and cannot differ.
  private func append(
    _ ranges: PastTasks.Ranges, of job: StoredJob, to found: inout PastEndings
  ) throws {
    var rows: [(position: UInt32, row: WireEnded)] = []
    func add(
      _ positions: Range<UInt32>, _ state: TaskState, _ outcome: Outcome?, because reason: String
    ) {
      let row = WireEnded(
        job: job.id, array: job.request.array, positions: positions, state: state,
        outcome: outcome, because: reason)
      rows.append((positions.lowerBound, row))
    }
    var told = ranges.others
    told[.succeeded] = ranges.succeeded
    let mayTellAll = found.rows.count + Int(ranges.succeeded.elementCount) <= Self.joined
    for (state, positions) in told {
      var untold = positions
      if state != .succeeded || mayTellAll || !job.request.options.okStatuses.isEmpty {
        for range in positions.ranges {
          try eachEnding(of: job.id, within: range) { position, attempt in
            guard let final = attempt.ending?.final, let outcome = attempt.outcome else { return }
            untold.remove(contentsOf: position..<(position + 1))
            add(position..<(position + 1), final, outcome, because: "")
          }
        }
      }
      let story = job.progress.story(ofEnding: state, of: job.request)
      for range in untold.ranges { add(range, state, story.outcome, because: story.reason) }
    }
    rows.sort { $0.position < $1.position }
    found.rows.append(contentsOf: rows.map(\.row))
  }

  private func eachEnding(
    of job: JobID, within positions: Range<UInt32>,
    _ body: (UInt32, StoredAttempt) -> Void
  ) throws {
    var after: (position: UInt32, number: UInt32)?
    while true {
      let page = try reader.attempts(
        of: job, positions: positions, after: after, limit: Self.page)
      for attempt in page {
        if attempt.ending != nil { body(attempt.attempt.task.position, attempt) }
      }
      guard page.count == Self.page, let last = page.last else { return }
      after = (last.attempt.task.position, last.attempt.number)
    }
  }

  /// Makes one row of neighbours with the same state and status.
  private func joined(_ rows: [WireEnded]) -> [WireEnded] {
    var result: [WireEnded] = []
    for row in rows {
      if let last = result.last, last.isLike(row) {
        result[result.count - 1].absorb(row)
      } else {
        result.append(row)
      }
    }
    return result
  }
}

extension WireEnded {
  /// Whether two rows of neighbours may be told as one.
  fileprivate func isLike(_ next: WireEnded) -> Bool {
    job == next.job && state == next.state && status == next.status
      && outcome.cause == next.outcome.cause && error == next.error
  }

  /// Takes the next row's tasks in; what was told of the first alone stays, less its usage.
  fileprivate mutating func absorb(_ next: WireEnded) {
    if !hasFirst { first = index }
    index = next.index
    count += next.count
    if hasOutcome { outcome.clearUsage() }
  }
}
