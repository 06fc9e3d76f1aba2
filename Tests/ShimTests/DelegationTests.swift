import FlusterSystem
import Glibc
import Testing

@Suite(
  "the cgroups of jobs",
  .enabled(if: geteuid() == 0 && SpawnTests.mount != nil, "it needs root and a cgroup2 mount"))
struct DelegationTests {
  @Test(
    "each job has a cgroup of its own, named by its uid, which goes with it",
    .enabled(if: !Files.isDirectory("/run/systemd/system"), "the tree is systemd's here"))
  func own() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    let spawn = shim.script("cat /proc/self/cgroup; sleep 1000")
    try connection.ask(.spawn(spawn))
    let (started, _) = try connection.start(of: spawn.uid)
    #expect(started.cgroup.hasSuffix("/\(ShimSpawn.hexadecimal(spawn.uid))"))
    try eventually("the job's cgroup") { shim.output.contains(Self.inside(started.cgroup)) }
    try connection.ask(.kill(uid: spawn.uid))
    let record = try connection.end(of: spawn.uid)
    #expect(record.userMicroseconds != nil && record.systemMicroseconds != nil)
    #expect(!Files.exists(started.cgroup))
    shim.stop()
    #expect(!Files.exists(Files.parent(of: started.cgroup)))
  }

  @Test("a job stands still and goes on with all of its processes, and dies frozen if it must")
  func freezes() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    let spawn = shim.script("(while :; do echo tick; sleep 0.02; done) & wait")
    try connection.ask(.spawn(spawn))
    let (started, _) = try connection.start(of: spawn.uid)
    func frozen() throws -> (total: Int64, since: Int64?) {
      try connection.first { notice, _ in
        guard case .frozen(spawn.uid, let total, let since) = notice else { return nil }
        return (total, since)
      }
    }
    try eventually("it runs") { shim.output.contains("tick") }
    try connection.ask(.freeze(uid: spawn.uid, true))
    let begin = try frozen()
    #expect(begin.total == 0 && begin.since != nil)
    try eventually("it stands still") {
      contents("\(started.cgroup)/cgroup.events").contains("frozen 1")
    }
    let said = shim.output
    try connection.ask(.list)
    #expect(try frozen().since == begin.since)
    #expect(shim.output == said)
    try connection.ask(.freeze(uid: spawn.uid, false))
    let end = try frozen()
    #expect(end.total > 0 && end.since == nil)
    try eventually("it goes on") { shim.output.utf8.count > said.utf8.count }
    try connection.ask(.freeze(uid: spawn.uid, true))
    try connection.ask(.kill(uid: spawn.uid))
    #expect(try connection.end(of: spawn.uid).signal == 9)
    #expect(!Files.exists(started.cgroup))
  }

  @Test("a job that has moved itself out of its cgroup ends when it is killed")
  func movedAway() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    let spawn = shim.script(
      "echo $$ >\(SpawnTests.mount ?? "")/cgroup.procs && echo away; exec sleep 1000")
    try connection.ask(.spawn(spawn))
    let (started, _) = try connection.start(of: spawn.uid)
    try eventually("the job is elsewhere") { shim.output == "away\n" }
    try connection.ask(.kill(uid: spawn.uid))
    #expect(try connection.end(of: spawn.uid).signal == 9)
    #expect(!isAlive(started.pid))
  }

  /// Scenario 80.
  @Test("a job of which nothing can be counted ends as it ends")
  func uncounted() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    let go = "\(shim.directory)/go"
    let spawn = shim.script(
      "echo $$ >\(SpawnTests.mount ?? "")/cgroup.procs && echo away; "
        + "until test -e \(go); do sleep 0.05; done; exit 3")
    try connection.ask(.spawn(spawn))
    let (started, _) = try connection.start(of: spawn.uid)
    try eventually("the job is elsewhere") { shim.output == "away\n" }
    #expect(rmdir(started.cgroup) == 0)
    close(creat(go, 0o644))
    let record = try connection.end(of: spawn.uid)
    #expect(record.exitCode == 3)
    #expect(record.cpuStallMicroseconds == nil && record.peakMemoryBytes == nil)
  }

  @Test(
    "a subtree that systemd has given away is used, and the shim moves to a leaf of it",
    arguments: [true, false])
  func delegated(isMarked: Bool) throws {
    let unit = "\(SpawnTests.mount ?? "")/fluster-test-\(getpid())-\(Entropy.word())"
    #expect(mkdir(unit, 0o755) == 0)
    defer {
      rmdir("\(unit)/shim")
      rmdir(unit)
    }
    if isMarked { #expect(try Self.delegate(unit) == 0) }
    let shim = try ShimFixture(
      isMarked ? [] : ["--delegated"],
      wrapper: ["sh", "-c", "echo $$ >\(unit)/cgroup.procs && exec \"$0\" \"$@\""])
    let connection = try shim.connect()
    let spawn = shim.job("sleep", "1000")
    try connection.ask(.spawn(spawn))
    let (started, _) = try connection.start(of: spawn.uid)
    #expect(started.cgroup == "\(unit)/\(ShimSpawn.hexadecimal(spawn.uid))")
    #expect(contents("/proc/\(shim.pid)/cgroup").contains(Self.inside("\(unit)/shim")))
    shim.stop()
    #expect(!Files.exists(started.cgroup))
  }

  /// Marks a cgroup as systemd does. The Glibc module has no setxattr.
  private static func delegate(_ path: String) throws -> Int32 {
    typealias Call =
      @convention(c) (
        UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<CChar>, Int, Int32
      ) -> Int32
    let call = unsafeBitCast(try #require(dlsym(nil, "setxattr")), to: Call.self)
    return call(path, "user.delegate", "1", 1, 0)
  }

  @Test(
    "a job beyond its memory limit is killed whole, and the kernel is the witness",
    .enabled(if: enforces("memory"), "the memory controller cannot be enabled here"))
  func memory() throws {
    let shim = try ShimFixture()
    var spawn = shim.script("(head -c 300m /dev/zero | tail >/dev/null) & sleep 1000")
    spawn.memoryLimit = 64 << 20
    let record = try shim.connect().run(spawn)
    #expect(record.signal == 9)
    #expect(record.outOfMemory == true)
    #expect((record.peakMemoryBytes ?? 0) > 60 << 20)
  }

  @Test(
    "a job cannot have more processes than its limit",
    .enabled(if: enforces("pids"), "the pids controller cannot be enabled here"))
  func processes() throws {
    let shim = try ShimFixture()
    var spawn = shim.job("sh", "-c", "for i in 1 2 3 4 5 6; do sleep 1 & done; wait")
    spawn.processLimit = 4
    #expect(try shim.connect().run(spawn).exitCode != 0)
  }

  /// Whether a shim here can enforce limits of a kind.
  private static func enforces(_ kind: String) -> Bool {
    guard let shim = try? ShimFixture(),
      let connection = try? ShimConnection.connect(shim.socket),
      (try? connection.ask(.hello(version: ShimWire.version))) != nil,
      case .hello(let hello)? = try? connection.next().0
    else { return false }
    return !hello.lacks.contains(kind)
  }

  /// The line of /proc/PID/cgroup for a directory of the tree.
  private static func inside(_ path: String) -> String {
    "0::\(path.dropFirst(SpawnTests.mount?.count ?? 0))\n"
  }
}
