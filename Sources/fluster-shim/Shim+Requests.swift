import CFluster
import FlusterSystem
import FlusterSystemd
import Glibc
import Logging

extension Shim {
  /// Understands a packet and does what it says. One that makes no sense ends the connection, never
  /// the shim.
  func receive(_ packet: [UInt8], _ descriptors: [Descriptor], from link: WorkerLink) {
    let request: ShimRequest
    do throws(ShimWireError) {
      request = try ShimRequest.decode(packet) {
        descriptors.first.flatMap { try? SealedMemory.read($0, limit: ShimWire.bulkLimit) }
      }
      if case .spawn(let spawn) = request { try spawn.check(descriptors: descriptors.count) }
    } catch {
      return misunderstood(packet, error, from: link)
    }
    if case .hello = request { return greet(link) }
    guard link === self.link else {
      logger.warning("dropped a connection that did not say hello")
      return forget(link)
    }
    handle(request, descriptors)
  }

  private func handle(_ request: ShimRequest, _ descriptors: [Descriptor]) {
    switch request {
    case .hello: break
    case .spawn(let spawn):
      guard attempts[spawn.uid] == nil else { return present(spawn.uid) }
      admit(
        spawn,
        Brought(
          script: spawn.scriptWord == nil ? nil : descriptors[1],
          ledger: spawn.output == .piped ? descriptors.last : nil))
    case .signal(let uid, let number): signal(uid, number)
    case .freeze(let uid, let isFrozen): freeze(uid, isFrozen)
    case .kill(let uid):
      if attempts[uid] == nil { tell(.unknown(uid: uid)) } else { kill(uid) }
    case .list:
      for uid in attempts.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) { present(uid) }
      tell(.listEnd)
    case .acknowledge(let uid): acknowledge(uid)
    case .openLog(let uid, let errors): openLog(uid, errors: errors)
    case .lease(let end): lease(until: end)
    case .quit:
      guard attempts.isEmpty else { return tell(.held(UInt32(clamping: attempts.count))) }
      logger.info("exiting as the worker asked: nothing is held")
      loop.exit(0)
    }
  }

  /// From here it is the worker; an older one is gone, or should be.
  private func greet(_ newcomer: WorkerLink) {
    if let link, link !== newcomer {
      logger.notice("a newer worker replaces the older")
      forget(link)
    }
    newcomers.removeAll { $0 === newcomer }
    link = newcomer
    tell(
      .hello(
        ShimHello(
          version: ShimWire.version, pid: getpid(), bootID: surroundings.bootID,
          lacks: surroundings.groups?.lacks ?? ControlGroups.lacksOfNone,
          leaseEnd: leaseEnd)))
  }

  private func misunderstood(
    _ packet: [UInt8], _ error: ShimWireError, from link: WorkerLink
  ) {
    if case .malformed = error, link === self.link,
      let uid = ShimRequest.spawnUID(of: packet), attempts[uid] == nil
    {
      // The rest of the conversation is intact, and the attempt needs an answer.
      complain("attempt \(ShimSpawn.hexadecimal(uid)): \(error)")
      let reason = UInt8(FL_REASON_REQUEST.rawValue)
      return tell(
        .notStarted(uid: uid, tag: ShimWire.noTag, reason: reason, errno: EBADMSG))
    }
    logger.warning("dropped a worker: \(error)")
    if case .version(let theirs) = error {
      link.send(.refused(theirs: theirs, ours: ShimWire.version))
    }
    forget(link)
  }

  /// Tells all that is known of an attempt, as if it had just happened.
  private func present(_ uid: [UInt8]) {
    guard let attempt = attempts[uid] else { return }
    switch attempt.phase {
    case .resolving, .starting, .remains: tell(.starting(uid: uid, tag: attempt.tag))
    case .running:
      guard let started = attempt.started, let leader = attempt.leader else { return }
      tell(.started(started), [leader.pidfd])
      tellLogs(of: attempt)
    case .over(let notice):
      if attempt.pipes != nil { tellLogs(of: attempt) }
      tell(notice)
    }
    if attempt.frozen.total > 0 || attempt.frozen.since != nil { tellFreeze(uid) }
    if attempt.sweep?.isToldStuck == true, !attempt.isOver { tell(.stuck(uid: uid)) }
  }

  /// Hands the kept logs of an attempt over, and the pipes of its output.
  func tellLogs(of attempt: Attempt) {
    if let log = attempt.output { tell(.log(uid: attempt.uid, errors: false), [log]) }
    if let log = attempt.errors { tell(.log(uid: attempt.uid, errors: true), [log]) }
    if let pipes = attempt.pipes {
      tell(.output(uid: attempt.uid, errors: pipes.errors != nil), pipes.descriptors)
    }
  }

  private func signal(_ uid: [UInt8], _ number: Int32) {
    guard let attempt = attempts[uid] else { return tell(.unknown(uid: uid)) }
    guard (1...64).contains(number), !attempt.isOver, let leader = attempt.leader else { return }
    // Before setsid there is no group of its own; the number is its own until it is reaped.
    if Glibc.kill(-leader.pid, number) != 0 { try? PidFD.send(signal: number, to: leader.pidfd) }
  }

  /// By its cgroup only: a job would see a signal, and anybody could lift it.
  private func freeze(_ uid: [UInt8], _ isFrozen: Bool) {
    guard let attempt = attempts[uid] else { return tell(.unknown(uid: uid)) }
    if case .running = attempt.phase, attempt.sweep == nil,
      isFrozen != (attempt.frozen.since != nil)
    {
      let now = Clock.monotonicNanoseconds()
      let failure = attempt.cgroup?.freeze(isFrozen) ?? EOPNOTSUPP
      if failure != 0 {
        logger.error("cannot freeze or thaw \(attempt.label): \(SystemError.reason(failure))")
      } else if let since = attempt.frozen.since {
        attempts[uid]?.frozen = (attempt.frozen.total + now - since, nil)
      } else {
        attempts[uid]?.frozen.since = now
      }
    }
    tellFreeze(uid)
  }

  private func tellFreeze(_ uid: [UInt8]) {
    guard let frozen = attempts[uid]?.frozen else { return }
    tell(.frozen(uid: uid, total: frozen.total, since: frozen.since))
  }

  private func kill(_ uid: [UInt8]) {
    guard let attempt = attempts[uid] else { return }
    if case .over(let notice) = attempt.phase { return tell(notice) }
    if attempt.sweep == nil { end(uid) }
  }

  private func acknowledge(_ uid: [UInt8]) {
    guard let attempt = attempts[uid] else { return }
    guard attempt.isOver else {
      return complain("\(attempt.label) was acknowledged before its end")
    }
    surroundings.files.remove(uid)
    attempts[uid] = nil
  }

  private func openLog(_ uid: [UInt8], errors: Bool) {
    guard let attempt = attempts[uid], !attempt.neverStarted,
      errors ? attempt.keepsErrors : attempt.keepsOutput,
      let log = (errors ? attempt.errors : attempt.output)
        ?? surroundings.logs.reopen(uid, errors: errors, owner: attempt.owner)
    else { return tell(.unknown(uid: uid)) }
    tell(.log(uid: uid, errors: errors), [log])
  }
}
