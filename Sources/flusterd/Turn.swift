import FlusterCore
import FlusterProtocol
import FlusterStore
import FlusterSystem
import FlusterSystemd
import Logging

/// What the turn that is being made has come to so far.
struct OpenTurn {
  var events: [Event] = []
  /// What the feed tells of them.
  var entries: [FeedEntry] = []
  var consequences: [Consequence] = []
  /// Connections whose messages have left the inbox.
  var heard: Set<ConnectionID> = []
  /// The lists of the jobs that it submits.
  var entryFiles: [JobID: EntryFile] = [:]
}

extension Daemon {
  /// So many turns may be on their way to the disk. The writer takes all that wait into one
  /// transaction, so more would only be more memory.
  private static let mostOutstanding = 16

  /// Takes a message from a source; the turn comes when the sources are quiet, or at the latest
  /// when the inbox is due.
  func receive(_ message: Message) {
    let now = Clock.monotonicNanoseconds()
    inbox.append(message, now: now)
    turnSource?.schedule()
  }

  /// Runs a turn now if it has been put off for too long. Called at the end of every source.
  func runTurnIfDue() {
    if inbox.isDue(now: Clock.monotonicNanoseconds()) { runTurn() }
  }

  /// One turn: some messages, one placement pass, one transaction.
  func runTurn() {
    guard releases.outstanding < Daemon.mostOutstanding else { return }
    var left = Inbox.turn
    while left > 0, let message = inbox.popFirst() {
      left -= 1
      handle(message)
    }
    if controller.wantsSchedule && mayPlace { step(.schedule) }
    let heard = turn.heard
    closeTurn()
    if hasListing {
      // While the disk is at work; the pages wait for what they saw, and delay no commit.
      continueListings()
      closeTurn()
    }
    clients.resume(heard.sorted())
    clients.flush()
    if !inbox.isEmpty || hasRunnableListing { turnSource?.schedule() }
    exitIfDone()
    checkIdle()
    scheduleStatus()
  }

  private func handle(_ message: Message) {
    switch message {
    case .frame(let id, let envelope, let descriptors, let size):
      clients.connections[id]?.dequeued(size)
      turn.heard.insert(id)
      dispatch(envelope, descriptors, from: id, size: size)
    case .gone(let id): forget(id)
    case .wake: tick()
    }
  }

  /// Gives the core a command; its events and effects belong to this turn.
  func step(_ command: Command) {
    let step = controller.step(command, at: now)
    for event in step.events { follow(event) }
    turn.events.append(contentsOf: step.events)
    turn.entries.append(contentsOf: step.entries)
    turn.consequences.append(contentsOf: step.effects.map(Consequence.effect))
  }

  /// Keeps what the shell has of its own in step with the facts.
  private func follow(_ event: Event) {
    switch event {
    case .submitted(let job, let payload, _):
      live.add(job.id, of: job.request.owner, controller.state)
      newest[job.request.owner] = job.id
      stored.add(
        payload.bytes(of: job.request), of: job.request.owner,
        turn: releases.submitted + 1, durable: releases.durable)
      launches.insert(payload, of: job.id)
      turn.entryFiles[job.id] = submittedEntries
      pendingTasks += UInt64(job.request.array.count)
      expectHolder(of: job)
    case .jobEnded(let progress):
      ties.forget(progress.job)
      for id in listings.keys { listings[id]?.endedMeanwhile.insert(progress.job) }
    case .assigned(let attempt):
      pendingTasks -= 1
      guard let owner = controller.state.jobs[attempt.task.job]?.request.owner else { break }
      stored.add(
        AttemptCharge.bytes, of: owner, turn: releases.submitted + 1, durable: releases.durable)
    case .attemptEnded(_, _, at: _, .retry): pendingTasks += 1
    case .tasksEnded(_, let positions, _): pendingTasks -= UInt64(positions.elementCount)
    case .attemptEnded, .building, .started, .stopRequested, .frozen, .stuck, .killRequested,
      .dependencyEnded, .held, .changed, .tasksHeld, .tasksReleased, .endpointRegistered,
      .endpointRemoved, .registered, .drained, .forgotten, .linked, .unlinked, .silent, .ailing,
      .backoffOver:
      break
    }
  }

  /// Hands the turn's facts to the writer, and its consequences to those that wait for the disk.
  private func closeTurn() {
    let progress = controller.takeProgress()
    let events = turn.events.filter(\.isStored)
    if !events.isEmpty || !progress.isEmpty || !turn.entries.isEmpty {
      storage.commit(
        FlusterStore.Turn(
          number: releases.takeNumber(), events: events, progress: progress,
          entries: turn.entries, keeping: settings.keepEvents, entryFiles: turn.entryFiles))
      pruneIfDue()
    }
    if journal != nil, !turn.entries.isEmpty { turn.consequences.append(.events(turn.entries)) }
    if !logWaits.isEmpty { recheckLogs(after: turn.events, progress) }
    releases.add(turn.consequences)
    turn = OpenTurn()
    release()
  }

  /// Has those who wait for a log look again when the jobs' changes are durable.
  private func recheckLogs(after events: [Event], _ progress: [JobProgress]) {
    var jobs = Set(progress.map(\.job))
    for event in events {
      if case .jobEnded(let last) = event { jobs.insert(last.job) }
    }
    for job in Set(logWaits.values.map(\.task.job)).intersection(jobs).sorted() {
      turn.consequences.append(.logs(job))
    }
  }

  /// A connection has ended: whatever it asked for has nobody to go to.
  private func forget(_ id: ConnectionID) {
    clients.forget(id)
    _ = entryLists.take(from: id)
    storage.history.forget(id)
    releaseTies(of: id)
    if let worker = controller.state.links[id.link] {
      step(.disconnect(id.link))
      log.info("worker \(worker) has gone")
    }
    if links.removeValue(forKey: id.link) != nil { forgetRelays(to: id.link) }
    desires[id.link] = nil
    for request in requests.ids(of: id) {
      requests.remove(request)
      waits.remove(request)
      resolving[request] = nil
      followers[request] = nil
      listings[request] = nil
      endpointListings[request] = nil
      userListings[request] = nil
      queueListings[request] = nil
      workerListings[request] = nil
      pastWork.remove(request)
      relays[request] = nil
      logWaits[request] = nil
    }
  }
}

extension Event {
  /// Whether the store keeps it; the others are of this life of the daemon only.
  var isStored: Bool {
    switch self {
    case .backoffOver, .dependencyEnded: false
    case .submitted, .assigned, .building, .started, .stopRequested, .frozen, .stuck, .attemptEnded,
      .tasksEnded, .killRequested, .held, .tasksHeld, .tasksReleased, .changed, .jobEnded,
      .registered, .drained, .forgotten, .linked, .unlinked, .silent, .ailing, .endpointRegistered,
      .endpointRemoved:
      true
    }
  }
}
