import FlusterSystem
import FlusterSystemd
import Glibc
import Logging

/// An upgrade: another program takes this process over, with its children and all that it holds.
/// What it needs stands in the attempts' files already, but for what `ShimHandOver` has.
extension Shim {
  /// How long the moment is waited for in which no attempt is on its way in or out.
  private static let patience: Int64 = 10_000_000_000

  /// Asked for by a signal. Nothing new is taken from the worker until it is done or given up.
  func beginSuccession() {
    guard !isStopping, successionLimit == nil else { return }
    Notify.reloading()
    successionLimit = Clock.monotonicNanoseconds() + Self.patience
    link?.isPaused = true
    successionTimer?.set(at: successionLimit ?? 0)
    continueSuccession()
  }

  /// Something has started or ended: it may be the moment.
  func continueSuccession() {
    guard let limit = successionLimit else { return }
    guard let busy = attempts.values.first(where: { !$0.isSettled }) else { return succeed() }
    guard Clock.monotonicNanoseconds() >= limit else { return }
    giveUpSuccession("\(busy.label) is still being started or ended")
  }

  private func giveUpSuccession(_ reason: String) {
    logger.warning("stays the program that it is: \(reason)")
    successionLimit = nil
    link?.isPaused = false
    Notify.ready(status: "holding \(attempts.count) attempts")
  }

  private func succeed() {
    guard let successor = surroundings.successor else {
      return giveUpSuccession("its own path is not known")
    }
    let handOver = handOver()
    do throws(SystemError) {
      let memory = try SealedMemory.make(handOver.encoded(), name: "fluster-shim")
      try successor.understands(memory)
      logger.notice("is taken over by the program that is installed now")
      for number in handOver.descriptors + [memory.raw] { try Self.keep(number, open: true) }
      surroundings.limits.giveBack()
      let failure = successor.become(memory)
      surroundings.limits.raise()
      for number in handOver.descriptors { try? Self.keep(number, open: false) }
      throw failure
    } catch {
      giveUpSuccession("\(error)")
    }
  }

  private func handOver() -> ShimHandOver {
    var handOver = ShimHandOver(
      listener: listenerNumber, isListenerPassed: surroundings.isListenerPassed,
      lock: surroundings.files.lockNumber)
    if let groups = surroundings.groups {
      handOver.cgroup = groups.directory
      handOver.isOwnCgroup = groups.isOwn
    }
    handOver.leaseEnd = leaseEnd
    for attempt in attempts.values.sorted(by: { $0.uid.lexicographicallyPrecedes($1.uid) }) {
      var given = ShimHandOver.Attempt(uid: attempt.uid)
      given.frozenNanoseconds = attempt.frozen.total
      given.frozenSince = attempt.frozen.since
      given.output = attempt.output?.raw
      given.errors = attempt.errors?.raw
      given.pipes = attempt.pipes?.descriptors.map(\.raw) ?? []
      given.processors = attempt.processors?.list ?? ""
      handOver.attempts.append(given)
    }
    return handOver
  }

  private static func keep(_ number: Int32, open: Bool) throws(SystemError) {
    guard fcntl(number, F_SETFD, open ? 0 : FD_CLOEXEC) == 0 else {
      throw SystemError.last("keep descriptor \(number)")
    }
  }
}

extension Attempt {
  /// Its files tell all of it: it runs, or it is over.
  fileprivate var isSettled: Bool {
    switch phase {
    case .running: sweep == nil && death == nil && status == nil
    case .over: true
    case .resolving, .starting, .remains: false
    }
  }
}
