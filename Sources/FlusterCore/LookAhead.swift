/// What workers have been given before its turn, and which arrays that may be done with.
///
/// A slot that waits until its next assignment is durable stands idle meanwhile, for 0.2 to 4 ms a
/// task; with the next tasks at hand the worker goes on at once. Not a fact but for the mark on the
/// attempts: what is short is learned anew after a restart.
struct LookAhead: Sendable {
  /// A task that takes less than this is worth it, and its place in line costs the next one little.
  static let short = Span.seconds(1)
  /// So many wait at a worker for each task of their kind that runs there.
  static let perSlot = 2
  /// No more than so many groups are asked whether they go first.
  static let mostHeads = 16

  /// Attempts that have not begun, by job, in the order in which they were given.
  private var given: [JobID: [AttemptUID]] = [:]
  /// Those that their workers were asked to give back.
  private var recalled: Set<AttemptUID> = []
  /// How long the tasks of an array take, in milliseconds: a mean in which each end counts for an
  /// eighth, as TCP smooths round trips (RFC 6298).
  private var paces: [JobID: UInt64] = [:]

  init(state: State) {
    for id in state.workers.keys.sorted() {
      for uid in state.workers[id]?.open ?? [] { state.attempts[uid].map { add($0) } }
    }
  }

  /// Nothing was given that has not begun.
  var isEmpty: Bool { given.isEmpty }

  /// No array is known to have short tasks.
  var knowsNone: Bool { paces.isEmpty }

  /// The jobs of what has not begun, by id.
  var jobs: [JobID] { given.keys.sorted() }

  func isRecalled(_ uid: AttemptUID) -> Bool { recalled.contains(uid) }

  /// The tasks of the job that have ended were short.
  func isShort(_ job: JobID) -> Bool { paces[job].map { $0 < Self.short.milliseconds } ?? false }

  /// What was given of the job, has not begun, and is not asked back already; the newest first.
  func given(of job: JobID) -> [AttemptUID] {
    (given[job] ?? []).reversed().filter { !recalled.contains($0) }
  }

  /// So much of the job is on its way back.
  func recalls(of job: JobID) -> Int { (given[job] ?? []).count { recalled.contains($0) } }

  /// An attempt has been assigned.
  mutating func add(_ attempt: OpenAttempt) {
    if attempt.waitsAhead { given[attempt.task.job, default: []].append(attempt.uid) }
  }

  /// An attempt has begun, or ended.
  mutating func remove(_ attempt: OpenAttempt) {
    guard attempt.waitsAhead else { return }
    recalled.remove(attempt.uid)
    let job = attempt.task.job
    given[job]?.removeAll { $0 == attempt.uid }
    if given[job]?.isEmpty == true { given[job] = nil }
  }

  /// An attempt ended at `end`.
  mutating func learn(_ attempt: OpenAttempt, of job: Job, end: WallTime) {
    guard job.request.array.count > 1, job.request.options.gang == nil,
      let started = attempt.started
    else { return }
    let span = UInt64(max(0, end.milliseconds - started.milliseconds))
    paces[job.id] = paces[job.id].map { ($0 * 7 + span) / 8 } ?? span
  }

  /// The job is over.
  mutating func leave(_ job: JobID) { paces[job] = nil }

  /// Asks for an attempt back.
  mutating func recall(_ uid: AttemptUID) { recalled.insert(uid) }

  /// What was asked for may not have been heard.
  mutating func forgetRecalls(of attempts: [AttemptUID]) { recalled.subtract(attempts) }
}
