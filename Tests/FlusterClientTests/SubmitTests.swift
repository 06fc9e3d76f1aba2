import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol
import Testing

@Suite("The options of fluster-submit")
struct SubmitTests {
  /// What a command line asks for, in a directory and with limits that are known.
  private func request(
    _ arguments: [String],
    by parse: (SubmitCommand.Type, [String]) -> Runner.Parsed<SubmitCommand> = Runner.parse
  ) throws -> WireJobRequest {
    switch parse(SubmitCommand.self, arguments) {
    case .command(let command):
      return try command.request(of: caller(command.words)).0
    case .answer(let text):
      throw Failure(.done, text)
    case .wrong(let failure):
      throw failure
    }
  }

  /// Somebody with limits of their own, in a directory of their own.
  private func caller(_ words: [String]) -> FlusterCommands.Caller {
    var nofile = WireRlimit()
    nofile.name = "nofile"
    nofile.soft = 1024
    nofile.hard = 4096
    var core = WireRlimit()
    core.name = "core"
    core.hard = .max
    return FlusterCommands.Caller(
      command: words.map { Array($0.utf8) },
      environment: [Array("PWD=/home/alice".utf8)],
      directory: Array("/home/alice".utf8), umask: 0o022, nice: 0, rlimits: [nofile, core])
  }

  private func argv(_ arguments: String...) throws -> [String] {
    try request(arguments).launch.argv.map { String(decoding: $0.array, as: UTF8.self) }
  }

  @Test("the command begins at the first word that is no option, and the rest is its own")
  func command() throws {
    #expect(try argv("ls", "-l") == ["ls", "-l"])
    #expect(try argv("--cpus", "2", "make", "-j8", "--wait") == ["make", "-j8", "--wait"])
    #expect(try argv("--", "-weird", "--", "x") == ["-weird", "--", "x"])
    #expect(try argv("--", "--help") == ["--help"])
    #expect(try argv("ls", "--help") == ["ls", "--help"])
    #expect(try argv("ls", "--version") == ["ls", "--version"])
    #expect(try argv("env", "--", "A=b") == ["env", "--", "A=b"])
    #expect(try argv("-c", "a | b") == ["/bin/sh", "-c", "a | b"])
    #expect(try argv("-ca", "--hold") == ["/bin/sh", "-c", "a"])
    #expect(try argv("-eA=b", "-rlic=2", "--", "ls", "-eA=b") == ["ls", "-eA=b"])
  }

  @Test("defaults are those of the page")
  func defaults() throws {
    let job = try request(["/usr/bin/true"])
    #expect(job.name == "true")
    #expect(!job.hasArray)
    #expect(job.needs.cpuMillis == 1000)
    #expect(!job.needs.hasMemoryBytes)
    #expect(!job.hasTimeLimitMs)
    #expect(job.graceMs == 5000)
    #expect(job.retries == 0)
    #expect(job.retriesLost == 100)
    #expect(!job.held)
    #expect(job.launch.logMaxBytes == 100 << 20)
    #expect(job.launch.directory.array == Array("/home/alice".utf8))
    #expect(job.launch.umask == 0o022)
    #expect(!job.launch.hasStdin && !job.launch.hasStdout && !job.launch.hasStderr)
  }

  private static let everything = [
    "-n", "x", "-a", "1-9:2%3", "--cpus", "1.5", "--mem", "2G", "-r", "lic=2", "--time", "1h30m",
    "--grace", "0", "--retries", "3", "--retries-lost", "0", "--hold", "-C", "sub", "--umask",
    "077", "--rlimit", "nofile=512", "--rlimit", "core=0:unlimited", "--nice", "-5", "-o",
    "%j-%t.out", "-E", "e", "--stdin", "in", "--log-max", "1M", "--band", "batch", "--priority",
    "-5", "--schedule-timeout", "90s", "--group-by", "rack", "--one-per-worker", "--backoff",
    "2s..1m", "--max-failures", "7", "--ok-status", "3,5-7", "--no-retry-status", "9",
    "--constraint", "zone in a, B", "--prefer", "ghz>=2.50", "-k", "nightly",
    "--key-scope", "live", "--if-exists", "replace", "true",
  ]

