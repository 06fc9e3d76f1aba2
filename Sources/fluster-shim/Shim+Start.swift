import CFluster
import FlusterSystem
import FlusterSystemd
import Glibc
import Logging

/// Descriptors that a spawn came with, which the shim passes on.
struct Brought {
  /// For the job.
  var script: Descriptor?
  /// For the worker again.
  var ledger: Descriptor?
}

extension Shim {
  /// More than a machine has processes by default. What is refused is held like what runs, until it
  /// is acknowledged: without a bound a worker could have the shim take all memory.
  private static let mostAttempts = 32_768

  /// Takes an attempt on: from here it is held until its end is acknowledged.
  func admit(_ spawn: ShimSpawn, _ brought: Brought) {
    guard attempts.count < Self.mostAttempts else {
      complain("refused an attempt: \(attempts.count) are held, and may be no more")
      let reason = UInt8(FL_REASON_PROCESS.rawValue)
      return tell(.notStarted(uid: spawn.uid, tag: spawn.tag, reason: reason, errno: EAGAIN))
    }
    attempts[spawn.uid] = Attempt(spawn)
    guard !isStopping else { return refuse(spawn.uid, FL_REASON_PROCESS, ESHUTDOWN) }
    guard !leaseIsOver else { return refuse(spawn.uid, FL_REASON_PROCESS, ETIMEDOUT) }
    guard surroundings.settings.allows(spawn.owner, instance: surroundings.instance) else {
      complain("refused a job of uid \(spawn.owner), which may have none")
      return refuse(spawn.uid, FL_REASON_USER, EPERM)
    }
    switch surroundings.instance {
    case .user: launch(spawn, brought, identity: nil)
    case .system:
      owners.find(spawn.owner) { [weak self] answer in
        guard let self else { return }
        reapStrangers()
        // It may have been killed, or even forgotten, meanwhile.
        guard case .resolving? = attempts[spawn.uid]?.phase else { return }
        switch answer {
        case .known(let identity): launch(spawn, brought, identity: identity)
        case .failed(let errno):
          complain("no groups for uid \(spawn.owner): \(SystemError.reason(errno))")
          refuse(spawn.uid, FL_REASON_USER, errno)
        }
      }
    }
  }

  /// Intent, logs, cgroup, process: whatever fails takes back what was made before it.
  private func launch(_ spawn: ShimSpawn, _ brought: Brought, identity: Owners.Identity?) {
    let uid = spawn.uid
    do throws(SystemError) {
      attempts[uid]?.file = try surroundings.files.begin(intent(for: spawn))
    } catch {
      logger.error("\(error)")
      return refuse(uid, FL_REASON_PROCESS, error.errno)
    }
    var launch = Launch(
      spawn: spawn, identity: identity, script: brought.script,
      limits: surroundings.limits.clamped(spawn.limits, ceilings: surroundings.settings.hardLimits),
      nice: max(spawn.nice, surroundings.settings.bestNice),
      resetsOOMScore: surroundings.resetsOOMScore,
      noNewPrivileges: surroundings.settings.noNewPrivileges)
    do throws(SystemError) {
      let output = try log(spawn, errors: false)
      launch.output = output?.output
      attempts[uid]?.output = output?.kept
      let errors = try log(spawn, errors: true)
      launch.errors = errors?.output
      attempts[uid]?.errors = errors?.kept
      if let ledger = brought.ledger {
        let made = try OutputPipes.make(
          for: spawn, ledger: ledger, owner: identity == nil ? nil : spawn.owner)
        attempts[uid]?.pipes = made.pipes
        (launch.output, launch.errors) = (made.output, made.errors)
      }
    } catch {
      logger.error("\(error)")
      return refuse(uid, FL_REASON_LOG, error.errno)
    }
    if let groups = surroundings.groups {
      var failure: Int32 = 0
      let own = ownProcessors(for: spawn)
      guard
        let group = ControlGroup.make(
          for: spawn, on: own ?? sharedProcessors, in: groups, failure: &failure)
      else {
        logger.error("cannot make \(groups.path(of: uid)): \(SystemError.reason(failure))")
        return refuse(uid, FL_REASON_CGROUP, failure)
      }
      attempts[uid]?.cgroup = group
      attempts[uid]?.processors = own
      if own != nil { shareProcessors() }
      launch.cgroup = group
    }
    do throws(SystemError) {
      let before = Clock.bootNanoseconds()
      let made = try launch.run(method: method)
      begin(uid, made, Process.ticks(between: before, and: Clock.bootNanoseconds()))
    } catch {
      logger.error("\(error)")
      refuse(uid, FL_REASON_PROCESS, error.errno)
    }
  }

