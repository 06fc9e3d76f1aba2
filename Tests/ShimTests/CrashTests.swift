import FlusterSystem
import Glibc
import Testing

@Suite("the death of a shim")
struct CrashTests {
  @Test("what a killed shim left running is ended, then told as lost", arguments: both)
  func killed(arguments: [String]) throws {
    let shim = try ShimFixture(arguments)
    let spawn = shim.script("\(EndTests.leaving)\necho ready; sleep 1000")
    let first = try shim.connect()
    try first.ask(.spawn(spawn))
    let (started, _) = try first.start(of: spawn.uid)
    try eventually("the job's children") { shim.output == "ready\n" }
    shim.signal(SIGKILL)
    try shim.start()
    let second = try shim.connect()
    try second.ask(.list)
    let record = try second.end(of: spawn.uid)
    #expect(record.lost)
    #expect(record.exitCode == nil && record.signal == nil)
    #expect(record.startedNanoseconds == started.startedNanoseconds)
    #expect(!(EndTests.pids(shim) + [started.pid]).contains(where: isAlive))
    #expect(started.cgroup.isEmpty || !Files.exists(started.cgroup))
  }

  @Test("the start by which the next shim knows a process is the one that the kernel tells")
  func ticks() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    for _ in 0..<20 {
      let spawn = shim.job("sleep", "1000")
      try connection.ask(.spawn(spawn))
      let (started, _) = try connection.start(of: spawn.uid)
      let file = "\(shim.state)/\(ShimSpawn.hexadecimal(spawn.uid))"
      let entries = try ShimEntry.decode(try Files.read(file, limit: 1 << 16)).entries
      let kept = entries.compactMap { entry in
        if case .started(started.pid, let ticks, _, _) = entry { ticks } else { nil }
      }
      // The 22nd field, the second being a name in parentheses.
      let fields = contents("/proc/\(started.pid)/stat").split(separator: ")").last
      let told = try #require(fields).split(separator: " ")
      #expect(kept.map { "\($0)" } == [String(told[19])])
    }
  }

  @Test("records survive any number of shims until they are acknowledged")
  func records() throws {
    let shim = try ShimFixture()
    let done = shim.job("sh", "-c", "exit 9")
    let failed = shim.job("no-such-command")
    let connection = try shim.connect()
    let record = try connection.run(done)
    #expect(try connection.refusal(failed) == [1, ENOENT])
    let expected: Set<ShimNotice> = [
      .ended(uid: done.uid, tag: done.tag, record),
      .notStarted(uid: failed.uid, tag: failed.tag, reason: 1, errno: ENOENT),
    ]
    #expect(Set(try connection.list()) == expected)
    shim.signal(SIGKILL)
    try shim.start()
    #expect(Set(try shim.connect().list()) == expected)
    #expect(shim.signal(SIGTERM) == 0)
    try shim.start()
    let last = try shim.connect()
    #expect(Set(try last.list()) == expected)
    try last.ask(.acknowledge(uid: done.uid))
    try last.ask(.acknowledge(uid: failed.uid))
    #expect(try last.list().isEmpty)
    #expect(try Files.names(in: shim.state).isEmpty)
  }

  @Test("a shim that is told to stop ends its jobs, which are lost", arguments: both)
  func terminated(arguments: [String]) throws {
    let shim = try ShimFixture(arguments)
    let spawn = shim.script("\(EndTests.leaving)\necho ready; sleep 1000")
    let connection = try shim.connect()
    try connection.ask(.spawn(spawn))
    try eventually("the job's children") { shim.output == "ready\n" }
    #expect(shim.signal(SIGTERM) == 0)
    #expect(!EndTests.pids(shim).contains(where: isAlive))
    try shim.start()
    guard case .ended(spawn.uid, _, let record) = try shim.connect().list().first else {
      throw Unexpected("no record of the attempt")
    }
    #expect(record.lost)
  }

  @Test("an intent without a start, and a file that makes no sense, are lost attempts")
  func intents() throws {
    let shim = try ShimFixture()
    shim.stop()
    let (intended, odd) = (Entropy.bytes(16), Entropy.bytes(16))
    let intent = ShimEntry.intent(
      ShimIntent(
        uid: intended, owner: 0, tag: ShimWire.noTag, bootID: Entropy.bytes(16), wall: 1,
        cgroup: "",
        keepsOutput: false, keepsErrors: false))
    for (uid, bytes) in [(intended, intent.encoded() + [1, 0]), (odd, Array("odd".utf8))] {
      try Files.writeAtomically(
        "\(shim.state)/\(ShimSpawn.hexadecimal(uid))", bytes, mode: 0o600)
    }
    try Files.writeAtomically("\(shim.state)/README", [], mode: 0o600)
    try shim.start()
    let connection = try shim.connect()
    let lost = try connection.list().compactMap { notice in
      if case .ended(let uid, _, let record) = notice, record.lost { uid } else { nil }
    }
    #expect(Set(lost) == [intended, odd])
  }

  @Test("an entry for which there was no room costs nothing but itself")
  func room() throws {
    let shim = try ShimFixture(["--no-cgroup"])
    let intent = ShimIntent(
      uid: Entropy.bytes(16), owner: 0, tag: ShimWire.noTag, bootID: Entropy.bytes(16), wall: 1,
      cgroup: "", keepsOutput: false, keepsErrors: false)
    let size = ShimEntry.intent(intent).encoded().count
    // The kernel writes as much of the start as still fits.
    #expect(run("prlimit", "--pid", "\(shim.pid)", "--fsize=\(size + 5):") == 0)
    let spawn = shim.job("sh", "-c", "until test -e go; do sleep 0.01; done; exit 7")
    let connection = try shim.connect()
    try connection.ask(.spawn(spawn))
    _ = try connection.start(of: spawn.uid)
    #expect(run("prlimit", "--pid", "\(shim.pid)", "--fsize=unlimited:") == 0)
    try Files.writeAtomically("\(shim.directory)/go", [], mode: 0o600)
    let record = try connection.end(of: spawn.uid)
    #expect(record.exitCode == 7)
    shim.signal(SIGKILL)
    try shim.start()
    #expect(try shim.connect().list() == [.ended(uid: spawn.uid, tag: spawn.tag, record)])
  }

  @Test("what follows an entry that a crash cut off can be read")
  func cut() throws {
    let shim = try ShimFixture()
    shim.stop()
    let (uid, tag) = (Entropy.bytes(16), Entropy.bytes(16))
    let intent = ShimEntry.intent(
      ShimIntent(
        uid: uid, owner: 0, tag: tag, bootID: Entropy.bytes(16), wall: 1, cgroup: "",
        keepsOutput: false, keepsErrors: false))
    let start = ShimEntry.started(pid: 5, ticks: 6, nanoseconds: 7, wall: 8).encoded()
    try Files.writeAtomically(
      "\(shim.state)/\(ShimSpawn.hexadecimal(uid))", intent.encoded() + start.dropLast(3),
      mode: 0o600)
    for _ in 0..<2 {
      try shim.start()
      let connection = try shim.connect()
      try connection.ask(.list)
      let found = try connection.first { notice, _ in
        if case .ended(uid, let tag, let record) = notice { (tag, record.lost) } else { nil }
      }
      #expect(found == (tag, true))
      shim.signal(SIGKILL)
    }
  }

  @Test("a file of another version is refused with both numbers, and left for who can read it")
  func version() throws {
    let shim = try ShimFixture()
    shim.stop()
    let path = "\(shim.state)/\(ShimSpawn.hexadecimal(Entropy.bytes(16)))"
    try Files.writeAtomically(path, [9, 0, 201, 0, 8, 0, 0, 0], mode: 0o600)
    let text = "\(shim.directory)/text"
    let shell = "exec \"$0\" --listen $1/sock --state $1/state --log-directory $1/log 2>$1/text"
    let status = run("sh", "-c", shell, try binary("fluster-shim"), shim.directory)
    #expect(status == 71)
    #expect(contents(text).contains("version 9 with version 2"), "\(contents(text))")
    #expect(Files.exists(path))
  }

  @Test("two shims do not share a directory")
  func alone() throws {
    let shim = try ShimFixture()
    let second = try launch([
      binary("fluster-shim"), "--listen", "\(shim.directory)/second.sock", "--state", shim.state,
      "--log-directory", shim.logs,
    ])
    var status: Int32 = 0
    waitpid(second, &status, 0)
    #expect(status >> 8 == 71)
    #expect(try shim.connect().run(shim.job("true")).exitCode == 0)
  }

  @Test("a shim quits when asked, but not while it holds anything")
  func quit() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    let spawn = shim.job("true")
    _ = try connection.run(spawn)
    try connection.ask(.quit)
    #expect(try connection.next().0 == .held(1))
    try connection.ask(.acknowledge(uid: spawn.uid))
    try connection.ask(.quit)
    #expect(try shim.exited() == 0)
    #expect(!Files.exists(shim.socket))
  }
}