  @Test(
    "with and without the parser a command line means the same",
    arguments: [
      everything, ["true"], ["--", "-x"], ["--cpus=2", "-e", "A=b", "--env=none", "a", "--hold"],
      ["-q", "-v", "--hold", "-e", "A=b", "-e", "B=c", "ls", "-l"], ["-c", "a b"],
      ["--socket", "x", "--token", "0000000000000000000000000000000a", "--time=5", "x"],
      ["--gang", "--constraint=a=b", "--prefer", "d exists", "--wait", "x"],
      ["--priority=-5", "--one-per-worker", "x", "--gang"],
      ["--nice=-5", "--rlimit=core=0", "x"], ["--wait", "x"], ["-n", "--hold", "x"],
      [
        "--after", "1,2.3", "--after-ok=name:a*", "--after", "@last", "--after-fail", "key:k",
        "--begin", "2030-01-01", "--deadline=2030-02-01T00:00:00Z", "x",
      ],
      ["--key", "a", "x"], ["--key=a", "--if-exists=fail", "--key-scope=ever", "x"],
    ])
  func quick(arguments: [String]) throws {
    let quick = try #require(SubmitCommand.quick(arguments))
    guard case .command(let full) = Runner.parseFully(SubmitCommand.self, arguments) else {
      Issue.record("the parser does not understand it")
      return
    }
    #expect(quick.words == full.words)
    #expect(quick.shared.socket == full.shared.socket)
    #expect(quick.talk.quiet == full.talk.quiet && quick.talk.verbose == full.talk.verbose)
    let known = try request(arguments, by: Runner.parse)
    let other = try request(arguments, by: Runner.parseFully)
    #expect(known == other)
  }

  @Test(
    "so does one of fluster-run",
    arguments: [
      ["true"], ["--no-tie", "--cpus", "2", "--", "true"], ["--mem=1G", "--tie", "ls", "--no-tie"],
      ["--no-tie", "--tie", "-c", "a b"], ["--stdin", "none", "-n", "--no-tie", "x"],
    ])
  func run(arguments: [String]) throws {
    let quick = try #require(RunCommand.quick(arguments))
    guard case .command(let full) = Runner.parseFully(RunCommand.self, arguments) else {
      Issue.record("the parser does not understand it")
      return
    }
    #expect(quick.tie == full.tie && quick.submit.words == full.submit.words)
    let known = try quick.submit.request(of: caller(quick.submit.words)).0
    #expect(try known == full.submit.request(of: caller(full.submit.words)).0)
  }

  /// What a command line comes to: a request, or a refusal.
  private func outcome(
    _ arguments: [String],
    by parse: (SubmitCommand.Type, [String]) -> Runner.Parsed<SubmitCommand>
  ) -> Result<WireJobRequest, Failure> {
    do {
      return .success(try request(arguments, by: parse))
    } catch let failure as Failure {
      return .failure(failure)
    } catch {
      return .failure(Failure(.internal, "\(error)"))
    }
  }

  @Test("whatever is written, it means the same with and without the parser", arguments: 0..<8)
  func random(seed: UInt64) {
    var chance = Chance(seed: seed)
    var understood = 0
    for _ in 0..<40 {
      let arguments = chance.commandLine()
      guard SubmitCommand.quick(arguments) != nil else { continue }
      understood += 1
      let quick = outcome(arguments, by: Runner.parse)
      let full = outcome(arguments, by: Runner.parseFully)
      #expect(quick == full, "\(arguments)")
    }
    #expect(understood > 8)
  }

