import FlusterSystem
import FlusterSystemd
import Glibc
import Logging

extension Shim {
  /// Reads what an earlier shim left. Records are presented as they are; of an attempt without one
  /// everything that is still alive is ended first, and only then its loss is told. But what the
  /// program before this one handed over in this very process goes on.
  func takeOver(_ handOver: ShimHandOver?) throws(SystemError) {
    var given: [[UInt8]: ShimHandOver.Attempt] = [:]
    for attempt in handOver?.attempts ?? [] { given[attempt.uid] = attempt }
    for (uid, entries) in try surroundings.files.all() {
      let attempt = Attempt(uid: uid, entries: entries, bootID: surroundings.bootID)
      attempts[uid] = attempt
      if let given = given[uid] { try inherit(given) }
      guard let known = attempts[uid], !known.isOver, !known.isRunning else { continue }
      logger.warning("\(attempt.label) was left by a shim that died; ending what remains of it")
      sweep(uid)
    }
    if let end = handOver?.leaseEnd { lease(until: end) }
  }

  /// Goes on with an attempt where the program before this one left it. Its leader is this
  /// process's child still, and not reaped.
  private func inherit(_ given: ShimHandOver.Attempt) throws(SystemError) {
    let uid = given.uid
    guard let attempt = attempts[uid] else { return }
    if let output = given.output { attempts[uid]?.output = try Self.adopt(output) }
    if let errors = given.errors { attempts[uid]?.errors = try Self.adopt(errors) }
    var pipes: [Descriptor] = []
    for pipe in given.pipes { pipes.append(try Self.adopt(pipe)) }
    attempts[uid]?.pipes = OutputPipes(pipes)
    attempts[uid]?.frozen = (given.frozenNanoseconds, given.frozenSince)
    guard !attempt.isOver, let former = attempt.former else { return }
    let (pid, ticks) = (attempt.marks.leader, attempt.marks.ticks)
    guard Process(pid: pid).map({ $0.parent == getpid() && $0.ticks == ticks }) == true else {
      return
    }
    let leader = Leader(
      pid: pid, pidfd: try PidFD.open(pid: pid), ticks: ticks, nanoseconds: former.nanoseconds,
      wall: former.wall)
    leaders.insert(pid)
    attempts[uid]?.leader = leader
    attempts[uid]?.marks = Marks(
      leader: pid, ticks: ticks, owner: attempt.owner, variable: attempt.marks.variable,
      isFormer: false)
    attempts[uid]?.file = try surroundings.files.reopen(uid)
    attempts[uid]?.former = nil
    if !given.processors.isEmpty {
      attempts[uid]?.processors = ProcessorSet(list: given.processors)
    }
    attempts[uid]?.isLost = false
    attempts[uid]?.phase = .running
    attempts[uid]?.watch = try loop.watch(leader.pidfd, for: .readable) { [self] _ in died(uid) }
  }

  /// Takes a descriptor that stayed open for this program, and no further one.
  static func adopt(_ number: Int32) throws(SystemError) -> Descriptor {
    guard fcntl(number, F_SETFD, FD_CLOEXEC) == 0 else {
      throw SystemError.last("take over descriptor \(number)")
    }
    return Descriptor(adopting: number)
  }
}
