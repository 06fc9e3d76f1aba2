import FlusterSystem
import Glibc

/// The cgroup of one attempt: nothing of the attempt gets out of it.
struct ControlGroup {
  let path: String

  /// Without swap there is no such file, and nothing to limit; and not every kernel weighs disks.
  private static let optional: Set<String> = ["memory.swap.max", "io.weight"]

  /// Makes it and sets the limits that it can have. Nil with the errno in `failure`.
  static func make(
    for spawn: ShimSpawn, on processors: ProcessorSet?, in groups: ControlGroups,
    failure: inout Int32
  ) -> ControlGroup? {
    let group = ControlGroup(path: groups.path(of: spawn.uid))
    guard mkdir(group.path, 0o755) == 0 else {
      failure = errno
      return nil
    }
    var settings = settings(for: spawn, controllers: groups.controllers)
    if let processors { settings.append(("cpuset.cpus", processors.list)) }
    for (file, value) in settings {
      let result = ControlGroups.write(value, to: "\(group.path)/\(file)")
      guard result == 0 || (Self.optional.contains(file) && result == ENOENT) else {
        failure = result
        group.remove()
        return nil
      }
    }
    return group
  }

  private static func settings(
    for spawn: ShimSpawn, controllers: Set<String>
  ) -> [(file: String, value: String)] {
    var settings: [(file: String, value: String)] = []
    if controllers.contains("cpu") {
      // 100 is the kernel's own default: what one whole processor is worth.
      settings.append(("cpu.weight", "\(min(max(spawn.cpuMillis / 10, 1), 10000))"))
      if let quota = spawn.cpuQuotaMillis {
        let microseconds = max(min(quota, 1 << 40) * 100, 1000)
        settings.append(("cpu.max", "\(microseconds) 100000"))
      }
    }
    if controllers.contains("memory") {
      // One process shot for memory would leave the others in a state nobody has written for.
      settings.append(("memory.oom.group", "1"))
      if let limit = spawn.memoryLimit {
        settings.append(("memory.max", "\(limit)"))
        settings.append(("memory.swap.max", "0"))
      }
    }
    if controllers.contains("pids"), let limit = spawn.processLimit {
      settings.append(("pids.max", "\(limit)"))
    }
    if controllers.contains("io"), spawn.ioWeight != 100 {
      settings.append(("io.weight", "\(spawn.ioWeight)"))
    }
    return settings
  }

  /// Has everything in it run on these processors only. Returns an errno, or 0.
  func confine(to processors: ProcessorSet) -> Int32 {
    ControlGroups.write(processors.list, to: "\(path)/cpuset.cpus")
  }

  /// Whether it still exists.
  var exists: Bool { Files.isDirectory(path) }

  /// Whether nothing in it, or below it, is alive.
  var isEmpty: Bool {
    // What cannot be read, for want of a descriptor say, is not thereby empty.
    KernelFigures.isPopulated(path).map { !$0 } ?? !exists
  }

  /// Has everything in it and below it stand still, or go on. Returns an errno, or 0.
  func freeze(_ isFrozen: Bool) -> Int32 {
    ControlGroups.write(isFrozen ? "1" : "0", to: "\(path)/cgroup.freeze")
  }

  /// Kills everything in it and below it.
  func kill() {
    guard ControlGroups.write("1", to: "\(path)/cgroup.kill") != 0 else { return }
    // Before Linux 5.14: one by one, again and again until it is empty.
    for directory in [path] + descendants {
      let processes = ControlGroups.text("\(directory)/cgroup.procs")
      for line in processes.split(separator: "\n") {
        if let pid = Int32(line), pid > 1 { Glibc.kill(pid, SIGKILL) }
      }
    }
  }

  /// Removes the directories; they must be empty of processes.
  func remove() {
    guard rmdir(path) != 0, errno != ENOENT else { return }
    for directory in descendants.reversed() { rmdir(directory) }
    rmdir(path)
  }

  /// Adds what the kernel counted to a record; nothing if it does not exist. Files of controllers
  /// that are not among `controllers` are not there.
  func account(into record: inout ShimRecord, controllers: Set<String>) {
    guard let figures = KernelFigures(in: path) else { return }
    let cpu = figures.fields(["user_usec", "system_usec", "throttled_usec"], in: "cpu.stat")
    record.userMicroseconds = cpu[0]
    record.systemMicroseconds = cpu[1]
    record.throttledMicroseconds = cpu[2]
    record.cpuStallMicroseconds = figures.stall("cpu.pressure")
    record.memoryStallMicroseconds = figures.stall("memory.pressure")
    record.ioStallMicroseconds = figures.stall("io.pressure")
    if controllers.contains("memory") {
      record.peakMemoryBytes = figures.number(in: "memory.peak")
      record.outOfMemory = figures.fields(["oom_kill"], in: "memory.events")[0].map { $0 > 0 }
    }
    if controllers.contains("pids") { record.peakProcesses = figures.number(in: "pids.peak") }
    if controllers.contains("io") {
      let bytes = figures.sums(["rbytes=", "wbytes="], in: "io.stat")
      (record.readBytes, record.writtenBytes) = (bytes[0], bytes[1])
    }
  }

  /// Groups that the job made below its own, parents first.
  private var descendants: [String] {
    var found: [String] = []
    var next = [path]
    while let directory = next.popLast() {
      let names = (try? Files.names(in: directory)) ?? []
      let below = names.map { "\(directory)/\($0)" }.filter { isGroup($0) }
      found += below
      next += below
    }
    return found
  }

  private func isGroup(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
