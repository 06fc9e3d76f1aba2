import FlusterCore
import FlusterProtocol
import SwiftProtobuf
import Testing

/// A submit that passes, changed.
func submit(_ change: (inout WireSubmit) -> Void = { _ in }) -> WireSubmit {
  var submit = WireSubmit()
  submit.token = .of(Array(1...16))
  submit.job.name = "true"
  submit.job.needs.cpuMillis = 1000
  submit.job.graceMs = 5000
  submit.job.retriesLost = 100
  submit.job.launch.argv = [.of(Array("true".utf8))]
  submit.job.launch.directory = .of(Array("/".utf8))
  submit.job.launch.umask = 0o22
  change(&submit)
  return submit
}

/// An array that passes, changed.
func array(_ change: (inout WireArray) -> Void = { _ in }) -> WireArray {
  var array = WireArray()
  array.first = 1
  array.step = 1
  array.count = 10
  array.explicit = true
  change(&array)
  return array
}

/// One thing that the door refuses, and a word its sentence must contain.
struct Refused: Sendable, CustomStringConvertible {
  let description: String
  let word: String
  let wire: WireSubmit

  init(_ description: String, naming word: String, _ change: (inout WireSubmit) -> Void) {
    self.description = description
    self.word = word
    self.wire = submit(change)
  }

  static let identity: [Refused] = [
    Refused("no job", naming: "job") { $0.clearJob() },
    Refused("a short token", naming: "token") { $0.token = .of([1]) },
    Refused("a resend without a token", naming: "token") {
      $0.token = .of([])
      $0.resend = true
    },
    Refused("an empty name", naming: "name") { $0.job.name = "" },
    Refused("a name of 256 bytes", naming: "255") {
      $0.job.name = String(repeating: "n", count: 256)
    },
    Refused("a newline in the name", naming: "name") { $0.job.name = "a\nb" },
    Refused("an escape in the name", naming: "name") { $0.job.name = "a\u{1b}b" },
    Refused("a line separator in the name", naming: "name") { $0.job.name = "a\u{2028}b" },
    Refused("an empty key", naming: "key") { $0.job.once.scope = .live },
    Refused("a key of 256 bytes", naming: "255") {
      $0.job.once.key = String(repeating: "k", count: 256)
    },
    Refused("an escape in the key", naming: "key") { $0.job.once.key = "a\u{1b}b" },
  ]

  static let arrays: [Refused] = [
    Refused("no tasks", naming: "10000000") { $0.job.array = array { $0.count = 0 } },
    Refused("10,000,001 tasks", naming: "10000000") {
      $0.job.array = array { $0.count = 10_000_001 }
    },
    Refused("a step of 0", naming: "step") { $0.job.array = array { $0.step = 0 } },
    Refused("a last index beyond 32 bits", naming: "index") {
      $0.job.array = array {
        $0.first = .max
        $0.count = 2
      }
    },
    Refused("a distance beyond 32 bits", naming: "index") {
      $0.job.array = array { $0.step = .max }
    },
    Refused("none at once", naming: "at once") { $0.job.array = array { $0.throttle = 0 } },
    Refused("a plain job of several tasks", naming: "task 0") {
      $0.job.array = array {
        $0.first = 0
        $0.explicit = false
      }
    },
    Refused("a plain job of task 1", naming: "task 0") {
      $0.job.array = array {
        $0.count = 1
        $0.explicit = false
      }
    },
  ]

  static let needs: [Refused] = [
    Refused("no cpu", naming: "cpu") { $0.job.needs.cpuMillis = 0 },
    Refused("too many cpus", naming: "cpus") { $0.job.needs.cpuMillis = Limit.cpuMillis + 1 },
    Refused("no memory", naming: "memory") { $0.job.needs.memoryBytes = 0 },
    Refused("too much memory", naming: "memory") { $0.job.needs.memoryBytes = .max },
    Refused("65 resources", naming: "64") {
      $0.job.needs.resources = (0...64).map { WireAmount(NamedAmount(name: "r\($0)", count: 1)) }
    },
    Refused("a resource without a name", naming: "resource") {
      $0.job.needs.resources = [WireAmount(NamedAmount(name: "", count: 1))]
    },
    Refused("a resource with a blank", naming: "resource") {
      $0.job.needs.resources = [WireAmount(NamedAmount(name: "a b", count: 1))]
    },
    Refused("a resource that begins with a dash", naming: "resource") {
      $0.job.needs.resources = [WireAmount(NamedAmount(name: "-a", count: 1))]
    },
    Refused("a resource called Mem", naming: "Mem") {
      $0.job.needs.resources = [WireAmount(NamedAmount(name: "Mem", count: 1))]
    },
    Refused("a resource of a name too long", naming: "64") {
      $0.job.needs.resources = [
        WireAmount(NamedAmount(name: String(repeating: "a", count: 65), count: 1))
      ]
    },
    Refused("too many of a resource", naming: "gpu") {
      $0.job.needs.resources = [WireAmount(NamedAmount(name: "gpu", count: .max))]
    },
  ]