  @Test("each option reaches its place")
  func options() throws {
    let job = try request(Self.everything)
    #expect(job.name == "x")
    #expect(job.array.count == 5 && job.array.throttle == 3)
    #expect(job.needs.cpuMillis == 1500 && job.needs.memoryBytes == 2 << 30)
    #expect(job.needs.resources.map(\.name) == ["lic"] && job.needs.resources[0].count == 2)
    #expect(job.timeLimitMs == 5_400_000 && job.graceMs == 0)
    #expect(job.retries == 3 && job.retriesLost == 0 && job.held)
    let launch = job.launch
    #expect(launch.directory.array == Array("/home/alice/sub".utf8))
    #expect(job.environment.array == Array("PWD=/home/alice/sub\0".utf8))
    #expect(launch.umask == 0o077 && launch.nice == -5 && launch.logMaxBytes == 1 << 20)
    #expect(launch.rlimits.map(\.soft) == [512, 0] && launch.rlimits.map(\.hard) == [4096, .max])
    #expect(
      launch.stdout.array == Array("%j-%t.out".utf8) && launch.stderr.array == Array("e".utf8))
    #expect(launch.stdin.array == Array("in".utf8))
    let options = job.options
    #expect(options.band == .batch && options.priority == -5)
    #expect(options.scheduleTimeoutMs == 90_000 && options.maxFailures == 7)
    #expect(options.gang.groupBy == "rack" && options.gang.spread)
    #expect(options.backoffFirstMs == 2000 && options.backoffMostMs == 60_000)
    #expect(options.okStatus.array == [3, 5, 6, 7] && options.finalStatus.array == [9])
    #expect(job.needs.constraints.map(\.values) == [["a", "b"], ["2.5"]])
    #expect(job.needs.constraints.map(\.preferred) == [false, true])
    #expect(job.once.key == "nightly" && job.once.scope == .live && job.once.ifExists == .replace)
  }

  @Test("a gang is asked for by itself, or by how it is placed")
  func gangs() throws {
    #expect(try !request(["x"]).hasOptions)
    #expect(try request(["--gang", "x"]).options.hasGang)
    #expect(try !request(["--gang", "x"]).options.gang.hasGroupBy)
    #expect(try request(["--group-by", "rack", "x"]).options.gang.groupBy == "rack")
    #expect(try request(["--one-per-worker", "x"]).options.gang.spread)
  }

  @Test(
    "a constraint is a key, a comparison and values",
    arguments: [
      ("zone = north", "zone = north"), ("Zone=North", "zone = north"), ("a==b", "a = b"),
      ("a != b c", "a != b c"), ("n>1", "n > 1"), ("n >= 1.0", "n >= 1"), ("n < -2", "n < -2"),
      ("n<=2", "n <= 2"), ("a in b, c ,d", "a in b,c,d"), (" a  exists ", "a exists"),
      ("not-here not-exists", "not-here not-exists"), ("worker = w1", "worker = w1"),
    ])
  func constraints(text: String, meaning: String) throws {
    let constraint = try #require(try request(["--constraint", text, "x"]).needs.constraints.first)
    #expect("\(try Constraint(wire: constraint))" == meaning)
  }

  @Test(
    "the name is the command's, made fit to be shown",
    arguments: [
      (["./dir/run.sh"], "run.sh"), (["-c", "  make -j8 | tee x"], "make"), (["/"], "/"),
      (["a\u{1b}b"], "ab"), (["-n", "given", "x"], "given"),
    ])
  func names(arguments: [String], name: String) throws {
    #expect(try request(arguments).name == name)
  }

  @Test(
    "malformed options are usage errors, and an unset variable never becomes 0",
    arguments: [
      ["--cpuz", "2", "x"], ["-Z", "x"], ["-n"], ["-n", "", "x"], ["--cpus", "", "x"],
      ["--cpus", "0", "x"], ["--cpus", "-1", "x"], ["--cpus", "1e3", "x"], ["--mem", "8x", "x"],
      ["--mem", "", "x"], ["--mem", "0", "x"], ["--time", "soon", "x"], ["--time", "0", "x"],
      ["--time", "", "x"], ["--grace", "", "x"], ["--retries", "", "x"], ["--retries", "-1", "x"],
      ["--retries", "1.5", "x"], ["--retries-lost", "many", "x"], ["-r", "lic", "x"],
      ["-r", "=2", "x"], ["-r", "lic=", "x"], ["-r", "lic=-1", "x"], ["-e", "", "x"],
      ["-e", "NOT_SET_ANYWHERE", "x"], ["--env", "some", "x"], ["-C", "", "x"],
      ["--umask", "8", "x"], ["--umask", "", "x"], ["--umask", "+7", "x"],
      ["--umask", "1000", "x"],
      ["--rlimit", "nofile", "x"], ["--rlimit", "nofile=", "x"], ["--rlimit", "files=1", "x"],
      ["--rlimit", "nofile=9:8", "x"], ["--rlimit", "nofile=1:5000", "x"], ["--nice", "20", "x"],
      ["--nice", "", "x"], ["-o", "", "x"], ["-o", "%q", "x"], ["-o", "100%", "x"],
      ["--stdin", "", "x"], ["--log-max", "0", "x"], ["--log-max", "", "x"], ["-a", "", "x"],
      ["--band", "urgent", "x"], ["--band", "", "x"], ["--priority", "", "x"],
      ["--priority", "1000001", "x"], ["--schedule-timeout", "0", "x"],
      ["--schedule-timeout", "", "x"], ["--backoff", "1s", "x"], ["--backoff", "1s..", "x"],
      ["--backoff", "", "x"], ["--backoff", "2s..1s", "x"], ["--backoff", "1s...2s", "x"],
      ["--max-failures", "", "x"], ["--max-failures", "-1", "x"], ["--ok-status", "", "x"],
      ["--ok-status", "256", "x"], ["--ok-status", "7-5", "x"], ["--ok-status", "1,,2", "x"],
      ["--no-retry-status", "0", "x"], ["--ok-status", "1", "--no-retry-status", "1-2", "x"],
      ["--group-by", "", "x"], ["--constraint", "", "x"], ["--constraint", "zone", "x"],
      ["--constraint", "= a", "x"], ["--constraint", "zone =", "x"],
      ["--constraint", "zone like a", "x"], ["--constraint", "n > big", "x"],
      ["--constraint", "a in", "x"], ["--constraint", "a in b,,c", "x"],
      ["--constraint", "a exists b", "x"], ["--prefer", "zone", "x"], ["--gang=yes", "x"],
      ["-a", "1-", "x"], ["-c", ""], ["-c", "a", "b"], [""], ["--hold=yes", "x"],
      ["--mem=", "ls", "x"], ["-nfoo", "--mem=", "ls", "x"], ["-k", "", "x"], ["--key=", "x"],
      ["--key-scope", "live", "x"], ["--if-exists", "fail", "x"],
      ["-k", "a", "--key-scope", "", "x"], ["-k", "a", "--key-scope", "once", "x"],
      ["-k", "a", "--if-exists", "", "x"], ["-k", "a", "--if-exists", "wait", "x"],
    ])
  func bad(arguments: [String]) throws {
    let failure = try #require(throws: Failure.self) { try request(arguments) }
    #expect(failure.status == .usage, "\(failure)")
    #expect(!failure.message.contains("\n") && !failure.message.contains("Usage"))
    #expect(failure.message.first?.isUppercase == false)
  }

  @Test("an array without tasks can never be run")
  func empty() throws {
    let failure = try #require(throws: Failure.self) { try request(["-a", "5-4", "true"]) }
    #expect(failure.status == .data)
  }

  @Test(
    "with --wait among the options the status of a task is carried, whatever else is wrong",
    arguments: [
      (["--wait", "true"], true), (["--mem", "8x", "--wait", "true"], true),
      (["--cpuz", "2", "--wait", "x"], true), (["--wait"], true), (["--wait=1", "x"], true),
      (["--waiting", "x"], false), (["-eA=b", "--wait", "x"], true),
      (["--gang", "--priority", "-5", "--wait", "x"], true),
      (["--gang", "tool", "--wait"], false), (["--band", "batch", "tool", "--wait"], false),
      (["true", "--wait"], false), (["--", "--wait"], false), (["-n", "--wait", "x"], false),
      (["--mem", "8x", "tool", "--wait"], false), ([], false),
    ])
  func carrying(arguments: [String], carries: Bool) {
    #expect(SubmitCommand.carriesStatus(arguments) == carries)
  }
}

