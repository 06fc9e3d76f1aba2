import FlusterSystem
import Glibc
import Testing

/// With the cgroups of this machine, if there are any, and without.
let both: [[String]] = [[], ["--no-cgroup"]]

@Suite("the end of a job")
struct EndTests {
  /// Leaves a daemon in another session and a child in its own, both ignoring what they can.
  static let leaving = """
    (setsid sh -c 'trap "" HUP TERM; echo $$ >daemon; sleep 1000' >/dev/null 2>&1 &)
    sh -c 'trap "" HUP TERM; echo $$ >child; sleep 1000' &
    until [ -s daemon ] && [ -s child ]; do sleep 0.01; done
    """

  static func pids(_ shim: ShimFixture) -> [Int32] {
    ["daemon", "child"].compactMap {
      Int32(contents("\(shim.directory)/\($0)").filter { !$0.isWhitespace })
    }
  }

  @Test("a daemon and a background child are gone when the end is told", arguments: both)
  func leftovers(arguments: [String]) throws {
    let shim = try ShimFixture(arguments)
    let record = try shim.connect().run(shim.script("\(Self.leaving)\nexit 5"))
    #expect(record.exitCode == 5)
    let pids = Self.pids(shim)
    #expect(pids.count == 2)
    #expect(!pids.contains(where: isAlive))
  }

  @Test("a kill ends everything, whatever it ignores", arguments: both)
  func kill(arguments: [String]) throws {
    let shim = try ShimFixture(arguments)
    let connection = try shim.connect()
    let spawn = shim.script("trap '' TERM; \(Self.leaving)\necho ready; sleep 1000")
    try connection.ask(.spawn(spawn))
    let (started, pidfd) = try connection.start(of: spawn.uid)
    try eventually("the job's children") { shim.output == "ready\n" }
    try connection.ask(.kill(uid: spawn.uid))
    let record = try connection.end(of: spawn.uid)
    #expect(record.signal == 9)
    #expect(record.startedNanoseconds == started.startedNanoseconds)
    #expect(!(Self.pids(shim) + [started.pid]).contains(where: isAlive))
    var ready = pollfd(fd: pidfd.raw, events: Int16(POLLIN), revents: 0)
    #expect(poll(&ready, 1, 0) == 1)
  }

  @Test("a lease that is over ends everything, whether there is a worker or not", arguments: both)
  func lease(arguments: [String]) throws {
    let shim = try ShimFixture(arguments)
    let connection = try shim.connect()
    let spawn = shim.script("trap '' TERM; \(Self.leaving)\necho ready; sleep 1000")
    try connection.ask(.spawn(spawn))
    try eventually("the job's children") { shim.output == "ready\n" }
    // One that is renewed in time is not over; after the next nothing comes.
    try connection.ask(.lease(end: Clock.bootNanoseconds() + 3_600_000_000_000))
    #expect(isAlive(Self.pids(shim)[0]))
    let end = Clock.bootNanoseconds() + 200_000_000
    try connection.ask(.lease(end: end))
    try eventually("the end of the job") { !Self.pids(shim).contains(where: isAlive) }
    #expect(Clock.bootNanoseconds() >= end)
    let next = try ShimConnection.connect(shim.socket)
    try next.ask(.hello(version: ShimWire.version))
    guard case .hello(let hello) = try next.next().0 else { throw Unexpected("no hello") }
    #expect(hello.leaseEnd == end)
    #expect(try next.refusal(shim.job("true")) == [11, ETIMEDOUT])
    try next.ask(.list)
    let record = try next.end(of: spawn.uid)
    #expect(record.lost && record.lapsed)
    try next.ask(.lease(end: nil))
    #expect(try next.run(shim.job("true")).exitCode == 0)
  }

  @Test("jobs that end beside each other do not end each other", arguments: both)
  func neighbours(arguments: [String]) throws {
    let shim = try ShimFixture(arguments)
    let connection = try shim.connect()
    let staying = shim.job("sh", "-c", "(setsid sleep 1000 &); sleep 1000")
    try connection.ask(.spawn(staying))
    let (started, _) = try connection.start(of: staying.uid)
    for _ in 0..<20 {
      #expect(try connection.run(shim.job("sh", "-c", "setsid sleep 1000 & exit 0")).exitCode == 0)
    }
    #expect(isAlive(started.pid))
    try connection.ask(.kill(uid: staying.uid))
    #expect(try connection.end(of: staying.uid).signal == 9)
  }

