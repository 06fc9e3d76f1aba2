import CFluster
import FlusterSystem
import FlusterSystemd
import Glibc
import Logging

extension Shim {
  /// The leader is dead. It stays unreaped until the rest is gone too, so that its number, by which
  /// the rest is found, cannot become another's.
  func died(_ uid: [UInt8]) {
    // What it said about its start may not have been read yet.
    started(uid)
    guard let attempt = attempts[uid], attempt.death == nil else { return }
    attempt.watch?.cancel()
    attempts[uid]?.watch = nil
    attempts[uid]?.death = (Clock.monotonicNanoseconds(), Clock.wallMilliseconds())
    sweep(uid)
  }

  /// Ends everything of an attempt, whatever it is doing.
  func end(_ uid: [UInt8]) {
    guard let attempt = attempts[uid] else { return }
    if case .resolving = attempt.phase {
      finish(uid)
    } else {
      sweep(uid)
    }
  }

  /// One round of killing what is left. Comes again by the clock until nothing is.
  func sweep(_ uid: [UInt8]) {
    guard let attempt = attempts[uid], !attempt.isOver else { return }
    let now = Clock.monotonicNanoseconds()
    var sweep = attempt.sweep ?? Sweep(since: now)
    if strike(attempt), hasDied(attempt) { return finish(uid) }
    sweep.rounds += 1
    if !sweep.isToldStuck, now - sweep.since >= Sweep.patience {
      sweep.isToldStuck = true
      logger.error("\(attempt.label) has a process that cannot be killed")
      tell(.stuck(uid: uid))
      if isStopping { loop.exit(1) }
    }
    attempts[uid]?.sweep = sweep
    wake(uid, at: sweep.next(after: now))
    // Zombies of other attempts hide behind an unreaped leader; here is the time to look for them.
    if sweep.rounds % 8 == 0 { reapHiddenStrangers() }
  }

  /// Kills what is alive; true if nothing was.
  private func strike(_ attempt: Attempt) -> Bool {
    guard attempt.isOfThisBoot else { return true }
    // Whatever its cgroup holds: a leader that may write to the tree may have left it, as
    // systemd-run --scope and podman do, and is ours all the same.
    if let leader = attempt.leader, attempt.death == nil {
      try? PidFD.send(signal: SIGKILL, to: leader.pidfd)
    }
    if let cgroup = attempt.cgroup {
      if cgroup.isEmpty { return !attempt.marks.isFormer || strikeMarked(attempt) }
      cgroup.kill()
      return cgroup.isEmpty
    }
    if let leader = attempt.leader {
      Glibc.kill(-leader.pid, SIGKILL)
      if attempt.death != nil, !hasOrphans() { return true }
    }
    return strikeMarked(attempt)
  }

  private func strikeMarked(_ attempt: Attempt) -> Bool {
    let living = attempt.marks.living(among: Process.all())
    for process in living { process.kill() }
    return living.isEmpty
  }

  private func hasDied(_ attempt: Attempt) -> Bool {
    guard let leader = attempt.leader, attempt.death == nil else { return true }
    // Without a watch on it the kernel has to be asked.
    var ready = pollfd(fd: leader.pidfd.raw, events: Int16(POLLIN), revents: 0)
    guard attempt.watch == nil, poll(&ready, 1, 0) == 1 else { return false }
    attempts[attempt.uid]?.death = (Clock.monotonicNanoseconds(), Clock.wallMilliseconds())
    return true
  }

  /// Whether any child is alive that is not a leader. Orphans of jobs come to the shim, their
  /// reaper, so if there are none, nothing is left of a job whose leader is dead: one small file to
  /// read instead of all of /proc.
  private func hasOrphans() -> Bool {
    guard let children = Process.children() else { return true }
    return children.contains { !isKnown($0) && Process(pid: $0)?.isDead == false }
  }

  private func reapHiddenStrangers() {
    var end = fl_end()
    for pid in Process.children() ?? [] where !isKnown(pid) { fl_reap_process(pid, &end) }
  }

