internal import HeapModule

/// What waits for a wall time: tasks between two attempts, and jobs that want a place by then.
struct Waits: Sendable {
  private struct Wait: Comparable {
    let until: WallTime
    let task: TaskID

    static func < (a: Wait, b: Wait) -> Bool { (a.until, a.task) < (b.until, b.task) }
  }

  private var backoffs = Heap<Wait>()
  private var timeouts = Heap<Wait>()
  /// Jobs whose time has passed while they waited for something else than a place.
  private var postponed: Set<JobID> = []

  /// The next time at which one of them is over. A timeout is over when its time has passed.
  var next: WallTime? {
    let timeout = timeouts.min.map { $0.until + Span(milliseconds: 1) }
    return [backoffs.min?.until, timeout].compactMap(\.self).min()
  }

  /// A task is not to be attempted again before `until`.
  mutating func enter(_ task: TaskID, until: WallTime) {
    backoffs.insert(Wait(until: until, task: task))
  }

  /// A job's tasks want a place in time.
  mutating func enter(_ job: Job) {
    guard let timeout = job.request.options.scheduleTimeout else { return }
    timeouts.insert(Wait(until: job.submitted + timeout, task: TaskID(job.id, 0)))
  }

  /// The job's time is to be looked at again when `resume` is told of it.
  mutating func postpone(_ job: JobID) { postponed.insert(job) }

  /// Something of the job may start again: what was postponed counts.
  mutating func resume(_ job: Job) {
    if postponed.remove(job.id) != nil { enter(job) }
  }

  /// The job is gone.
  mutating func leave(_ job: JobID) { postponed.remove(job) }

  /// Takes the tasks whose wait is over.
  mutating func takeOver(at now: WallTime) -> [TaskID] {
    var over: [TaskID] = []
    while let wait = backoffs.min, wait.until <= now { over.append(backoffs.removeMin().task) }
    return over
  }

  /// A job's time has passed that nobody has taken yet.
  func hasTimeout(at now: WallTime) -> Bool { timeouts.min.map { $0.until < now } ?? false }

  /// Takes the jobs whose time has passed.
  mutating func takeTimeouts(at now: WallTime) -> [JobID] {
    var over: [JobID] = []
    while let wait = timeouts.min, wait.until < now { over.append(timeouts.removeMin().task.job) }
    return over
  }
}
