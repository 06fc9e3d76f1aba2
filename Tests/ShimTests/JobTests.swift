import FlusterSystem
import Glibc
import Testing

@Suite("what a job is given")
struct JobTests {
  @Test("arguments arrive byte for byte")
  func arguments() throws {
    let shim = try ShimFixture()
    var spawn = shim.script("printf '[%s]' \"$@\"")
    spawn.argv += [Array("name".utf8), Array("two words".utf8), [], [0xff, 0x0a, 0x27], [0x2d]]
    #expect(try shim.connect().run(spawn).exitCode == 0)
    let bytes = try Files.read("\(shim.directory)/out", limit: 1000)
    #expect(bytes == Array("[two words][][".utf8) + [0xff, 0x0a, 0x27] + Array("][-]".utf8))
  }

  @Test("the environment is the given one and the attempt's uid, and nothing of the shim's")
  func environment() throws {
    let shim = try ShimFixture()
    var spawn = shim.job("env")
    spawn.environment.append(Array("ODD= a=b ".utf8))
    spawn.environment.append(Array("FLUSTER_ATTEMPT_UID=of the parent".utf8))
    spawn.output = .path(Array("out".utf8))
    #expect(try shim.connect().run(spawn).exitCode == 0)
    let uid = ShimSpawn.hexadecimal(spawn.uid)
    #expect(shim.output == "PATH=/usr/bin:/bin\nODD= a=b \nFLUSTER_ATTEMPT_UID=\(uid)\n")
  }

  @Test("umask, limits, niceness and directory are as asked")
  func settings() throws {
    let shim = try ShimFixture()
    var spawn = shim.script("umask; ulimit -Sn; ulimit -Hn; ulimit -c; nice; pwd")
    spawn.umask = 0o027
    spawn.nice = 7
    let files = try #require(ShimLimit.resource(named: "nofile"))
    let cores = try #require(ShimLimit.resource(named: "core"))
    spawn.limits = [
      ShimLimit(resource: files, soft: 60, hard: 70),
      ShimLimit(resource: cores, soft: 0, hard: 0),
    ]
    #expect(try shim.connect().run(spawn).exitCode == 0)
    #expect(shim.output == "0027\n60\n70\n0\n7\n\(shim.directory)\n")
    var status = stat()
    #expect(stat("\(shim.directory)/out", &status) == 0 && status.st_mode & 0o777 == 0o640)
  }

  @Test("limits beyond the shim's own are clamped, and its open files are not passed on")
  func clamped() throws {
    let shim = try ShimFixture()
    var spawn = shim.script("ulimit -Sn; ulimit -Hn")
    var own = rlimit()
    #expect(getrlimit(Int32(RLIMIT_NOFILE.rawValue), &own) == 0)
    let connection = try shim.connect()
    #expect(try connection.run(spawn).exitCode == 0)
    #expect(shim.output == "\(own.rlim_cur)\n\(own.rlim_max)\n")
    unlink("\(shim.directory)/out")
    spawn.uid = Entropy.bytes(16)
    spawn.limits = [ShimLimit(resource: 7, soft: UInt64.max, hard: UInt64.max)]
    #expect(try connection.run(spawn).exitCode == 0)
    #expect(shim.output == "\(own.rlim_max)\n\(own.rlim_max)\n")
  }

  @Test("the ceilings of the configuration hold")
  func ceilings() throws {
    let configuration = "/tmp/fluster-shim-test-\(getpid())-\(Entropy.word()).conf"
    let text = "[Shim]\nNice=3\nLimitNOFILE=50\nNoNewPrivileges=yes\n"
    try Files.writeAtomically(configuration, Array(text.utf8), mode: 0o600)
    defer { unlink(configuration) }
    let shim = try ShimFixture(["--config", configuration])
    var spawn = shim.script("nice; ulimit -n; grep NoNewPrivs /proc/self/status")
    spawn.nice = -5
    #expect(try shim.connect().run(spawn).exitCode == 0)
    #expect(shim.output == "3\n50\nNoNewPrivs:\t1\n")
  }

  @Test("no descriptor of the shim's leaks into the job")
  func descriptors() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    let other = shim.job("sleep", "1000")
    try connection.ask(.spawn(other))
    _ = try connection.start(of: other.uid)
    var spawn = shim.script(
      "n=0; while [ $n -lt 100 ]; do [ -e /proc/$$/fd/$n ] && echo $n; n=$((n+1)); done")
    spawn.errors = .kept
    #expect(try connection.run(spawn).exitCode == 0)
    #expect(shim.output == "0\n1\n2\n")
  }

  @Test("signals are as in a fresh process, and the job leads its session")
  func signals() throws {
    let shim = try ShimFixture()
    let spawn = shim.script("grep -E 'SigBlk|SigIgn' /proc/self/status; sleep 1000")
    let connection = try shim.connect()
    try connection.ask(.spawn(spawn))
    let (started, _) = try connection.start(of: spawn.uid)
    let zero = "0000000000000000"
    let expected = "SigBlk:\t\(zero)\nSigIgn:\t\(zero)\n"
    try eventually("the signals") { shim.output == expected }
    #expect(getsid(started.pid) == started.pid)
    #expect(getpgid(started.pid) == started.pid)
    try connection.ask(.kill(uid: spawn.uid))
    #expect(try connection.end(of: spawn.uid).signal == 9)
  }
}
