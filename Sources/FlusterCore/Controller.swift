/// The controller: a pure state machine. Commands go in, events and effects come out; events have
/// been applied when `step` returns, effects wait until the events are durable.
///
/// The same seed and the same commands give the same events, always.
package struct Controller: Sendable {
  /// What one command came to.
  package struct Step: Sendable {
    package var events: [Event] = []
    package var effects: [Effect] = []
    /// The same facts for those who follow the feed.
    package var entries: [FeedEntry] = []

    /// Nothing happened.
    package init() {}
  }

  package private(set) var state: State
  var queue: Queue
  var rooms = Rooms()
  /// What is kept for the oldest work that does not fit.
  var reservation: Reservation?
  /// What workers were given before its turn.
  var lookAhead: LookAhead
  var heartbeats = Heartbeats()
  /// Workers have come or gone: somebody may have to be asked sooner.
  var healthHasChanged = true
  /// Workers that were idle and were given an attempt in this step.
  var roused: [WorkerID] = []
  /// Workers that will come, by the word of the configuration: no fact, so the shell sets it.
  package var expected: [ExpectedWorker] = []
  /// A limit that nobody can enforce is refused, not just told; by the configuration, too.
  package var refusesUnenforced = false
  var random: Random
  /// Something has changed that a placement pass could use.
  package internal(set) var wantsSchedule = true
  /// What has ended in this step and is waited for, in order.
  var ends: [End] = []
  private var touched: Set<JobID> = []
  private var step = Step()
  /// The wall time of the step that is being made.
  private var time = WallTime(milliseconds: 0)

  /// Continues from what the store holds; `random` must be seeded afresh for each process, because
  /// attempt uids come from it.
  package init(restored: Restored, random: Random) {
    state = State(restored: restored)
    queue = Queue(state: state)
    lookAhead = LookAhead(state: state)
    self.random = random
  }

  /// Has workers stand as they stood.
  mutating func stand(_ standings: [WorkerStanding]) { state.stand(standings) }

  /// The next time at which `tick` has something to do; nil: there is none.
  package var nextWake: Wake? {
    let wake = Wake(wall: queue.waits.next, monotonic: heartbeats.next)
    return wake.wall == nil && wake.monotonic == nil ? nil : wake
  }

  /// Carries out one command.
  package mutating func step(_ command: Command, at now: Moment) -> Step {
    let wake = nextWake
    time = now.wall
    switch command {
    case .submit(
      let request, let payload, let token, let once, let past, let attempt, let caller, let reply):
      submit(request, payload, token, once, past, inside: attempt, from: caller, reply, at: now)
    case .kill(let selections, let reason, let belowFinished, let caller, let reply):
      kill(
        selections, reason: reason, belowFinished: belowFinished, from: caller, reply, at: now)
    case .signal(let selections, let signal, let caller, let reply):
      send(signal, to: selections, from: caller, reply)
    case .hold(let selections, let caller, let reply):
      hold(selections, from: caller, reply)
    case .release(let selections, let caller, let reply):
      release(selections, from: caller, reply)
    case .change(let selections, let change, let caller, let reply):
      self.change(selections, change, from: caller, reply)
    case .freeze(let selections, let isFrozen, let caller, let reply):
      freeze(selections, isFrozen, from: caller, reply)
    case .registerEndpoint(let endpoint, let job, let caller, let reply):
      register(endpoint, of: job, from: caller, reply)
    case .unregisterEndpoint(let name, let scope, let caller, let reply):
      unregister(name, scope, from: caller, reply)
    case .register(let record, let link): register(record, link, at: now)
    case .disconnect(let link): disconnect(link)
    case .observe(let link, let observations): observe(link, observations, at: now)
    case .report(let link, let ailment): report(link, ailment: ailment, at: now)
    case .drain(let worker, let drained, let caller, let reply):
      drain(worker, drained, from: caller, reply)
    case .forget(let worker, let caller, let reply): forget(worker, from: caller, reply, at: now)
    case .tick: tick(at: now)
    case .schedule: schedule(at: now)
    }
    settleDependents(at: now)
    planHealth(at: now)
    if let next = nextWake, next != wake { effect(.wake(next)) }
    defer { step = Step() }
    return step
  }

  /// The rows of the unfinished jobs that changed since this was last asked, by id: part of the
  /// turn's transaction. Jobs that came or ended carry their rows in their events.
  package mutating func takeProgress() -> [JobProgress] {
    defer { touched.removeAll(keepingCapacity: true) }
    return touched.sorted().compactMap { state.jobs[$0]?.progress }
  }

  /// Makes an event a fact.
  mutating func record(_ event: Event) {
    follow(event)
    noteEnds(event)
    if let entry = state.entry(of: event, at: time) {
      if entry.tasks.count > FeedEntry.mostRanges {
        step.entries += entry.pieces
      } else {
        step.entries.append(entry)
      }
    }
    state.apply(event)
    step.events.append(event)
  }

  /// Asks the shell for something, once the events so far are durable.
  mutating func effect(_ effect: Effect) { step.effects.append(effect) }

  /// A row of the job will have to be written.
  mutating func touch(_ job: JobID) { touched.insert(job) }

  /// The row has been written with the job's last event.
  mutating func forget(_ job: JobID) { touched.remove(job) }

  private mutating func tick(at now: Moment) {
    if let due = heartbeats.next, due <= now.monotonic { checkHealth(at: now) }
    passTimes(at: now)
    if queue.waits.hasTimeout(at: now.wall) { wantsSchedule = true }
    for task in queue.waits.takeOver(at: now.wall) {
      guard let job = state.jobs[task.job], let record = job.records[task.position],
        record.state == .pending, let until = record.notBefore, until <= now.wall
      else { continue }
      self.record(.backoffOver(task))
      offer(task)
      wantsSchedule = true
    }
  }
}
