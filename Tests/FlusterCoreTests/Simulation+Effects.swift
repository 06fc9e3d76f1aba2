import FlusterCore

/// What the controller's shell does when the events behind an effect are durable.
extension Simulation {
  mutating func release() {
    for effect in releasable { perform(effect) }
    releasable = []
    for link in desires.keys.sorted() { sendDesired(on: link) }
    for link in links.filter({ !$0.waiting.isEmpty }) { sendDesired(on: link.id) }
  }

  private mutating func perform(_ effect: Effect) {
    switch effect {
    case .reply(let request, let answer): reply(request, answer)
    case .run(let uid): run(uid)
    case .stop(let worker, let uid):
      let stop = stop(uid)
      tell(worker) { $0.stops.append(stop) }
    case .recall(let worker, let uid):
      ledger.count("recall")
      tell(worker) { $0.recalls.append(uid) }
    case .signal(let worker, let uid, let number):
      tell(worker) { $0.signals.append(Desired.Signal(uid, number)) }
    case .acknowledge(let worker, let uid): tell(worker) { $0.acknowledged.append(uid) }
    case .welcome(let worker, let link, let wanted): welcome(worker, link, wanted)
    case .reject(let link, _): hangUp(link)
    case .drop(let link): hangUp(link)
    case .ask(let worker): tell(worker) { $0.asks = true }
    case .wake(let wake): self.wake(at: wake)
    case .taskEnded, .tasksEnded, .jobEnded: break
    }
  }

  private mutating func reply(_ request: RequestID, _ answer: Answer) {
    guard let token = clients.token(of: request) else { return }
    switch answer {
    case .submitted(let job, existed: _, notice: _): hear(job, of: token)
    // What no worker could ever run, for one.
    case .refused: clients.answered(token)
    case .done: complain("a submit was answered like another request")
    }
  }

  /// The connection of a worker that has been welcomed; what was decided before that is in its full
  /// set.
  private func link(of worker: WorkerID) -> Int? {
    guard let link = controller.state.workers[worker]?.link else { return nil }
    return links.firstIndex { $0.id == link && $0.isWelcome && !$0.isClosedAbove }
  }

  /// Adds to the next frame to a worker.
  private mutating func tell(_ worker: WorkerID, _ change: (inout Desired) -> Void) {
    guard let place = link(of: worker) else { return }
    change(&desires[links[place].id, default: Desired()])
  }

  private mutating func run(_ uid: AttemptUID) {
    guard let attempt = controller.state.attempts[uid], let place = link(of: attempt.worker) else {
      return
    }
    links[place].waiting.append(uid)
    desires[links[place].id] = desires[links[place].id] ?? Desired()
  }

  private mutating func welcome(_ worker: WorkerID, _ link: LinkID, _ wanted: [Wanted]) {
    guard controller.state.links[link] == worker,
      let place = links.firstIndex(where: { $0.id == link })
    else { return }
    links[place].isWelcome = true
    links[place].isFilling = true
    links[place].waiting += wanted.map(\.uid)
    send(.registered, on: link)
    var desired = Desired()
    desired.isFull = true
    desired.sequence = 1
    desires[link] = desired
    sendDesired(on: link)
  }

  /// Sends what there is to tell, and of the attempts that wait as many as the worker reads.
  private mutating func sendDesired(on link: LinkID) {
    var desired = desires.removeValue(forKey: link) ?? Desired()
    while let place = links.firstIndex(where: { $0.id == link && !$0.isClosedAbove }) {
      let wasFilling = links[place].isFilling
      if links[place].hasRoom {
        let count = Int.random(in: 1...3, using: &random)
        for uid in links[place].waiting.prefix(count) { add(uid, to: &desired, isFull: wasFilling) }
        links[place].waiting.removeFirst(min(count, links[place].waiting.count))
      }
      links[place].isFilling = wasFilling && !links[place].waiting.isEmpty
      let isComplete = wasFilling && !links[place].isFilling
      if desired != Desired() || isComplete {
        send(.desired(desired, more: links[place].isFilling), on: link)
      }
      desired = Desired()
      if links[place].waiting.isEmpty || !links[place].hasRoom { return }
    }
  }

  /// What may start comes to be started; what has is wanted to go on, and never started from here.
  private func add(_ uid: AttemptUID, to desired: inout Desired, isFull: Bool) {
    guard let attempt = controller.state.attempts[uid],
      let job = controller.state.jobs[attempt.task.job]
    else { return }
    let mayStart = attempt.state == .assigned && attempt.stop == nil
    guard mayStart || isFull || attempt.state != .assigned else { return }
    desired.runs.append(
      Assignment(
        uid: uid, charge: attempt.charge, timeLimit: job.request.timeLimit,
        grace: job.request.grace, isStartable: mayStart, isFrozen: attempt.isFrozen,
        warning: job.request.options.warning, isAhead: attempt.isAhead))
    if isFull, attempt.stop != nil { desired.stops.append(stop(uid)) }
  }

  private func stop(_ uid: AttemptUID) -> Desired.Stop { Desired.Stop(uid, .killed) }

  mutating func hangUp(_ link: LinkID) {
    guard let place = links.firstIndex(where: { $0.id == link }) else { return }
    closeAbove(place)
    buryLinks()
  }
}
