import FlusterCore
import FlusterProtocol
import FlusterSystem
import FlusterSystemd
import Logging

/// The conversation with flusterd.
extension Worker {
  /// The only request of ours.
  private static let registration: UInt64 = 1
  /// A worker that was never accepted gives up after so long.
  private static let refusalPatience: Int64 = 10_000_000_000

  func connectController() {
    // A registration says what the shim cannot enforce, so the shim comes first.
    guard controller == nil, shimIsReady else { return }
    do throws(SystemError) {
      let socket = try UnixSocket.connect(to: places.controller, kind: .stream, isBlocking: false)
      let link = try ControllerLink(socket, loop: loop) { [unowned self] in
        hear($0, $1, end: $2)
      }
      controller = link
      link.send(WireEnvelope(request: 0, .hello(WireHello(role: .worker))))
      link.flush()
    } catch {
      complain("cannot reach flusterd", "\(error)")
      controllerRetry?.failed(at: now.monotonic.nanoseconds)
    }
  }

  private func hear(_ link: ControllerLink, _ envelopes: [WireEnvelope], end: LinkEnd?) {
    guard link === controller else { return }
    do throws(Refusal) {
      for envelope in envelopes where link === controller { try hear(envelope) }
      if let end, link === controller { lostController(end.reason) }
    } catch {
      lostController(error.message)
    }
    finishTurn()
  }

  private func hear(_ envelope: WireEnvelope) throws(Refusal) {
    switch envelope.body {
    case .hello(let hello): try greet(hello)
    case .registered: accepted()
    case .desired(let wire): try follow(wire)
    case .openLog(let wire): open(wire, envelope.request)
    case .goodbye(let goodbye): farewell(goodbye.why)
    case .error(let error): refused(Refusal(wire: error), envelope.request)
    case nil:
      let refusal = Refusal(
        .unimplemented, "fluster-worker \(FlusterVersion.software) does not know this request")
      controller?.send(WireEnvelope(request: envelope.request, refusal))
    case .done, .submit, .submitted, .list, .listing, .wait, .ended, .kill, .set, .rerun,
      .openedLog, .watch, .listUsers, .users, .backup, .backedUp, .checkStore, .feed, .getStatus,
      .status, .shutdown, .listWorkers, .workers,
      .changeWorker, .registerEndpoint, .unregisterEndpoint, .listEndpoints, .endpoints, .register,
      .observed,
      .readScript, .script, .entries, .readHistory, .history:
      throw Refusal(.invalidArgument, "flusterd sent what a worker cannot use")
    }
  }

  private func greet(_ wire: WireHello) throws(Refusal) {
    _ = try Speaker.ours.agree(with: Speaker(wire: wire))
    guard let store = StoreID(bytes: wire.store.array) else {
      throw Refusal(.invalidArgument, "flusterd did not name its store")
    }
    guard self.store == nil else {
      throw Refusal(.invalidArgument, "flusterd said hello twice")
    }
    self.store = store
    if !isEstranged(from: store) { register() }
  }

  /// Whether attempts of another store are held. They are not this flusterd's to end, and as long
  /// as they are here it does not hear of this worker: then no work comes.
  func isEstranged(from offered: StoreID) -> Bool {
    while let own = agent.foreignStore(to: offered) {
      guard settings.endStore == own else {
        askForDecision(own, offered)
        return true
      }
      complain("ending what is held of store \(own)", "EndStore= in fluster.conf says so")
      step(.abandoned(own))
      if agent.foreignStore(to: offered) == own { return true }
    }
    return false
  }

  private func askForDecision(_ own: StoreID, _ offered: StoreID) {
    let held = agent.uids(of: own)
    let named = held.prefix(4).map(\.description).joined(separator: ", ")
    Notify.status("takes no work: attempts of another store are held")
    complain(
      "this worker takes no work",
      "it holds \(held.count) attempts of store \(own), but flusterd has store \(offered): "
        + named + (held.count > 4 ? ", ..." : "")
        + "\nbring back the state directory they belong to; or, to end them and never know how "
        + "they ended, write EndStore=\(own) below [Worker] in \(places.configuration) and send "
        + "SIGHUP to process \(identity.pid)")
  }