  static let endings: [Refused] = [
    Refused("a time limit of 0", naming: "time limit") { $0.job.timeLimitMs = 0 },
    Refused("a time limit beyond a century", naming: "time limit") {
      $0.job.timeLimitMs = Limit.span + 1
    },
    Refused("a grace beyond a century", naming: "grace") { $0.job.graceMs = .max },
    Refused("too many retries", naming: "retries") { $0.job.retries = Limit.retries + 1 },
    Refused("too many retries of losses", naming: "retries") { $0.job.retriesLost = .max },
  ]

  static let launches: [Refused] = [
    Refused("no launch", naming: "launch") { $0.job.clearLaunch() },
    Refused("no argv", naming: "command") { $0.job.launch.argv = [] },
    Refused("an empty command", naming: "command") {
      $0.job.launch.argv = [.of([]), .of([97])]
    },
    Refused("a zero byte in an argument", naming: "argv[1]") {
      $0.job.launch.argv.append(.of([97, 0, 98]))
    },
    Refused("an argv that no kernel takes", naming: "argv") {
      $0.job.launch.argv.append(.of(Array(repeating: 97, count: Limit.argv)))
    },
    Refused("an argv of many small words", naming: "argv") {
      $0.job.launch.argv += Array(repeating: .of([97]), count: Limit.argv / 10 + 1)
    },
    Refused("no directory", naming: "directory") { $0.job.launch.directory = .of([]) },
    Refused("a relative directory", naming: "\"tmp\"") {
      $0.job.launch.directory = .of(Array("tmp".utf8))
    },
    Refused("a zero byte in the directory", naming: "directory") {
      $0.job.launch.directory = .of([47, 0])
    },
    Refused("a directory of 4096 bytes", naming: "4095") {
      $0.job.launch.directory = .of(Array(repeating: 47, count: 4096))
    },
    Refused("an empty output path", naming: "stdout") { $0.job.launch.stdout = .of([]) },
    Refused("a zero byte in an input path", naming: "stdin") {
      $0.job.launch.stdin = .of([97, 0])
    },
    Refused("a long error path", naming: "stderr") {
      $0.job.launch.stderr = .of(Array(repeating: 97, count: 4096))
    },
    Refused("a umask of four digits", naming: "umask") { $0.job.launch.umask = 0o1000 },
    Refused("nice 20", naming: "nice") { $0.job.launch.nice = 20 },
    Refused("nice -21", naming: "nice") { $0.job.launch.nice = -21 },
    Refused("a log beyond the store", naming: "log") { $0.job.launch.logMaxBytes = .max },
  ]

  static let limits: [Refused] = [
    Refused("an unknown rlimit", naming: "NOFILE") {
      $0.job.launch.rlimits = [rlimit("NOFILE", 1, 2)]
    },
    Refused("an rlimit twice", naming: "twice") {
      $0.job.launch.rlimits = [rlimit("core", 0, 0), rlimit("core", 0, 0)]
    },
    Refused("a soft limit above the hard one", naming: "core") {
      $0.job.launch.rlimits = [rlimit("core", 2, 1)]
    },
    Refused("an environment without its last zero byte", naming: "environment") {
      $0.job.environment = .of(Array("A=1".utf8))
    },
    Refused("an empty entry of the environment", naming: "entry 1") {
      $0.job.environment = .of(Array("A=1\0\0".utf8))
    },
    Refused("an entry without a value", naming: "entry 0") {
      $0.job.environment = .of(Array("A\0".utf8))
    },
    Refused("an entry without a name", naming: "entry 0") {
      $0.job.environment = .of(Array("=1\0".utf8))
    },
    Refused("an environment that is only a zero byte", naming: "entry 0") {
      $0.job.environment = .of([0])
    },
    Refused("an environment that no kernel takes", naming: "environment") {
      $0.job.environment = .of(Array(repeating: 97, count: Limit.environment + 1))
    },
  ]

