internal import HeapModule

/// What waits for a wall time: tasks between two attempts, jobs that want a place by then, and jobs
/// that begin then or must have begun.
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
  /// The begin and the deadline of the jobs that have one.
  private var times: [JobID: [WallTime]] = [:]
  private var begins: [JobID: WallTime] = [:]
  private var due = Heap<Wait>()
  /// What `takeDue` was told last.
  private var clock = WallTime(milliseconds: .min)

  /// The next time at which one of them is over. A timeout is over when its time has passed.
  var next: WallTime? {
    let timeout = timeouts.min.map { $0.until + Span(milliseconds: 1) }
    return [backoffs.min?.until, timeout, due.min?.until].compactMap(\.self).min()
  }

  /// A task is not to be attempted again before `until`.
  mutating func enter(_ task: TaskID, until: WallTime) {
    backoffs.insert(Wait(until: until, task: task))
  }

  /// A job's tasks want a place in time.
  mutating func enter(_ job: Job) {
    guard job.request.hasOptions else { return }
    let options = job.request.options
    if let timeout = options.scheduleTimeout {
      let start = max(job.submitted, options.begin ?? job.submitted)
      timeouts.insert(Wait(until: start + timeout, task: TaskID(job.id, 0)))
    }
    let own = [options.begin, options.deadline].compactMap(\.self)
    guard !own.isEmpty, times.updateValue(own, forKey: job.id) == nil else { return }
    begins[job.id] = options.begin
    for time in own { due.insert(Wait(until: time, task: TaskID(job.id, 0))) }
  }

  /// The time at which the job begins has not come.
  func isEarly(_ job: JobID) -> Bool { begins[job].map { $0 > clock } ?? false }

  /// Takes the jobs of which a begin or a deadline has come. A clock that was set back brings those
  /// before it again.
  mutating func takeDue(at now: WallTime) -> [JobID] {
    if now < clock { rebuildDue() }
    clock = now
    var found: [JobID] = []
    while let wait = due.min, wait.until <= now { found.append(due.removeMin().task.job) }
    return found
  }

  private mutating func rebuildDue() {
    due = Heap(
      times.flatMap { job, own in own.map { Wait(until: $0, task: TaskID(job, 0)) } })
  }

  /// The job's time is to be looked at again when `resume` is told of it.
  mutating func postpone(_ job: JobID) { postponed.insert(job) }

  /// Something of the job may start again: what was postponed counts.
  mutating func resume(_ job: Job) {
    if postponed.remove(job.id) != nil { enter(job) }
  }

  /// The job is gone.
  mutating func leave(_ job: JobID) {
    postponed.remove(job)
    guard times.removeValue(forKey: job) != nil else { return }
    begins[job] = nil
    // Those of jobs that are gone must not fill the memory until their time comes.
    if due.count > 64, due.count > 4 * times.count { rebuildDue() }
  }

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
