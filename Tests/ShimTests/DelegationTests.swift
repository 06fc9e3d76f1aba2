import FlusterSystem
import Glibc
import Testing

@Suite(
  "the cgroups of jobs",
  .enabled(if: geteuid() == 0 && SpawnTests.mount != nil, "it needs root and a cgroup2 mount"))
struct DelegationTests {
  @Test("each job has a cgroup of its own, named by its uid, which goes with it")
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
    #expect(record.cpuMicroseconds != nil)
    #expect(!Files.exists(started.cgroup))
    shim.stop()
    #expect(!Files.exists(Files.parent(of: started.cgroup)))
  }

  @Test("a subtree that systemd has given away is used, and the shim moves to a leaf of it")
  func delegated() throws {
    let unit = "\(SpawnTests.mount ?? "")/fluster-test-\(getpid())-\(Entropy.word())"
    #expect(mkdir(unit, 0o755) == 0)
    defer {
      rmdir("\(unit)/shim")
      rmdir(unit)
    }
    #expect(try Self.delegate(unit) == 0)
    let shim = try ShimFixture(
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

  /// The line of /proc/PID/cgroup for a directory of the tree.
  private static func inside(_ path: String) -> String {
    "0::\(path.dropFirst(SpawnTests.mount?.count ?? 0))\n"
  }
}
