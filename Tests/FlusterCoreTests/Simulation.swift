import FlusterCore

/// The controller, its disk, its network and several workers under virtual time, with everything
/// going wrong that can: crashes at any point, lost connections, late, repeated and reordered
/// reports. One seed, one history.
struct Simulation {
  /// What was decided about one task, added up from the durable events.
  struct Ledger {
    var failures: UInt32 = 0
    var losses: UInt32 = 0
    var final = false
  }

  let seed: UInt64
  var random: Random
  var controller: Controller
  /// What the disk holds, as the replay of all events that were committed.
  var disk = State(restored: .empty)
  /// Decided, not yet durable: effects wait with their events.
  var uncommitted: [Controller.Step] = []
  var workers: [SimulatedWorker]
  /// On their way to the controller.
  var reports: [(LinkID, [Observation])] = []
  var now = Moment(monotonic: Instant(nanoseconds: 0), wall: WallTime(milliseconds: 1))
  var nextLink: UInt64 = 0
  var nextRequest: UInt64 = 0
  /// Jobs whose submit was answered.
  var acknowledged: Set<JobID> = []
  /// Jobs that ended, by the disk.
  var ended: [JobID: TaskState] = [:]
  var ledgers: [TaskID: Ledger] = [:]
  var requests: [JobID: JobRequest] = [:]
  var violations: [String] = []
  var faults = true

  init(seed: UInt64) {
    self.seed = seed
    random = Random(seed: seed)
    controller = Controller(restored: .empty, random: Random(seed: seed &+ 1))
    workers = ["a", "b", "c"].map { SimulatedWorker(id: WorkerID($0)) }
  }

  mutating func chance(_ part: Int, in whole: Int) -> Bool {
    Int.random(in: 0..<whole, using: &random) < part
  }

  mutating func step(_ command: Command) {
    let step = controller.step(command, at: now)
    uncommitted.append(step)
    for sentence in Invariants.violations(in: controller) {
      violations.append("\(sentence), after \(command)")
    }
  }

  /// One random thing happens.
  mutating func walk() {
    now = Moment(
      monotonic: now.monotonic,
      wall: now.wall + Span(milliseconds: .random(in: 0...400, using: &random)))
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<6: if faults && controller.state.jobs.count < 12 { submit() }
    case 6..<9: if faults { change() }
    case 9..<12: step(.tick)
    case 12..<30: if controller.wantsSchedule { step(.schedule) }
    case 30..<48: commit()
    case 48..<60: deliverToWorker()
    case 60..<72: deliverToController()
    case 72..<94: work()
    default: if faults { fault() } else { mend() }
    }
    checkCopies()
  }

  private mutating func submit() {
    let owner = UserID(UInt32.random(in: 1...2, using: &random))
    var request = JobRequest(name: "job", owner: owner)
    let count = UInt32.random(in: 1...6, using: &random)
    request.array = TaskArray(
      first: 5, step: 3, count: count,
      throttle: chance(1, in: 3) ? UInt32.random(in: 1...3, using: &random) : nil, isExplicit: true)
    request.needs = Requirement(cpuMillis: UInt64.random(in: 1...4, using: &random) * 500)
    request.retries = UInt32.random(in: 0...2, using: &random)
    request.retriesLost = UInt32.random(in: 0...3, using: &random)
    request.held = chance(1, in: 8)
    nextRequest += 1
    step(
      .submit(
        request, Payload(launch: [], environment: []), nil,
        from: Caller(uid: owner, isAdministrator: false), RequestID(nextRequest)))
  }

  private mutating func change() {
    let jobs = controller.state.jobs.keys.sorted()
    guard let job = jobs.randomElement(using: &random) else { return }
    let first = UInt32.random(in: 0...25, using: &random)
    let selection = Selection(
      job: job, indices: chance(1, in: 2) ? nil : first...(first + 6))
    nextRequest += 1
    let root = Caller(uid: .root, isAdministrator: true)
    let reply = RequestID(nextRequest)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: step(.kill([selection], reason: "", from: root, reply))
    case 1: step(.hold([selection], from: root, reply))
    case 2: step(.release([selection], from: root, reply))
    default: step(.release([Selection(job: job)], from: root, reply))
    }
  }

  /// Makes a random number of waiting steps durable and lets their effects go.
  mutating func commit() {
    let count = Int.random(in: 0...uncommitted.count, using: &random)
    let turn = uncommitted.prefix(count)
    uncommitted.removeFirst(count)
    for step in turn {
      for event in step.events { store(event) }
      for effect in step.effects { release(effect) }
    }
  }

  private mutating func store(_ event: Event) {
    if case .attemptEnded(let uid, _, at: _, let verdict) = event,
      let task = disk.attempts[uid]?.task
    {
      note(verdict, of: task)
    }
    if case .submitted(let job, _, _) = event { requests[job.id] = job.request }
    if case .jobEnded(let progress) = event { ended[progress.job] = progress.state }
    disk.replay(event)
  }

  private mutating func note(_ verdict: Verdict, of task: TaskID) {
    var ledger = ledgers[task] ?? Ledger()
    if ledger.final { violations.append("task \(task) ended twice") }
    let charged: Budget
    switch verdict {
    case .final(_, let budget):
      charged = budget
      ledger.final = true
    case .retry(let budget, _): charged = budget
    }
    switch charged {
    case .none: break
    case .failure: ledger.failures += 1
    case .preemption: ledger.losses += 1
    }
    if let request = requests[task.job] {
      if ledger.failures > request.retries + 1 || ledger.losses > request.retriesLost + 1 {
        violations.append("task \(task) was charged more than its budget")
      }
    }
    ledgers[task] = ledger
  }

  /// No task may have two processes anywhere, ever.
  private mutating func checkCopies() {
    let live = workers.flatMap(\.live)
    if Set(live).count != live.count { violations.append("a task runs twice: \(live)") }
  }
}