  /// Registers once nothing of another store is held any more.
  func registerIfReconciled() {
    guard let store, controller != nil, registered == nil, !isEstranged(from: store) else {
      return
    }
    register()
  }

  private func register() {
    guard let hello = shim?.hello else {
      return dropController("the shim is away")
    }
    let wire = identity.registration(
      settings, lacks: hello.lacks.filter { $0 != "cpuset" || settings.cpuLimit == .cores },
      store: agent.holdsNothing ? nil : store)
    let descriptors = [
      try? PidFD.open(pid: identity.pid),
      // By its own word: the socket's peer is whoever listened first, such as systemd.
      try? PidFD.open(pid: hello.pid),
    ].compactMap(\.self)
    registered = hello
    controller?.send(
      WireEnvelope(request: Self.registration, .register(wire)), descriptors: descriptors)
  }

  private func accepted() {
    guard let store else { return }
    hasEverRegistered = true
    isLeaving = false
    controllerRetry?.succeeded(at: now.monotonic.nanoseconds)
    complaints = [:]
    log.info("registered with flusterd as \(settings.id)")
    Notify.status("registered as \(settings.id)")
    isRegistered = true
    if ailment != nil { tellFitness() }
    checkFitness()
    if let controller { contact(by: controller) }
    step(.linked(store))
  }

  private func refused(_ refusal: Refusal, _ request: UInt64) {
    guard request == Self.registration || request == 0 else {
      return log.warning("flusterd refuses: \(refusal.message)")
    }
    let time = now.monotonic.nanoseconds
    let first = firstRefusal ?? time
    firstRefusal = first
    lostController(refusal.message)
    // Another living worker has our name, or the name is not ours to have.
    if !hasEverRegistered, time - first > Self.refusalPatience {
      log.error("giving up: \(refusal.message)")
      exit(ExitStatus.tryAgain)
    }
  }

  private func follow(_ wire: WireDesired) throws(Refusal) {
    var desired = try Desired(wire: wire)
    if !wire.run.isEmpty {
      checkFitness()
      // It goes back, to be given to another worker, or to this one when it is well.
      if ailment != nil { desired.runs = desired.runs.map(\.unstartable) }
    }
    for (assignment, run) in zip(desired.runs, wire.run) {
      if facts[assignment.uid] == nil || facts[assignment.uid]?.run == nil {
        let isNew = !agent.holds(assignment.uid)
        facts[assignment.uid] = Facts(
          run: isNew ? run : nil, logLimit: run.launch.logMaxBytes,
          subjects: run.launch.subjects)
      }
      logs.limit(assignment.uid.bytes, to: run.launch.logMaxBytes)
    }
    for (assignment, kept) in zip(desired.runs.dropFirst(wire.run.count), wire.kept)
    where kept.hasLogMaxBytes {
      facts[assignment.uid] = Facts(run: nil, logLimit: kept.logMaxBytes)
      logs.limit(assignment.uid.bytes, to: kept.logMaxBytes)
    }
    var whole = partial ?? Desired()
    whole.append(desired)
    partial = wire.more ? whole : nil
    if let controller { contact(by: controller) }
    if !wire.more { step(.desired(whole)) }
  }

  private func farewell(_ why: WireGoodbye.Why) {
    switch why {
    case .idle, .shutdown: isLeaving = true
    case .replaced, .unspecified, .UNRECOGNIZED: break
    }
  }

  func dropController(_ reason: String) {
    guard let controller else { return }
    controller.close()
    lostController(reason)
  }

  private func lostController(_ reason: String) {
    controller?.close()
    controller = nil
    store = nil
    registered = nil
    isRegistered = false
    partial = nil
    news = []
    step(.unlinked)
    // Orders that the agent did not take come again with the next full set.
    facts = facts.filter { agent.holds($0.key) }
    if !isLeaving { complain("no connection to flusterd", reason) }
    controllerRetry?.failed(at: now.monotonic.nanoseconds)
  }
}