  /// Nothing is left: the record is made, kept and told.
  func finish(_ uid: [UInt8]) {
    guard let attempt = attempts[uid], !attempt.isOver else { return }
    let record = record(of: attempt)
    attempt.cgroup?.remove()
    attempt.watch?.cancel()
    attempt.status?.source.cancel()
    let notice: ShimNotice
    if let failure = attempt.failure, !attempt.isLost {
      if attempt.output != nil { surroundings.logs.remove(uid, errors: false) }
      if attempt.errors != nil { surroundings.logs.remove(uid, errors: true) }
      attempts[uid]?.pipes = nil
      notice = .notStarted(
        uid: uid, tag: attempt.tag, reason: failure.reason, errno: failure.errno)
      self.record(.notStarted(reason: failure.reason, errno: failure.errno), of: uid)
    } else {
      // What it wrote before it was known to run is the worker's, too.
      if attempt.pipes != nil, !attempt.isRunning { tellLogs(of: attempt) }
      notice = .ended(uid: uid, tag: attempt.tag, record)
      self.record(.ended(record), of: uid)
    }
    var over = attempts[uid] ?? attempt
    over.phase = .over(notice)
    over.release()
    attempts[uid] = over
    if attempt.processors != nil { shareProcessors() }
    tell(notice)
    reapStrangers()
    exitIfDone()
    continueSuccession()
  }

  /// Writes an entry for the next shim. That it fails costs the truth only if this shim dies too.
  func record(_ entry: ShimEntry, of uid: [UInt8]) {
    do throws(SystemError) {
      if let file = attempts[uid]?.file { return try file.append(entry) }
      let file = try file(for: uid)
      attempts[uid]?.file = file
      try file?.append(entry)
    } catch {
      logger.error("cannot keep the record of \(attempts[uid]?.label ?? "an attempt"): \(error)")
    }
  }

  /// The file of an attempt that has none open: left by an earlier shim, or refused before it
  /// began.
  private func file(for uid: [UInt8]) throws(SystemError) -> AttemptFile? {
    guard let attempt = attempts[uid] else { return nil }
    if attempt.marks.isFormer { return try surroundings.files.reopen(uid) }
    return try surroundings.files.begin(
      ShimIntent(
        uid: uid, owner: attempt.owner, tag: attempt.tag, bootID: surroundings.bootID,
        wall: Clock.wallMilliseconds(), cgroup: "", keepsOutput: false, keepsErrors: false))
  }

  /// Reaps the leader and gathers what is known.
  private func record(of attempt: Attempt) -> ShimRecord {
    var record = ShimRecord()
    record.lost = attempt.isLost
    record.lapsed = attempt.isLapsed
    let start = attempt.leader.map { ($0.nanoseconds, $0.wall) } ?? attempt.former
    (record.startedNanoseconds, record.startedWall) = start ?? (0, 0)
    let now = (Clock.monotonicNanoseconds(), Clock.wallMilliseconds())
    (record.endedNanoseconds, record.endedWall) = attempt.death ?? now
    if attempt.isOfThisBoot {
      let controllers = surroundings.groups?.controllers ?? []
      attempt.cgroup?.account(into: &record, controllers: controllers)
    }
    guard let leader = attempt.leader else {
      // Killed before there was a process.
      if !attempt.isLost { record.signal = UInt8(SIGKILL) }
      return record
    }
    var end = fl_end()
    let failure = fl_reap(leader.pidfd.raw, &end)
    leaders.remove(leader.pid)
    guard failure == 0, end.pid == leader.pid else {
      logger.error("\(attempt.label) was reaped by somebody else; its outcome is unknown")
      record.lost = true
      return record
    }
    if record.userMicroseconds == nil || record.systemMicroseconds == nil {
      record.userMicroseconds = Self.microseconds(end.usage.ru_utime)
      record.systemMicroseconds = Self.microseconds(end.usage.ru_stime)
    }
    record.maximumResidentBytes = UInt64(max(end.usage.ru_maxrss, 0)) << 10
    guard !attempt.isLost else { return record }
    let status = UInt8(truncatingIfNeeded: end.status)
    if end.exited { record.exitCode = status } else { record.signal = status }
    return record
  }

  private static func microseconds(_ time: timeval) -> UInt64 {
    UInt64(max(time.tv_sec, 0)) * 1_000_000 + UInt64(max(time.tv_usec, 0))
  }
}

extension Attempt {
  /// Closes what only an open attempt needs.
  fileprivate mutating func release() {
    file = nil
    cgroup = nil
    processors = nil
    if pipes == nil {
      output = nil
      errors = nil
    }
    leader = nil
    status = nil
    watch = nil
    sweep = nil
    deadline = nil
  }
}