  private func intent(for spawn: ShimSpawn) -> ShimIntent {
    ShimIntent(
      uid: spawn.uid, owner: spawn.owner, tag: spawn.tag, bootID: surroundings.bootID,
      wall: Clock.wallMilliseconds(),
      cgroup: surroundings.groups?.path(of: spawn.uid) ?? "", keepsOutput: spawn.keepsOutput,
      keepsErrors: spawn.errors == .kept)
  }

  /// A kept log; nil if the attempt has none.
  private func log(_ spawn: ShimSpawn, errors: Bool) throws(SystemError) -> LogDirectory.Log? {
    guard errors ? spawn.errors == .kept : spawn.keepsOutput else { return nil }
    return try surroundings.logs.create(spawn.uid, errors: errors, owner: spawn.owner)
  }

  /// The process exists; from here it is watched. `ticks`: its start, if that is known.
  private func begin(_ uid: [UInt8], _ made: fl_spawned, _ ticks: UInt64?) {
    if made.method != method {
      logger.notice("this kernel or a filter refuses clone3 in full; method \(made.method) works")
      method = made.method
    }
    let status = Descriptor(adopting: made.status)
    let leader = Leader(
      pid: made.pid, pidfd: Descriptor(adopting: made.pidfd),
      ticks: ticks ?? Process(pid: made.pid)?.ticks ?? 0, nanoseconds: Clock.monotonicNanoseconds(),
      wall: Clock.wallMilliseconds())
    leaders.insert(leader.pid)
    guard let attempt = attempts[uid] else { return }
    attempts[uid]?.leader = leader
    attempts[uid]?.marks = Marks(
      leader: leader.pid, ticks: leader.ticks, owner: attempt.owner,
      variable: attempt.marks.variable, isFormer: false)
    attempts[uid]?.phase = .starting
    record(
      .started(
        pid: leader.pid, ticks: leader.ticks, nanoseconds: leader.nanoseconds,
        wall: leader.wall), of: uid)
    do throws(SystemError) {
      // The start comes first when both are ready: a job may be over before we look.
      let source = try loop.watch(status, for: .readable, priority: -1) { [self] _ in
        started(uid)
      }
      attempts[uid]?.status = (status, source)
      attempts[uid]?.watch = try loop.watch(leader.pidfd, for: .readable) { [self] _ in died(uid) }
      wake(uid, at: leader.nanoseconds + Attempt.startLimit)
    } catch {
      // A process that cannot be watched must not run; the sweep needs no watch.
      logger.error("\(error)")
      attempts[uid]?.failure = StartFailure(
        reason: UInt8(FL_REASON_PROCESS.rawValue), errno: error.errno)
      sweep(uid)
    }
  }

  /// The child's side of the status pipe has closed, or it has said why it failed.
  func started(_ uid: [UInt8]) {
    guard let attempt = attempts[uid], let status = attempt.status else { return }
    var failure = fl_failure()
    let count = read(status.descriptor.raw, &failure, MemoryLayout<fl_failure>.size)
    if count < 0, errno == EAGAIN || errno == EINTR { return }
    status.source.cancel()
    attempts[uid]?.status = nil
    if count == MemoryLayout<fl_failure>.size {
      let known = (1...12).contains(failure.reason)
      if attempt.failure == nil {
        attempts[uid]?.failure = StartFailure(
          reason: UInt8(known ? failure.reason : Int32(FL_REASON_PROCESS.rawValue)),
          errno: failure.error)
      }
      return
    }
    // One that is being killed closes the pipe too, and it cannot be told whether it had started.
    guard attempt.sweep == nil, attempt.failure == nil, let leader = attempt.leader,
      let started = attempt.started
    else { return }
    attempts[uid]?.phase = .running
    attempts[uid]?.deadline = nil
    tell(.started(started), [leader.pidfd])
    tellLogs(of: attempt)
    continueSuccession()
  }

  /// Ends an attempt before it has a process.
  func refuse(_ uid: [UInt8], _ reason: fl_start_reason, _ errno: Int32) {
    attempts[uid]?.failure = StartFailure(reason: UInt8(reason.rawValue), errno: errno)
    finish(uid)
  }
}
