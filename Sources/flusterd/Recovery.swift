import FlusterCore
import FlusterProtocol
import FlusterStore
import FlusterSystemd
import Logging

/// The store does not take writes.
struct Trouble {
  /// What every change is answered.
  let refusal: Refusal
  /// The core could not be reloaded: there is nothing to read from, either.
  var coreIsLost = false
  /// How long to wait before the next probe write, in nanoseconds.
  var pause: Int64 = 1_000_000_000
}

extension StoreError {
  /// Why the store cannot be written, without naming it again.
  fileprivate var reason: String {
    switch kind {
    case .full: "disk full"
    case .readOnly, .locked, .damaged, .newer, .io: message
    }
  }
}

extension Refusal {
  /// The store did not do what it was asked outside of a turn.
  init(_ error: StoreError) {
    let code: RefusalCode =
      switch error.kind {
      // It passes, or somebody mends it, and then the same request will do.
      case .full, .readOnly, .locked, .io: .resourceExhausted
      case .damaged, .newer: .internal
      }
    self.init(code, error.message, wayOut: error.wayOut)
  }
}

extension Daemon {
  private static let longestPause: Int64 = 10_000_000_000

  /// The writer has news: turns that are durable, a failure, or the end of one.
  func followWriter() {
    let report = storage.report
    releases.confirm(report.durable)
    release()
    feedHasGrown()
    if let failure = report.failure {
      if trouble == nil { suspend(failure) } else { setProbeTimer() }
    } else if trouble != nil {
      resume()
    }
    if !inbox.isEmpty || controller.wantsSchedule { turnSource?.schedule() }
    exitIfDone()
    checkIdle()
  }

  /// A commit failed. Everything since the last durable turn is forgotten, and who waits for a part
  /// of it is told; reads go on from what the disk holds.
  private func suspend(_ failure: StoreError) {
    let refusal = Refusal(
      .resourceExhausted,
      "the store at \(storage.directory) cannot be written: \(failure.reason)",
      wayOut: failure.wayOut)
    trouble = Trouble(refusal: refusal)
    log.error("\(refusal.message); nothing new is accepted until it can be")
    showStatus()
    for consequence in releases.dropAll() + turn.consequences { abandon(consequence, refusal) }
    turn = OpenTurn()
    reloadCore()
    callOffShutdown(refusal)
    dropWorkers()
    clients.flush()
    setProbeTimer()
  }

  /// Tells who waits for a consequence that it will not come.
  private func abandon(_ consequence: Consequence, _ refusal: Refusal) {
    switch consequence {
    case .effect(.reply(let id, _)), .beginWait(let id), .lookUp(let id):
      waits.remove(id)
      resolving[id] = nil
      if let request = requests.remove(id) { refuse(request, refusal) }
    case .answer(let connection, let envelope):
      clients.send(WireEnvelope(request: envelope.request, refusal), to: connection)
    case .page(let connection, let number, _):
      clients.send(WireEnvelope(request: number, refusal), to: connection)
    case .effect, .events, .logs: break
    }
  }

  /// Starts again from what the disk holds.
  private func reloadCore() {
    do throws(StoreError) {
      let restored = try storage.restore()
      controller = Controller(restored: restored, random: Daemon.freshRandom())
      settings.instruct(&controller)
      live = LiveJobs(controller.state)
      pendingTasks = controller.state.pendingTasks
      newest = [:]
      stored = StoredBytes()
      launches.removeAll()
      entryLists.forgetBlocks()
      trouble?.coreIsLost = false
      endWaitsWithoutJob()
      // What was to end them may not have been stored.
      expectHolders()
    } catch {
      trouble?.coreIsLost = true
      log.error("\(error.message)")
    }
  }

  /// Workers connect again by themselves, and then report again what was not acknowledged.
  private func dropWorkers() {
    let gone = links.keys.sorted()
    links = [:]
    for link in gone {
      clients.remove(ConnectionID(number: link.number))
      forgetRelays(to: link)
    }
    desires = [:]
  }

  private func setProbeTimer() {
    guard let pause = trouble?.pause else { return }
    trouble?.pause = min(pause * 2, Daemon.longestPause)
    probeTimer?.set(at: now.monotonic.nanoseconds + pause)
  }

  /// The probe timer: tries a write, first of all a reload if that is still owed.
  func probe() {
    guard trouble != nil else { return }
    if trouble?.coreIsLost == true { reloadCore() }
    guard trouble?.coreIsLost == false else { return setProbeTimer() }
    storage.recover()
  }

  /// The disk takes writes again.
  private func resume() {
    trouble = nil
    log.notice("the store at \(storage.directory) can be written again")
    showStatus()
    receive(.wake)
  }
}