  static let addresses: [Refused] = [
    Refused("a port without a name", naming: "port") { $0.job.launch.ports = [""] },
    Refused("a port by its number", naming: "8080") { $0.job.launch.ports = ["8080"] },
    Refused("a port with a blank", naming: "a b") { $0.job.launch.ports = ["a b"] },
    Refused("a socket that is a path", naming: "a/b") { $0.job.launch.sockets = ["a/b"] },
    Refused("two ports of one variable", naming: "WEB") { $0.job.launch.ports = ["web", "WEB"] },
    Refused("a long name of a socket", naming: "socket") {
      $0.job.launch.sockets = [String(repeating: "x", count: Limit.addressName + 1)]
    },
    Refused("too many ports", naming: "65 ports") {
      $0.job.launch.ports = (0...Limit.addresses).map { "p\($0)" }
    },
  ]

  static let options: [Refused] = [
    Refused("a band of a newer side", naming: "band") {
      $0.job.options.band = WireBand(rawValue: 4) ?? .unspecified
    },
    Refused("a priority too high", naming: "priority") { $0.job.options.priority = 1_000_001 },
    Refused("too many failures", naming: "failures") { $0.job.options.maxFailures = .max },
    Refused("a success that is never retried", naming: "status 0") {
      $0.job.options.finalStatus = .of([0])
    },
    Refused("a status that is both", naming: "status 3") {
      $0.job.options.okStatus = .of([2, 3])
      $0.job.options.finalStatus = .of([3])
    },
    Refused("a schedule timeout of 0", naming: "place") { $0.job.options.scheduleTimeoutMs = 0 },
    Refused("a schedule timeout beyond a century", naming: "schedule timeout") {
      $0.job.options.scheduleTimeoutMs = .max
    },
    Refused("a begin before 1970", naming: "begin") { $0.job.options.beginMs = -1 },
    Refused("a deadline that nobody can read", naming: "deadline") {
      $0.job.options.deadlineMs = .max
    },
    Refused("a dependency on nothing", naming: "selector") {
      $0.job.options.dependencies = [WireDependency(.after, WireSelector())]
    },
    Refused("too many dependencies", naming: "1001 dependencies") {
      $0.job.options.dependencies = Array(
        repeating: WireDependency(.after, WireSelector(.newest)), count: 1001)
    },
    Refused("a back-off that shrinks", naming: "back-off") {
      $0.job.options.backoffFirstMs = 2
      $0.job.options.backoffMostMs = 1
    },
    Refused("a back-off beyond a century", naming: "back-off") {
      $0.job.options.backoffMostMs = .max
    },
    Refused("a gang grouped by nothing", naming: "attribute") {
      $0.job.options.gang.groupBy = ""
    },
    Refused("33 constraints", naming: "32") {
      $0.job.needs.constraints = Array(repeating: constraint("a", .exists), count: 33)
    },
    Refused("a constraint on nothing", naming: "attribute") {
      $0.job.needs.constraints = [constraint("", .exists)]
    },
    Refused("a constraint without a comparison", naming: "comparison") {
      $0.job.needs.constraints = [constraint("a", .unspecified, "b")]
    },
    Refused("an existence with a value", naming: "takes 0") {
      $0.job.needs.constraints = [constraint("a", .exists, "b")]
    },
    Refused("an equality without a value", naming: "takes 1") {
      $0.job.needs.constraints = [constraint("a", .equal)]
    },
    Refused("one of nothing", naming: "1 to 64") {
      $0.job.needs.constraints = [constraint("a", .among)]
    },
    Refused("more than a word", naming: "never holds") {
      $0.job.needs.constraints = [constraint("a", .greater, "b")]
    },
    Refused("a newline in a value", naming: "value") {
      $0.job.needs.constraints = [constraint("a", .equal, "b\nc")]
    },
    Refused("constraints that are long together", naming: "8224 bytes; the limit is 8192") {
      let value = String(repeating: "b", count: 255)
      $0.job.needs.constraints = Array(repeating: constraint("aa", .equal, value), count: 32)
    },
  ]

  static let all =
    identity + arrays + needs + endings + launches + limits + options + addresses

