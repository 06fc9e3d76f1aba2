import FlusterCore

/// What the controller's shell does when the events behind an effect are durable.
extension Simulation {
  mutating func release() {
    for effect in releasable { perform(effect) }
    releasable = []
    for link in desires.keys.sorted() {
      guard let desired = desires[link] else { continue }
      send(.desired(desired), on: link)
    }
    desires = [:]
  }

  private mutating func perform(_ effect: Effect) {
    switch effect {
    case .reply(let request, let answer): reply(request, answer)
    case .run(let uid):
      guard let attempt = controller.state.attempts[uid], let run = assignment(attempt) else {
        return
      }
      tell(attempt.worker) { $0.runs.append(run) }
    case .stop(let worker, let uid):
      let stop = stop(uid)
      tell(worker) { $0.stops.append(stop) }
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
    case .submitted(let job, existed: _): hear(job, of: token)
    // What no worker could ever run, for one.
    case .refused: clients.answered(token)
    case .done: complain("a submit was answered like another request")
    }
  }

  /// Adds to the next frame to a worker that has had its full set; who has not is told by that.
  private mutating func tell(_ worker: WorkerID, _ change: (inout Desired) -> Void) {
    guard let link = controller.state.workers[worker]?.link,
      links.contains(where: { $0.id == link && $0.isWelcome })
    else { return }
    change(&desires[link, default: Desired()])
  }

  private mutating func welcome(_ worker: WorkerID, _ link: LinkID, _ wanted: [Wanted]) {
    guard controller.state.links[link] == worker,
      let place = links.firstIndex(where: { $0.id == link })
    else { return }
    links[place].isWelcome = true
    send(.registered, on: link)
    var desired = Desired()
    desired.isFull = true
    desired.sequence = 1
    for want in wanted {
      let attempt = controller.state.attempts[want.uid]
      if attempt?.state != .assigned || want.stop { desired.keeps.append(want.uid) }
      if want.stop { desired.stops.append(stop(want.uid)) }
      if let run = attempt.flatMap(assignment) { desired.runs.append(run) }
    }
    desires[link] = desired
  }

  private func assignment(_ attempt: OpenAttempt) -> Assignment? {
    guard let job = controller.state.jobs[attempt.task.job] else { return nil }
    return Assignment(
      uid: attempt.uid, charge: attempt.charge, timeLimit: job.request.timeLimit,
      grace: job.request.grace)
  }

  /// For the worker one reason is as good as another.
  private func stop(_ uid: AttemptUID) -> Desired.Stop { Desired.Stop(uid, .killed) }

  mutating func hangUp(_ link: LinkID) {
    guard let place = links.firstIndex(where: { $0.id == link }) else { return }
    closeAbove(place)
    buryLinks()
  }
}
