internal import HeapModule

/// Pending work in the order in which it is to be served: an index over the state that can be
/// built anew at any time.
///
/// Jobs with equal requirements form one group, because where one of them does not fit, none does:
/// a pass costs by groups and workers, not by pending tasks. Entries are dropped lazily: a job that
/// stands in a heap without having anything to start is taken out when it comes to the front.
package struct Queue: Sendable {
  struct Group: Sendable {
    let requirement: Requirement
    /// Unfinished jobs with this requirement.
    var members = 0
    /// Jobs that may have something to start.
    var ready = Heap<JobID>()
  }

  struct Wait: Comparable, Sendable {
    let until: WallTime
    let task: TaskID

    static func < (a: Wait, b: Wait) -> Bool { (a.until, a.task) < (b.until, b.task) }
  }

  private(set) var groups: [Group] = []
  private var index: [Requirement: Int] = [:]
  /// Places in `groups` without members, to be used again.
  private var vacant: [Int] = []
  /// Jobs that stand in their group's heap.
  private var queued: Set<JobID> = []
  /// Positions per job that were attempted before and may be attempted again.
  private var retries: [JobID: Heap<UInt32>] = [:]
  private var waits = Heap<Wait>()

  init(state: State) {
    for id in state.jobs.keys.sorted() {
      guard let job = state.jobs[id] else { continue }
      enter(job)
      for position in job.records.keys.sorted() {
        guard let record = job.records[position], record.state == .pending else { continue }
        retry(TaskID(id, position), record, of: job)
      }
    }
  }

  /// When the next wait after a failure is over.
  var nextWait: WallTime? { waits.min?.until }

  /// A job has come.
  mutating func enter(_ job: Job) {
    groups[group(of: job.request.needs)].members += 1
    offer(job)
  }

  /// A job is gone; its entries in heaps go when they come to the front, or with the last member.
  mutating func leave(_ job: Job) {
    guard let place = index[job.request.needs] else { return }
    queued.remove(job.id)
    retries[job.id] = nil
    groups[place].members -= 1
    guard groups[place].members == 0 else { return }
    index[job.request.needs] = nil
    groups[place].ready = Heap()
    vacant.append(place)
  }

  /// The job may have something to start now.
  mutating func offer(_ job: Job) {
    guard queued.insert(job.id).inserted else { return }
    groups[group(of: job.request.needs)].ready.insert(job.id)
  }

  /// A task waits for another attempt.
  mutating func retry(_ task: TaskID, _ record: TaskRecord, of job: Job) {
    if let until = record.notBefore {
      waits.insert(Wait(until: until, task: task))
    } else {
      retries[task.job, default: Heap()].insert(task.position)
      offer(job)
    }
  }

  /// Takes the waits that are over at `now`.
  mutating func takeWaits(until now: WallTime) -> [TaskID] {
    var over: [TaskID] = []
    while let wait = waits.min, wait.until <= now { over.append(waits.removeMin().task) }
    return over
  }

  /// The job at the front of a group that has something to start, and its next position.
  mutating func front(of place: Int, in state: State) -> (job: JobID, position: UInt32)? {
    while let id = groups[place].ready.min {
      if let position = startable(id, in: state) { return (id, position) }
      groups[place].ready.removeMin()
      queued.remove(id)
    }
    return nil
  }

  /// The lowest position of the job that may be started now.
  private mutating func startable(_ id: JobID, in state: State) -> UInt32? {
    guard let job = state.jobs[id], queued.contains(id), !job.progress.held else { return nil }
    if let throttle = job.request.array.throttle, job.progress.counts.active >= throttle {
      return nil
    }
    let fresh = job.progress.pending.ranges.first?.lowerBound
    while let position = retries[id]?.min {
      if job.records[position]?.mayStart == true { return min(fresh ?? position, position) }
      retries[id]?.removeMin()
    }
    retries[id] = nil
    return fresh
  }

  private mutating func group(of requirement: Requirement) -> Int {
    if let place = index[requirement] { return place }
    let place: Int
    if let reused = vacant.popLast() {
      place = reused
      groups[place] = Group(requirement: requirement)
    } else {
      place = groups.count
      groups.append(Group(requirement: requirement))
    }
    index[requirement] = place
    return place
  }
}

extension TaskRecord {
  /// It waits for another attempt, and nothing but room is missing.
  var mayStart: Bool { state == .pending && !held && notBefore == nil }
}