/// Command lines by chance, the same for the same seed.
private struct Chance {
  private static let options = [
    "-c", "-n", "-a", "--cpus", "--mem", "-r", "--time", "--grace", "--retries", "--retries-lost",
    "-e", "--env", "-C", "--umask", "--rlimit", "--nice", "-o", "-E", "--log-max", "--stdin",
    "--token", "--socket", "-k", "--key-scope", "--if-exists",
  ]
  private static let flags = [
    "--hold", "--wait", "--dry-run", "-q", "-v", "--nope", "-x", "--help",
  ]
  private static let values = [
    "", "1", "0", "-1", "x", "8x", "1.5", "2G", "90", "1h30m", "9999999999999999", "1-9", "9-1",
    "1-9:2%3", "lic=2", "A=b", "PWD", "none", "some", "dir", "/dir", "077", "nofile=9", "core=0:1",
    "%j-%t", "%q", "--hold", "-n", "--", "-", "a b", "=", "a=b=c", "日本語",
    "0000000000000000000000000000000a", "live", "fail",
  ]
  private static let commands = [
    [], ["true"], ["--", "ls"], ["ls", "-l", "--wait"], ["-"], ["--"],
  ]

  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  private mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return choices[Int(state % UInt64(choices.count))]
  }

  mutating func commandLine() -> [String] {
    var words: [String] = []
    for _ in 0..<pick([0, 1, 1, 2, 2, 3, 5]) {
      switch pick([0, 1, 1, 1, 2, 3]) {
      case 0: words.append(pick(Self.flags))
      case 1: words += [pick(Self.options), pick(Self.values)]
      case 2: words.append("\(pick(Self.options))=\(pick(Self.values))")
      default: words.append("\(pick(Self.options))\(pick(Self.values))")
      }
    }
    return words + pick(Self.commands)
  }
}