  private static func constraint(
    _ key: String, _ comparison: WireConstraint.Comparison, _ values: String...
  ) -> WireConstraint {
    var constraint = WireConstraint()
    constraint.key = key
    constraint.comparison = comparison
    constraint.values = values
    return constraint
  }

  private static func rlimit(_ name: String, _ soft: UInt64, _ hard: UInt64) -> WireRlimit {
    var limit = WireRlimit()
    limit.name = name
    limit.soft = soft
    limit.hard = hard
    return limit
  }
}

@Suite("Submits")
struct JobTests {
  private let owner = UserID(1000)

  @Test("the door refuses it in a sentence that names it", arguments: Refused.all)
  func refused(_ row: Refused) {
    let refusal = #expect(throws: Refusal.self) {
      try Submission(wire: row.wire, owner: owner)
    }
    #expect(refusal?.code == .invalidArgument)
    #expect(refusal?.message.contains(row.word) == true, "\(refusal?.message ?? "")")
    #expect(refusal?.message.unicodeScalars.contains { $0.value < 32 } == false)
  }

  /// Scenario 20.
  @Test("the names of ports and sockets reach the worker as they were given")
  func addresses() throws {
    let submission = try Submission(
      wire: submit {
        $0.job.launch.ports = ["http", "grpc"]
        $0.job.launch.sockets = ["api"]
      }, owner: owner)
    let job = Job(
      id: JobID(1), request: submission.request, submitted: WallTime(milliseconds: 0))
    let attempt = OpenAttempt(
      uid: AttemptUID(high: 1, low: 2), task: TaskID(job.id, 0), number: 0,
      worker: WorkerID("w1"), charge: .none, assigned: WallTime(milliseconds: 0))
    let run = try WireRun(attempt, of: job, submission.payload)
    #expect(run.launch.ports == ["http", "grpc"] && run.launch.sockets == ["api"])
  }

  @Test("a plain submit passes, with the usual log cap")
  func plain() throws {
    let submission = try Submission(wire: submit(), owner: owner)
    var expected = JobRequest(name: "true", owner: owner)
    expected.grace = .seconds(5)
    #expect(submission.request == expected)
    #expect(submission.token?.bytes == Array(1...16))
    #expect(try WireLaunch(stored: submission.payload).logMaxBytes == 100 << 20)
  }

  @Test("everything at its limit passes")
  func atTheLimit() throws {
    let wire = submit {
      $0.token = .of([])
      $0.job.name = String(repeating: "n", count: 255)
      $0.job.array = array {
        $0.first = UInt32.max - 9_999_999
        $0.count = 10_000_000
        $0.throttle = 1
      }
      $0.job.needs.cpuMillis = 1
      $0.job.needs.memoryBytes = 1
      $0.job.retries = Limit.retries
      $0.job.timeLimitMs = Limit.span
      $0.job.launch.argv = [.of(Array(repeating: 97, count: Limit.argv - 9))]
      $0.job.launch.directory = .of(Array(repeating: 47, count: 4095))
      $0.job.launch.umask = 0o777
      $0.job.launch.nice = -20
      $0.job.environment = .of(
        Array("A=".utf8) + Array(repeating: 98, count: Limit.environment - 3) + [0])
    }
    let submission = try Submission(wire: wire, owner: owner)
    #expect(submission.token == nil)
    #expect(submission.request.array.index(of: 9_999_999) == .max)
    #expect(try WireEnvelope(request: 1, .submit(wire)).frame().count < Frame.limit)
  }

  @Test("a request goes to the wire and comes back the same")
  func bothWays() throws {
    let golden = try #require(Golden.all.first { $0.description == "a submit with everything" })
    let envelope = try WireEnvelope(serializedBytes: bytes(hex: golden.hex))
    let submission = try Submission(wire: envelope.submit, owner: owner)
    #expect(submission.isResend && submission.isDryRun && submission.request.held)
    let back = try WireJobRequest(submission.request, submission.payload)
    #expect(back == envelope.submit.job)
    #expect(try WireJobRequest(submission.request, nil).hasLaunch == false)
  }

  @Test("a child's row shows where it stands in its tree, a root's that it is one")
  func tree() throws {
    let uid = AttemptUID(high: 1, low: 2)
    let lineage = Lineage(
      ancestors: [
        Ancestor(job: JobID(40), index: nil, attempt: uid),
        Ancestor(job: JobID(41), index: 7, attempt: uid),
      ], path: "all/some")
    var request = JobRequest(name: "part", owner: owner)
    request.endChildren = true
    let child = WireJobRow(
      Job(
        id: JobID(42), request: request, submitted: WallTime(milliseconds: 5),
        descent: .child(try #require(lineage))))
    #expect(child.parent == 41 && child.parentIndex == 7 && child.root == 40)
    #expect(child.path == "all/some/part" && child.endChildren)
    let root = WireJobRow(
      Job(id: JobID(42), request: request, submitted: WallTime(milliseconds: 5)))
    #expect(!root.hasParent && !root.hasParentIndex && root.root == 42 && root.path == "part")
  }

  @Test("what few jobs ask for is understood")
  func options() throws {
    let golden = try #require(Golden.all.first { $0.description == "a submit with everything" })
    let envelope = try WireEnvelope(serializedBytes: bytes(hex: golden.hex))
    let request = try Submission(wire: envelope.submit, owner: owner).request
    var expected = JobOptions()
    expected.band = .batch
    expected.priority = -5
    expected.maxFailures = 7
    expected.okStatuses = [3, 5]
    expected.finalStatuses = [2]
    expected.scheduleTimeout = .seconds(90)
    expected.gang = Gang(groupBy: "rack", spread: true)
    expected.processLimit = 64
    #expect(request.options == expected)
    #expect(request.backoff == Backoff(first: .seconds(2), most: .seconds(30)))
    #expect(
      request.needs.constraints == [
        Constraint(key: "zone", .among, [.text("a"), .text("b")], isHard: false)
      ])
    let plain = JobRequest(name: "n", owner: owner)
    #expect(try WireJobRequest(plain, nil).hasOptions == false)
  }

  @Test("a back-off that begins beyond a minute stays as it begins")
  func backoff() throws {
    let wire = submit { $0.job.options.backoffFirstMs = 90_000 }
    let request = try Submission(wire: wire, owner: owner).request
    #expect(request.backoff == Backoff(first: .seconds(90), most: .seconds(90)))
  }

  @Test("a damaged launch is internal, never a crash")
  func damaged() {
    let payload = Payload(launch: [0xff], environment: [])
    let refusal = #expect(throws: Refusal.self) { try WireLaunch(stored: payload) }
    #expect(refusal?.code == .internal)
  }

  @Test("a row shows what is known of a job, and nothing else")
  func row() throws {
    var job = Job(
      id: JobID(42), request: JobRequest(name: "n", owner: owner),
      submitted: WallTime(milliseconds: 5))
    let fresh = WireJobRow(job)
    #expect(fresh.state == .pending && fresh.job == 42 && fresh.uid == 1000)
    #expect(!fresh.hasStartedMs && !fresh.hasEndedMs && !fresh.hasKilledBy && !fresh.hasOutcome)
    #expect(try TaskArray(wire: fresh.array) == .plain)
    job.progress.started = WallTime(milliseconds: 6)
    job.progress.killed = KillRequest(by: UserID(0), reason: "enough")
    let later = WireJobRow(job)
    #expect(later.startedMs == 6 && later.hasKilledBy && later.killedBy == 0)
    #expect(later.killReason == "enough")
  }

  @Test("an end carries the status that fluster-wait is to exit with")
  func ended() {
    func status(_ state: TaskState, _ outcome: Outcome?) -> UInt32 {
      WireEnded(job: JobID(1), array: .plain, positions: 0..<1, state: state, outcome: outcome)
        .status
    }
    #expect(status(.failed, Outcome(.exit, exitCode: 7)) == 7)
    #expect(status(.failed, Outcome(.signal, signal: 9)) == 137)
    #expect(status(.failed, Outcome(.timeLimit, exitCode: 0)) == 143)
    #expect(status(.failed, Outcome(.start, startReason: .exec)) == 126)
    #expect(status(.killed, nil) == 126)
    #expect(status(.succeeded, nil) == 0)
  }

  @Test("an end of many tasks names the first and the last of them")
  func endedTogether() throws {
    let odd = try TaskArray(wire: array { $0.step = 2 })
    let many = WireEnded(
      job: JobID(1), array: odd, positions: 2..<5, state: .killed, outcome: nil)
    #expect(many.first == 5 && many.index == 9 && many.count == 3 && many.explicit)
    let one = WireEnded(job: JobID(1), array: odd, positions: 2..<3, state: .killed, outcome: nil)
    #expect(!one.hasFirst && one.index == 5 && one.count == 1)
  }
}
