import FlusterCore

/// What people ask of the controller.
///
/// To add a command, add one line to `commands`. Those that do nothing lasting need no more; what
/// keeps a job from ending (as a hold does) needs its opposite in `mend`.
extension Simulation {
  typealias Asking = @Sendable (inout Simulation) -> Command?

  /// How often each is asked, and how it is made. Nil: it makes no sense just now.
  static let commands: [(weight: Int, make: Asking)] = [
    (40, { $0.submission() }),
    (8, { $0.resubmission() }),
    (3, { .kill([$0.job()], reason: "", from: World.root, $0.request()) }),
    (4, { .kill([$0.tasks()], reason: "", from: World.root, $0.request()) }),
    (3, { .kill([$0.anyJob()], reason: "", from: World.root, $0.request()) }),
    (3, { .signal([$0.job()], 10, from: World.root, $0.request()) }),
    (2, { .hold([$0.job()], from: World.root, $0.request()) }),
    (2, { .hold([$0.tasks()], from: World.root, $0.request()) }),
    (6, { .release([$0.job()], from: World.root, $0.request()) }),
    (4, { .release([$0.tasks()], from: World.root, $0.request()) }),
    (6, { .change([$0.job()], $0.change(), from: World.root, $0.request()) }),
    (4, { .freeze([$0.job()], true, from: World.root, $0.request()) }),
    (4, { .freeze([$0.tasks()], $0.chance(1, in: 2), from: World.root, $0.request()) }),
    (8, { $0.registration() }),
    (2, { $0.unregistration() }),
    (2, { .drain($0.worker(), true, from: World.root, $0.request()) }),
    (4, { .drain($0.worker(), false, from: World.root, $0.request()) }),
    (4, { .forget($0.lostWorker(), from: World.root, $0.request()) }),
  ]

  private static let weight = commands.reduce(0) { $0 + $1.weight }

  mutating func ask() {
    guard isUp, !isRefused else { return }
    var left = Int.random(in: 0..<Self.weight, using: &random)
    for command in Self.commands {
      left -= command.weight
      if left < 0 {
        if let made = command.make(&self) { step(made) }
        return
      }
    }
  }

  /// Without faults, everything that hangs gets what it waits for.
  mutating func mend() {
    guard isUp else { return restart() }
    guard !isRefused else { return }
    if let command = resubmission() { return step(command) }
    for worker in controller.state.workers.values.map(\.record.id).sorted() {
      step(.drain(worker, false, from: World.root, request()))
    }
    for job in controller.state.jobs {
      let selection = Selection(job: job.id)
      step(.freeze([selection], false, from: World.root, request()))
      let isHopeless =
        controller.state.connected.count == machines.count
        && controller.obstacle(to: job.request) != nil && !growMachine()
      step(
        isHopeless
          ? .kill([selection], reason: "it can never run", from: World.root, request())
          : .release([selection], from: World.root, request()))
    }
  }

  /// Makes room for what has been accepted and fits nowhere; false if all machines are as large as
  /// they can be. Only then, because a worker that grows registers again, and what a new full set
  /// mends might have been forgotten for ever.
  private mutating func growMachine() -> Bool {
    guard let place = machines.firstIndex(where: { $0.capacity.cpuMillis < 3000 }) else {
      return false
    }
    resize(place, slots: 3)
    return true
  }

  mutating func request() -> RequestID { clients.request() }

  /// Any job, the unfinished ones more often than those that have ended.
  mutating func job() -> Selection {
    let jobs = controller.state.jobs.keys
    return Selection(job: jobs.randomElement(using: &random) ?? JobID(1))
  }

  /// Some tasks of a job; there may be no such tasks.
  mutating func tasks() -> Selection {
    let first = UInt32.random(in: 0...8, using: &random)
    return Selection(job: job().job, indices: first...(first + 4))
  }