  @Test("a signal reaches the job's process group")
  func signal() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    let spawn = shim.script("trap 'exit 3' USR1; echo ready; while :; do sleep 0.01; done")
    try connection.ask(.spawn(spawn))
    try eventually("the trap") { shim.output == "ready\n" }
    try connection.ask(.signal(uid: spawn.uid, number: SIGUSR1))
    #expect(try connection.end(of: spawn.uid).exitCode == 3)
  }

  /// Scenario 77.
  @Test("what the shim does not hold is unknown")
  func unknown() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    let uid = Entropy.bytes(16)
    try connection.ask(.kill(uid: uid))
    #expect(try connection.next().0 == .unknown(uid: uid))
    try connection.ask(.signal(uid: uid, number: 15))
    #expect(try connection.next().0 == .unknown(uid: uid))
    try connection.ask(.openLog(uid: uid, errors: false))
    #expect(try connection.next().0 == .unknown(uid: uid))
    try connection.ask(.acknowledge(uid: uid))
    #expect(try connection.list().isEmpty)
  }

  @Test("a start that hangs stops nobody else, and can be killed")
  func hangingStart() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    let lease = try Lease(on: "\(shim.directory)/leased")
    let spawn = shim.job("\(shim.directory)/leased")
    try connection.ask(.spawn(spawn))
    #expect(try connection.run(shim.job("true")).exitCode == 0)
    #expect(try connection.list().contains(.starting(uid: spawn.uid, tag: spawn.tag)))
    try connection.ask(.kill(uid: spawn.uid))
    #expect(try connection.end(of: spawn.uid).signal == 9)
    withExtendedLifetime(lease) {}
  }

  @Test(
    "a start that takes 30 s is ended, with the reason time",
    .enabled(if: getenv("FLUSTER_SLOW_TESTS") != nil, "it takes 30 s: set FLUSTER_SLOW_TESTS=1"))
  func endlessStart() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    let lease = try Lease(on: "\(shim.directory)/leased")
    let spawn = shim.job("\(shim.directory)/leased")
    try connection.ask(.spawn(spawn))
    var ready = pollfd(fd: connection.descriptor.raw, events: Int16(POLLIN), revents: 0)
    #expect(poll(&ready, 1, 35_000) == 1)
    #expect(
      try connection.next().0
        == .notStarted(uid: spawn.uid, tag: spawn.tag, reason: 10, errno: ETIMEDOUT))
    withExtendedLifetime(lease) {}
  }

  @Test(
    "a process that killing does not end is told as stuck after 30 s",
    .enabled(
      if: getenv("FLUSTER_SLOW_TESTS") != nil && geteuid() == 0,
      "it takes 30 s and root: set FLUSTER_SLOW_TESTS=1"))
  func stuck() throws {
    // A cgroup is empty as soon as all in it are on their way out.
    let shim = try ShimFixture(["--no-cgroup"])
    let connection = try shim.connect()
    let spawn = shim.job("unshare", "--pid", "--fork", "sleep", "1000")
    try connection.ask(.spawn(spawn))
    let (started, _) = try connection.start(of: spawn.uid)
    try eventually("the job's namespace") { child(of: started.pid) != nil }
    let first = try #require(child(of: started.pid))
    // The first process of a namespace does not end before all others in it are reaped, and this
    // one's parent, outside, does not reap it.
    let guest = try launch(["nsenter", "--target", "\(first)", "--pid", "sleep", "1000"])
    defer {
      var status: Int32 = 0
      Glibc.kill(guest, SIGCONT)
      Glibc.kill(guest, SIGTERM)
      waitpid(guest, &status, 0)
    }
    try eventually("the guest") { child(of: guest) != nil }
    Glibc.kill(guest, SIGSTOP)
    // Until it has really stopped, it would still reap.
    var stopped: Int32 = 0
    #expect(waitpid(guest, &stopped, WUNTRACED) == guest)
    try connection.ask(.kill(uid: spawn.uid))
    var ready = pollfd(fd: connection.descriptor.raw, events: Int16(POLLIN), revents: 0)
    #expect(poll(&ready, 1, 35_000) == 1)
    #expect(try connection.next().0 == .stuck(uid: spawn.uid))
    #expect(try connection.list().suffix(1) == [.stuck(uid: spawn.uid)])
    Glibc.kill(guest, SIGCONT)
    #expect(try connection.end(of: spawn.uid).signal == 9)
    #expect(!isAlive(first))
  }

  private func child(of pid: Int32) -> Int32? {
    contents("/proc/\(pid)/task/\(pid)/children").split(separator: " ").first
      .flatMap { Int32($0) }
  }
}

/// An executable file whose execution the kernel holds up for as long as this lives, or 45 s.
final class Lease {
  private let file: Descriptor

  init(on path: String) throws {
    // The kernel asks for a broken lease back by SIGIO, which would end the tests.
    signal(SIGIO, SIG_IGN)
    let raw = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o755)
    guard raw >= 0 else { throw SystemError.last("create \(path)") }
    file = Descriptor(adopting: raw)
    let text = Array("#!/bin/sh\n".utf8)
    let setLease: Int32 = 1024
    guard write(raw, text, text.count) == text.count, fcntl(raw, setLease, F_WRLCK) == 0 else {
      throw SystemError.last("lease \(path)")
    }
  }
}