@Suite("The other commands' options")
struct CommandTests {
  private func refusal<Command: FlusterCommand>(
    of arguments: [String], by type: Command.Type
  ) -> Failure? {
    guard case .wrong(let failure) = Runner.parse(type, arguments) else { return nil }
    return failure
  }

  @Test("an unknown option is told in one lower-case line")
  func unknown() throws {
    let failure = try #require(refusal(of: ["--nope"], by: ListCommand.self))
    #expect(failure.status == .usage)
    #expect(failure.message.hasPrefix("unknown option \"--nope\""))
  }

  @Test("help and version are answers, not errors")
  func answers() {
    for word in ["--help", "-h", "--version"] {
      guard case .answer(let text) = Runner.parse(WaitCommand.self, [word]) else {
        Issue.record("\(word) is no answer")
        continue
      }
      #expect(text.contains("fluster-wait"))
    }
  }

  @Test("fluster-kill --state without a selector is about all the caller's jobs")
  func killByState() throws {
    guard case .command(let kill) = Runner.parse(KillCommand.self, ["--state", "pending,running"])
    else {
      Issue.record("not understood")
      return
    }
    let request = try kill.request()
    #expect(request.selectors.map(\.text) == ["name:*"])
    #expect(request.states == [.pending, .running])
    #expect(!request.hasSignal)
  }

  @Test(
    "signals go by name or number",
    arguments: [("TERM", 15), ("SIGUSR1", 10), ("hup", 1), ("9", 9), ("64", 64)])
  func signals(word: String, number: UInt32) throws {
    guard case .command(let kill) = Runner.parse(KillCommand.self, ["-s", word, "42"]) else {
      Issue.record("not understood")
      return
    }
    #expect(try kill.request().signal == number)
  }

  @Test(
    "what kill and set cannot mean is a usage error",
    arguments: [
      ["kill"], ["kill", "-s", "NOPE", "1"], ["kill", "-s", "0", "1"], ["kill", "-s", "65", "1"],
      ["kill", "--state", "happy", "1"], ["kill", "--state", "", "1"], ["set"], ["set", "1"],
      ["set", "hold"], ["set", "1", "fly"],
    ])
  func bad(arguments: [String]) throws {
    let words = Array(arguments.dropFirst())
    let failure = try #require(throws: Failure.self) {
      switch (Runner.parse(KillCommand.self, words), Runner.parse(SetCommand.self, words)) {
      case (.command(let kill), _) where arguments[0] == "kill": _ = try kill.request()
      case (_, .command(let set)) where arguments[0] == "set": _ = try set.request()
      case _: throw Failure(.done, "not even parsed")
      }
    }
    #expect(failure.status == .usage)
  }
}
