import FlusterCore
import FlusterSystem
import FlusterSystemd
import Logging

/// The conversation with the shim.
extension Worker {
  func connectShim() {
    guard shim == nil else { return }
    do throws(SystemError) {
      let socket = try UnixSocket.connect(to: places.shim, kind: .seqpacket, isBlocking: false)
      let link = try ShimLink(ShimConnection(adopting: socket), loop: loop) {
        [unowned self] in hear($0, $1, end: $2)
      }
      shim = link
      link.send(.hello(version: ShimWire.version))
      link.send(.list)
      step(.shimLinked)
    } catch {
      complain("cannot reach the shim", "\(error)")
      shimRetry?.failed(at: now.monotonic.nanoseconds)
    }
  }

  private func hear(
    _ link: ShimLink, _ notices: [(ShimNotice, [Descriptor])], end: ShimConnectionError?
  ) {
    guard link === shim else { return }
    for (notice, descriptors) in notices { hear(notice, descriptors) }
    if let end { lostShim(end) }
    finishTurn()
  }

  private func lostShim(_ reason: ShimConnectionError) {
    complain("lost the shim", "\(reason)")
    shim = nil
    shimIsReady = false
    // It will be told again.
    draining = [:]
    listIsComplete = false
    step(.shimUnlinked)
    shimRetry?.failed(at: now.monotonic.nanoseconds)
  }

  private func hear(_ notice: ShimNotice, _ descriptors: [Descriptor]) {
    switch notice {
    case .hello(let hello): greet(hello)
    case .starting(let uid, let tag): tell(uid, of: tag) { .starting($0) }
    case .started(let started):
      tell(started.uid, of: started.tag) { .started($0, at: started.moment) }
    case .notStarted(let uid, let tag, let reason, let errno):
      freeHoldings(of: uid)
      tell(uid, of: tag) {
        .notStarted($0, StartReason(rawValue: reason) ?? .request, errno: errno)
      }
    case .ended(let uid, let tag, let record):
      guard output.holds(uid) else { return ended(uid, of: tag, record) }
      draining[uid] = (tag, record)
      output.finish(uid)
    case .log(let uid, let errors):
      guard let file = descriptors.first, let id = AttemptUID(bytes: uid) else { return }
      logs.keep(file, uid, errors: errors, limit: facts[id]?.logLimit)
    case .output(let uid, let errors): relay(uid, descriptors, errors: errors)
    case .listEnd:
      listIsComplete = true
      readyIfDrained()
    case .refused(let theirs, let ours):
      complain(
        "the shim refuses this worker",
        "it speaks version \(ours), this worker version \(theirs)")
    case .stuck(let uid): tell(uid, of: ShimWire.noTag) { .stuck($0) }
    case .frozen(let uid, let total, let since):
      let time = FrozenTime(total: total, since: since.map { Instant(nanoseconds: $0) })
      tell(uid, of: ShimWire.noTag) { .frozen($0, time) }
    case .unknown(let uid): log.debug("the shim does not hold \(ShimSpawn.hexadecimal(uid))")
    case .held(let count): log.notice("the shim stays: it holds \(count) attempts")
    }
  }

  /// Nothing of it is alive, and all that it wrote is where it belongs.
  func ended(_ uid: [UInt8], of tag: [UInt8], _ record: ShimRecord) {
    logs.close(uid)
    freeHoldings(of: uid)
    tell(uid, of: tag) { .ended($0, ExitRecord(record)) }
    if logs.wantsPruning { pruneLogs() }
  }

  private func freeHoldings(of uid: [UInt8]) {
    guard let uid = AttemptUID(bytes: uid) else { return }
    addresses.take(from: uid)
    indices.take(from: uid)
  }

  private func tell(
    _ uid: [UInt8], of tag: [UInt8], _ notice: (AttemptUID) -> AgentNotice
  ) {
    guard let uid = AttemptUID(bytes: uid) else { return }
    let store = tag == ShimWire.noTag ? nil : StoreID(bytes: tag)
    step(.shim(notice(uid), of: store))
  }

  private func greet(_ hello: ShimHello) {
    take(lease: hello.leaseEnd)
    // It changes, unlike what is registered.
    var hello = hello
    hello.leaseEnd = nil
    shim?.hello = hello
    shimRetry?.succeeded(at: now.monotonic.nanoseconds)
    complaints["cannot reach the shim"] = nil
    complaints["lost the shim"] = nil
    log.info("connected to the shim", metadata: ["shim_pid": "\(hello.pid)"])
  }

  private func pruneLogs() {
    logs.prune(olderThan: settings.keepLogs, sparing: agent.heldUIDs)
  }

  /// Everything the shim holds has been told: now flusterd may be told, too. An attempt whose end
  /// was told but not passed on yet would look as if it was not there.
  func readyIfDrained() {
    guard listIsComplete, draining.isEmpty else { return }
    listIsComplete = false
    shimIsReady = true
    step(.shim(.listEnd))
    addresses.keep(only: agent.isActive)
    indices.keep(only: agent.isActive)
    if logs.wantsPruning { pruneLogs() }
    if controller == nil {
      controllerRetry?.hurry(at: now.monotonic.nanoseconds)
    } else if let registered, registered != shim?.hello {
      // What flusterd knows of the shim is no longer true.
      dropController("the shim is another one")
    }
  }
}

extension ShimStarted {
  var moment: Moment {
    Moment(
      monotonic: Instant(nanoseconds: startedNanoseconds),
      wall: WallTime(milliseconds: startedWall))
  }
}

extension ExitRecord {
  /// The shim's record in the words of the core.
  init(_ record: ShimRecord) {
    self.init(
      ended: Moment(
        monotonic: Instant(nanoseconds: record.endedNanoseconds),
        wall: WallTime(milliseconds: record.endedWall)))
    exitCode = record.exitCode
    signal = record.signal
    isLost = record.lost
    isLapsed = record.lapsed
    outOfMemory = record.outOfMemory
    if record.startedNanoseconds > 0 {
      started = Moment(
        monotonic: Instant(nanoseconds: record.startedNanoseconds),
        wall: WallTime(milliseconds: record.startedWall))
    }
    usage.userMicroseconds = record.userMicroseconds
    usage.systemMicroseconds = record.systemMicroseconds
    usage.peakMemoryBytes = record.peakMemoryBytes ?? record.maximumResidentBytes
    usage.readBytes = record.readBytes
    usage.writtenBytes = record.writtenBytes
    usage.cpuStallMicroseconds = record.cpuStallMicroseconds
    usage.memoryStallMicroseconds = record.memoryStallMicroseconds
    usage.ioStallMicroseconds = record.ioStallMicroseconds
    usage.throttledMicroseconds = record.throttledMicroseconds
    usage.peakProcesses = record.peakProcesses
  }
}