  private mutating func change() -> JobChange {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: .priority(.random(in: -1...1, using: &random))
    case 1: .band(Band.allCases.randomElement(using: &random) ?? .batch)
    case 2: .timeLimit(chance(1, in: 4) ? nil : .seconds(.random(in: 1...8, using: &random)))
    default: .memory(.random(in: 1...700, using: &random))
    }
  }

  mutating func worker() -> WorkerID {
    machines.randomElement(using: &random)?.id ?? WorkerID("")
  }

  /// An administrator has pulled the plug of a machine that is not heard, and may say so.
  mutating func lostWorker() -> WorkerID {
    let away = machines.indices.filter { place in
      let worker = controller.state.workers[machines[place].id]
      return worker?.link == nil || worker?.isSilent == true
    }
    guard let place = away.randomElement(using: &random) else { return WorkerID("") }
    reboot(place)
    return machines[place].id
  }

  private mutating func submission() -> Command? {
    guard controller.state.jobs.count < world.jobs else { return nil }
    let owner = UserID(UInt32.random(in: 1...2, using: &random))
    var request = JobRequest(name: "job", owner: owner)
    for trait in Self.traits where chance(trait.part, in: 12) { trait.give(&request, &self) }
    let surrounding = chance(1, in: 3) ? parent() : nil
    if let surrounding { request.owner = surrounding.owner }
    var once = Once()
    if chance(1, in: 3) {
      once = Once(
        scope: Once.Scope.allCases.randomElement(using: &random) ?? .ever,
        ifExists: Once.IfExists.allCases.randomElement(using: &random) ?? .return)
      request.options.key = key()
    }
    return stored(clients.submit(request, once, inside: surrounding?.attempt))
  }

  /// One of few, for one of few requests.
  private mutating func key() -> JobKey {
    let digest = AttemptUID(high: 0, low: UInt64.random(in: 0...1, using: &random))
    let name = "key \(Int.random(in: 0...2, using: &random))"
    return JobKey(name: name, digest: RequestDigest(digest))
  }

  /// The daemon asks the store for ended jobs under the key, and for those it depends on; nil while
  /// it has to wait for the disk.
  private mutating func stored(_ command: Command) -> Command? {
    guard
      case .submit(
        let request, let payload, let token, var once, _, let attempt, let caller, let id) = command
    else { return command }
    if let key = request.ownedKey {
      let known = StoredKey(holder: ledger.newest(under: key), next: durable.nextJob)
      checkStored(known, key)
      once.stored = known
    }
    guard let past = past(of: request) else { return nil }
    return .submit(
      request, payload, token, once: once, past: past, inside: attempt, from: caller, id)
  }

  /// A client that has lost its connection before it was answered sends its submit again.
  private mutating func resubmission() -> Command? {
    guard let token = clients.unanswered.randomElement(using: &random) else { return nil }
    // The daemon asks the store for what the core has forgotten.
    checkStored(token)
    if let job = ledger.jobs[token] {
      hear(job, of: token)
      return nil
    }
    return clients.submitAgain(token).flatMap { stored($0) }
  }

  /// A submit has been answered: the promise that must hold from now on.
  mutating func hear(_ job: JobID, of token: Token) {
    clients.answered(token)
    ledger.acknowledged.insert(job)
    let key = clients.key(of: token)
    let isKeys = key != nil && ledger.requests[job]?.ownedKey == key
    if ledger.jobs[token] != job, ledger.jobs[token] != nil || !isKeys {
      complain("job \(job) was acknowledged for another's token")
    }
  }
}

/// Those who ask, and what they wait for.
struct SimulatedClients {
  private var requests: UInt64 = 0
  private var submitted: [Token: (request: JobRequest, once: Once, inside: AttemptUID?)] = [:]
  /// Sent, and not answered yet; in order.
  private(set) var unanswered: [Token] = []
  private var waiting: [RequestID: Token] = [:]

  mutating func request() -> RequestID {
    requests += 1
    return RequestID(requests)
  }

  mutating func submit(
    _ request: JobRequest, _ once: Once, inside attempt: AttemptUID?
  ) -> Command {
    let id = self.request()
    let name = AttemptUID(high: 0, low: id.number)
    guard let token = Token(bytes: name.bytes) else { preconditionFailure("a uid has 16 bytes") }
    submitted[token] = (request, once, attempt)
    unanswered.append(token)
    return command(token, request, once, attempt, id)
  }

  func owner(of token: Token) -> UserID { submitted[token]?.request.owner ?? .root }

  func key(of token: Token) -> OwnedKey? { submitted[token]?.request.ownedKey }

  mutating func submitAgain(_ token: Token) -> Command? {
    submitted[token].map { command(token, $0.request, $0.once, $0.inside, request()) }
  }

  private mutating func command(
    _ token: Token, _ request: JobRequest, _ once: Once, _ attempt: AttemptUID?, _ id: RequestID
  ) -> Command {
    waiting[id] = token
    return .submit(
      request, Payload(launch: [1], environment: []), token, once: once, inside: attempt,
      from: Caller(uid: request.owner, isAdministrator: false), id)
  }

  /// The token of the submit that this answers, if it is one.
  mutating func token(of request: RequestID) -> Token? { waiting.removeValue(forKey: request) }

  mutating func answered(_ token: Token) { unanswered.removeAll { $0 == token } }
}
