import FlusterCore

/// What passes between the controller and the workers, and what goes wrong with it.
extension Simulation {
  /// The shell's part: performs one effect whose events are durable.
  mutating func release(_ effect: Effect) {
    switch effect {
    case .reply(_, .submitted(let job, existed: _)): acknowledged.insert(job)
    case .run(let uid):
      guard let attempt = controller.state.attempts[uid] else { return }
      send(.run(uid, attempt.task), to: attempt.worker)
    case .stop(let worker, let uid): send(.stop(uid), to: worker)
    case .acknowledge(let worker, let uid): send(.acknowledge(uid), to: worker)
    case .welcome(let id, let link, let wanted): welcome(id, link, wanted)
    case .reject(let link, _), .drop(let link): cut(link)
    case .reply, .signal, .taskEnded, .tasksEnded, .jobEnded, .wake: break
    }
  }

  private mutating func welcome(_ id: WorkerID, _ link: LinkID, _ wanted: [Wanted]) {
    guard controller.state.links[link] == id else { return }
    var tasks: [AttemptUID: TaskID] = [:]
    var runs: [SimulatedWorker.Message] = []
    for entry in wanted {
      guard let attempt = controller.state.attempts[entry.uid] else { continue }
      tasks[entry.uid] = attempt.task
      if !entry.stop && attempt.state == .assigned {
        runs.append(.run(entry.uid, attempt.task))
      }
    }
    let stop = Set(wanted.filter(\.stop).map(\.uid))
    for run in runs { send(run, to: id) }
    send(.full(tasks, stop: stop), to: id)
  }

  private mutating func send(_ message: SimulatedWorker.Message, to id: WorkerID) {
    guard let place = workers.firstIndex(where: { $0.id == id }), workers[place].link != nil,
      workers[place].link == controller.state.workers[id]?.link
    else { return }
    workers[place].inbox.append(message)
  }

  private mutating func cut(_ link: LinkID) {
    for place in workers.indices where workers[place].link == link {
      workers[place].link = nil
      workers[place].inbox = []
    }
  }

  mutating func deliverToWorker() {
    guard let place = workers.indices.randomElement(using: &random) else { return }
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      report(workers[place].receive(), from: place)
    }
  }

  mutating func report(_ sights: [(AttemptUID, Observation.Kind)], from place: Int) {
    // A worker that is not heard does not talk on: what it says again, it says later.
    guard let link = workers[place].link, !sights.isEmpty, reports.count < 20 else { return }
    let observations = sights.map { Observation(uid: $0.0, kind: $0.1, at: now.wall) }
    reports.append((link, observations))
    // A repeated report must do no harm.
    if faults && chance(1, in: 10) { reports.append((link, observations)) }
  }

  /// Delivers a report: usually the oldest, sometimes another one, sometimes never.
  mutating func deliverToController() {
    guard !reports.isEmpty else { return }
    let last = faults && chance(1, in: 8) ? reports.count - 1 : 0
    let (link, observations) = reports.remove(at: last)
    if faults && chance(1, in: 15) { return }
    step(.observe(link, observations))
  }

  /// A worker does some of its own work, or says again what it knows.
  mutating func work() {
    guard let place = workers.indices.randomElement(using: &random) else { return }
    guard let uid = workers[place].uids.randomElement(using: &random),
      let sight = workers[place].held[uid]
    else { return connect(place) }
    switch sight {
    case .queued:
      workers[place].held[uid] = .running
      report([(uid, .started)], from: place)
    case .running:
      guard chance(1, in: 2) else { return report(workers[place].sights, from: place) }
      let outcome: Outcome =
        switch Int.random(in: 0..<6, using: &random) {
        case 0: Outcome(.exit, exitCode: 1)
        case 1: Outcome(.signal, signal: 9)
        case 2: Outcome(.timeLimit, signal: 15)
        default: Outcome(.exit, exitCode: 0)
        }
      workers[place].finish(uid, outcome)
    case .finished, .gone: break
    }
    report(workers[place].sights, from: place)
    connect(place)
  }

  mutating func connect(_ place: Int) {
    let worker = workers[place]
    guard worker.link == nil else { return }
    nextLink += 1
    workers[place].link = LinkID(nextLink)
    step(
      .register(
        WorkerRecord(
          id: worker.id, owner: .root,
          incarnation: AttemptUID(high: 0, low: worker.incarnation), boot: "\(worker.boot)",
          capacity: Amounts(cpuMillis: 2000, memoryBytes: 1 << 30), lacks: [], software: "sim"),
        LinkID(nextLink)))
  }

  private mutating func disconnect(_ place: Int) {
    guard let link = workers[place].link else { return }
    workers[place].link = nil
    workers[place].inbox = []
    // Reports already on their way may still arrive, before or after the end of the stream.
    if chance(1, in: 2) { reports.removeAll { $0.0 == link } }
    step(.disconnect(link))
  }

  mutating func fault() {
    guard let place = workers.indices.randomElement(using: &random) else { return }
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<4: disconnect(place)
    case 4..<6:
      disconnect(place)
      workers[place].incarnation += 1
      for uid in workers[place].uids where workers[place].held[uid] == .queued {
        workers[place].held[uid] = nil
      }
    case 6: workers[place].loseShim()
    case 7:
      disconnect(place)
      workers[place].incarnation += 1
      workers[place].reboot()
    default: crash()
    }
  }

  /// The controller dies: what was not durable never was, and nobody was told of it.
  mutating func crash() {
    uncommitted = []
    reports = []
    for place in workers.indices {
      workers[place].link = nil
      workers[place].inbox = []
    }
    let restored = disk.restored
    controller = Controller(restored: restored, random: Random(seed: random.next()))
    if controller.state.restored != restored { violations.append("a restart changed the state") }
  }

  /// Without faults, everything that hangs gets what it waits for.
  mutating func mend() {
    for place in workers.indices {
      connect(place)
      report(workers[place].sights, from: place)
    }
    for job in controller.state.jobs.keys.sorted() where chance(1, in: 4) {
      nextRequest += 1
      step(
        .release(
          [Selection(job: job)], from: Caller(uid: .root, isAdministrator: true),
          RequestID(nextRequest)))
    }
  }
}
