import FlusterSystem
import Glibc

/// One line of /proc: what is needed to tell whose a process is.
struct Process {
  let pid: Int32
  let parent: Int32
  let group: Int32
  let session: Int32
  let state: UInt8
  /// When it started, in clock ticks since boot; with the pid, its identity.
  let ticks: UInt64

  var isDead: Bool { state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") }

  /// Reads /proc/PID/stat; nil if there is no such process.
  init?(pid: Int32) {
    guard let bytes = try? Files.read("/proc/\(pid)/stat", limit: 4095),
      // The name before it may hold anything, closing parentheses too.
      let close = bytes.lastIndex(of: UInt8(ascii: ")"))
    else { return nil }
    let fields = bytes[(close + 1)...].split(
      separator: UInt8(ascii: " "), maxSplits: 20)
    guard fields.count > 19, let state = fields[0].first else { return nil }
    let number = { (index: Int) in UInt64(String(decoding: fields[index], as: UTF8.self)) }
    guard let parent = number(1), let group = number(2), let session = number(3),
      let ticks = number(19)
    else { return nil }
    self.pid = pid
    self.parent = Int32(clamping: parent)
    self.group = Int32(clamping: group)
    self.session = Int32(clamping: session)
    self.state = state
    self.ticks = ticks
  }

  /// The user it runs as; nil if it is gone.
  var owner: UInt32? {
    var status = stat()
    return stat("/proc/\(pid)", &status) == 0 ? status.st_uid : nil
  }

  /// When a process started that was made between two moments of CLOCK_BOOTTIME, nanoseconds: the
  /// same ticks that /proc/PID/stat tells, without looking there. Nil where the two are not in one
  /// tick.
  static func ticks(between first: Int64, and last: Int64) -> UInt64? {
    // That its start is the time of this clock, rounded down, is kernel/fork.c and fs/proc/array.c.
    let second: Int64 = 1_000_000_000
    let rate = Int64(sysconf(Int32(_SC_CLK_TCK)))
    guard rate > 0, second % rate == 0 else { return nil }
    let tick = second / rate
    return first / tick == last / tick ? UInt64(first / tick) : nil
  }

  /// Whether its environment, as it was at exec, holds `entry`. False where it cannot be read.
  func environmentHolds(_ entry: [UInt8]) -> Bool {
    guard let bytes = try? Files.read("/proc/\(pid)/environ", limit: 4 << 20) else { return false }
    return bytes.split(separator: 0).contains { $0.elementsEqual(entry) }
  }

  /// Kills exactly this process, not one that has its number by now.
  func kill() {
    guard let descriptor = try? PidFD.open(pid: pid), Process(pid: pid)?.ticks == ticks else {
      return
    }
    try? PidFD.send(signal: SIGKILL, to: descriptor)
  }

  /// All processes that can be seen.
  static func all() -> [Process] {
    ((try? Files.names(in: "/proc")) ?? []).compactMap { Int32($0) }
      .compactMap { Process(pid: $0) }
  }

  /// The children of this process, the dead ones too; nil where the kernel does not tell.
  static func children() -> [Int32]? {
    let own = getpid()
    guard
      let bytes = try? Files.read("/proc/self/task/\(own)/children", limit: 1 << 20)
    else { return nil }
    return String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
  }
}

/// By what the processes of an attempt without a cgroup are known: its session, its process group,
/// and the variable in its environment. What escapes all three is not found.
struct Marks {
  let leader: Int32
  /// The leader's start; 0 if unknown.
  let ticks: UInt64
  let owner: UInt32
  let variable: [UInt8]
  /// The leader is dead and reaped, by an earlier shim or none: its number may be another's.
  let isFormer: Bool

  /// The environment entry that names an attempt.
  static func variable(of uid: [UInt8]) -> [UInt8] {
    Array("FLUSTER_ATTEMPT_UID=\(ShimSpawn.hexadecimal(uid))".utf8)
  }

  /// What is alive of the attempt among `processes`, descendants included.
  func living(among processes: [Process]) -> [Process] {
    let own = getpid()
    // While any process has the number as session or group, the kernel gives it to nobody else: if
    // somebody has it, no process of the old session is left.
    let isReused = isFormer && processes.contains { $0.pid == leader && $0.ticks != ticks }
    var found: Set<Int32> = []
    for process in processes where process.pid > 1 && process.pid != own {
      if isMember(process, isReused: isReused) { found.insert(process.pid) }
    }
    var before = -1
    while before != found.count {
      before = found.count
      for process in processes where found.contains(process.parent) && process.pid != own {
        found.insert(process.pid)
      }
    }
    return processes.filter { found.contains($0.pid) && !$0.isDead }
  }

  private func isMember(_ process: Process, isReused: Bool) -> Bool {
    guard process.ticks >= ticks else { return false }
    if leader > 1, !isReused, process.session == leader || process.group == leader {
      return !isFormer || process.owner == owner
    }
    return process.environmentHolds(variable)
  }
}
