import FlusterCore
import FlusterProtocol
import FlusterSystemd

/// Whether and how the daemon is about to go.
enum Ending {
  case no
  /// Told to stop: what is on its way to the disk is finished, nothing new is begun.
  case stopping
  /// The whole instance goes when its attempts have ended; then this request is answered.
  case shuttingDown(RequestID)

  /// Why nothing that changes anything is taken any more; nil as long as it is.
  var refusal: Refusal? {
    switch self {
    case .no: nil
    case .stopping, .shuttingDown:
      Refusal(.unavailable, "flusterd is about to end", wayOut: "start it again with: fluster up")
    }
  }
}

extension Daemon {
  /// Why no worker is taken any more; nil as long as one is. On the way out those that were away
  /// are still needed: only they can tell how their attempts have ended.
  var refusalOfWorkers: Refusal? {
    switch ending {
    case .no, .shuttingDown: nil
    case .stopping: ending.refusal
    }
  }

  /// A store that takes no writes cannot keep that the attempts were killed, so they are not: who
  /// asked for it is told, and everything goes on.
  func callOffShutdown(_ refusal: Refusal) {
    guard case .shuttingDown(let id) = ending else { return }
    guard trouble?.coreIsLost == true || !controller.state.attempts.isEmpty else { return }
    ending = .no
    if let request = requests.remove(id) { refuse(request, refusal) }
  }

  /// Whether tasks may be placed: not without a disk, and not on the way out.
  var mayPlace: Bool {
    guard trouble == nil, examined == nil else { return false }
    switch ending {
    case .no: return true
    case .stopping, .shuttingDown: return false
    }
  }

  /// Stops accepting, finishes the commit in flight, exits with 0. Jobs go on without us.
  func stop() {
    for listener in listeners { listener.stop() }
    ending = .stopping
    Notify.stopping()
    exitIfDone()
  }

  /// To be called whenever something that an ending waits for may have happened.
  func exitIfDone() {
    guard releases.outstanding == 0 || trouble != nil else { return }
    switch ending {
    case .no: return
    case .stopping: break
    case .shuttingDown(let id):
      guard controller.state.attempts.isEmpty else { return }
      sayGoodbye(.shutdown)
      if let request = requests.remove(id) {
        clients.send(
          WireEnvelope(request: request.number, .done(WireDone())), to: request.connection)
      }
      Notify.stopping()
    }
    clients.flush()
    loop.exit(ExitStatus.done)
  }

  /// Tells the workers that we go on purpose.
  private func sayGoodbye(_ why: WireGoodbye.Why) {
    var goodbye = WireGoodbye()
    goodbye.why = why
    for link in links.keys.sorted() {
      clients.send(
        WireEnvelope(request: 0, .goodbye(goodbye)), to: ConnectionID(number: link.number))
    }
    clients.flush()
  }

  /// Starts or stops the clock that ends a socket-activated daemon with nothing to do.
  func checkIdle() {
    guard options.mayExitIdle else { return }
    guard isIdle else {
      isWatchingIdle = false
      idleTimer?.disarm()
      return
    }
    guard !isWatchingIdle else { return }
    isWatchingIdle = true
    idleTimer?.set(at: (now.monotonic + settings.idleExit).nanoseconds)
  }

  /// Nothing unfinished, and nobody connected but workers that have nothing to do.
  private var isIdle: Bool {
    guard case .no = ending, trouble == nil else { return false }
    return controller.state.jobs.isEmpty && controller.state.attempts.isEmpty && inbox.isEmpty
      && releases.outstanding == 0 && storage.isIdle && !clients.hasCommands
  }

  /// The idle time is over; the sockets bring us back.
  func exitIdle() {
    isWatchingIdle = false
    guard isIdle else { return }
    sayGoodbye(.idle)
    Notify.stopping()
    loop.exit(ExitStatus.done)
  }
}
