import FlusterCore

/// The table `job`: one list of columns, in the order in which they are written and read.
enum JobColumns {
  private static let fixed = """
    id, owner, name, submitted, array_first, array_step, array_count, array_throttle,
    array_explicit, cpu_millis, memory_bytes, resources, retries, retries_lost, backoff_first,
    backoff_most, time_limit, grace, submitted_held, end_children, options, constraints,
    \(KeyColumns.all), \(LineageColumns.all)
    """
  private static let changing = [
    "state", "started", "ended", "held", "killed_by", "kill_reason", "counts", "pending",
    "held_tasks", "killed_tasks", "unschedulable_tasks", "failures", "unmet", "seen_failure",
  ]

  static let all = "\(fixed), \(changing.joined(separator: ", "))"
  static let insertion: String = {
    let count = all.split(separator: ",").count + 1
    let places = Array(repeating: "?", count: count).joined(separator: ", ")
    return "INSERT INTO job (\(all), charged) VALUES (\(places))"
  }()
  static let update =
    "UPDATE job SET \(changing.map { "\($0) = ?" }.joined(separator: ", ")) WHERE id = ?"

  /// What `JobChange` changes.
  static let change = "UPDATE job SET memory_bytes = ?, time_limit = ?, options = ? WHERE id = ?"

  static func putChangeable(of request: JobRequest, into parameters: inout Parameters) {
    parameters.put(request.needs.memoryBytes)
    parameters.put(request.timeLimit?.milliseconds)
    parameters.put(Packed.options(request.options))
  }

  static func put(_ job: Job, charged: Int, into parameters: inout Parameters) {
    parameters.put(job.id.number)
    parameters.put(job.request.owner.number)
    parameters.put(job.request.name)
    parameters.put(job.submitted.milliseconds)
    put(job.request, into: &parameters)
    KeyColumns.put(job.request.options.key, into: &parameters)
    LineageColumns.put(job.lineage, into: &parameters)
    put(job.progress, into: &parameters)
    parameters.put(Int64(charged))
  }

  private static func put(_ request: JobRequest, into parameters: inout Parameters) {
    parameters.put(request.array.first)
    parameters.put(request.array.step)
    parameters.put(request.array.count)
    parameters.put(request.array.throttle)
    parameters.put(request.array.isExplicit)
    parameters.put(request.needs.cpuMillis)
    parameters.put(request.needs.memoryBytes)
    parameters.put(Packed.amounts(request.needs.named))
    parameters.put(request.retries)
    parameters.put(request.retriesLost)
    parameters.put(request.backoff.first.milliseconds)
    parameters.put(request.backoff.most.milliseconds)
    parameters.put(request.timeLimit?.milliseconds)
    parameters.put(request.grace.milliseconds)
    parameters.put(request.held)
    parameters.put(request.endChildren)
    parameters.put(Packed.options(request.options))
    parameters.put(Packed.constraints(request.needs.constraints))
  }

  static func put(_ progress: JobProgress, into parameters: inout Parameters) {
    parameters.put(UInt32(progress.state.rawValue))
    parameters.put(progress.started?.milliseconds)
    parameters.put(progress.ended?.milliseconds)
    parameters.put(progress.held)
    parameters.put(progress.killed?.by.number)
    parameters.put(progress.killed?.reason)
    parameters.put(Packed.counts(progress.counts))
    parameters.put(Packed.ranges(progress.pending))
    parameters.put(Packed.ranges(progress.heldTasks))
    parameters.put(Packed.ranges(progress.killedTasks))
    parameters.put(
      progress.unschedulableTasks.isEmpty ? nil : Packed.ranges(progress.unschedulableTasks))
    parameters.put(Packed.failures(progress.failures))
    parameters.put(progress.killed?.isUnmet ?? false)
    parameters.put(progress.hasSeenFailure)
  }

  /// Reads `all`; the job has its request and progress, and no records.
  static func job(_ row: inout Row) -> Job {
    let id = JobID(row.word())
    let owner = UserID(row.number())
    let name = row.text()
    let submitted = WallTime(milliseconds: row.integer())
    // All at once: a request is one allocation that is looked at before each change.
    let request = JobRequest(name: name, terms: terms(&row, of: owner))
    var job = Job(
      id: id, request: request, submitted: submitted, descent: LineageColumns.descent(&row))
    readProgress(&row, into: &job.progress, positions: request.array.positions)
    return job
  }

  private static func terms(_ row: inout Row, of owner: UserID) -> JobRequest.Terms {
    var request = JobRequest.Terms(owner: owner)
    request.array = TaskArray(
      first: row.number(), step: row.number(), count: row.number(),
      throttle: row.optionalNumber(), isExplicit: row.flag())
    let (cpuMillis, memoryBytes, named) = (row.word(), row.optionalWord(), row.amounts())
    request.retries = row.number()
    request.retriesLost = row.number()
    request.backoff = Backoff(
      first: Span(milliseconds: row.word()), most: Span(milliseconds: row.word()))
    request.timeLimit = row.optionalWord().map { Span(milliseconds: $0) }
    request.grace = Span(milliseconds: row.word())
    request.held = row.flag()
    request.endChildren = row.flag()
    if let options = row.options() { request.options = options }
    request.needs = Requirement(
      cpuMillis: cpuMillis, memoryBytes: memoryBytes, named: named, constraints: row.constraints())
    if let key = KeyColumns.key(&row) { request.options.key = key }
    return request
  }

  /// `progress` is that of a fresh job.
  private static func readProgress(
    _ row: inout Row, into progress: inout JobProgress, positions: Range<UInt32>
  ) {
    progress.state = row.taskState()
    progress.started = row.optionalTime()
    progress.ended = row.optionalTime()
    progress.held = row.flag()
    let killer: UInt32? = row.optionalNumber()
    let reason = row.text()
    progress.counts = row.counts()
    progress.pending = row.ranges(known: progress.pending, range: positions)
    if let held = row.ranges() { progress.heldTasks = held }
    if let killed = row.ranges() { progress.killedTasks = killed }
    if let unschedulable = row.ranges() { progress.unschedulableTasks = unschedulable }
    if let failures = row.failures() { progress.failures = failures }
    let isUnmet = row.flag()
    progress.killed = killer.map { KillRequest(by: UserID($0), reason: reason, isUnmet: isUnmet) }
    progress.hasSeenFailure = row.flag()
  }
}

extension Row {
  mutating func taskState() -> TaskState {
    let number: UInt8 = number()
    return checked(TaskState(rawValue: number), otherwise: .pending)
  }

  mutating func optionalTime() -> WallTime? {
    optionalInteger().map { WallTime(milliseconds: $0) }
  }
}
