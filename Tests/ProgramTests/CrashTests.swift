import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("crashes under load")
  struct Crashes {
    @Test("flusterd dies at random moments: no printed id is lost and nothing runs twice")
    func controller() throws {
      try Instance.with { instance in
        var load = Load(instance)
        for _ in 0..<Programs.crashRounds { try load.round(killing: .controller) }
        try load.settle()
        try load.checkEachRanOnce()
      }
    }

    @Test("fluster-worker dies at random moments: no job notices")
    func worker() throws {
      try Instance.with { instance in
        var load = Load(instance)
        for _ in 0..<Programs.crashRounds { try load.round(killing: .worker) }
        try load.settle()
        try load.checkEachRanOnce()
      }
    }

    @Test("fluster-shim dies at random moments: its jobs run again, never two copies at once")
    func shim() throws {
      try Instance.with { instance in
        var load = Load(instance)
        for _ in 0..<Programs.crashRounds { try load.round(killing: .shim) }
        try load.settle()
        try load.checkNoTwoCopies()
      }
    }

    @Test("a running job is adopted, and its status carried, when all but the shim restart")
    func adoption() throws {
      try Instance.with { instance in
        let id = try instance.submit(
          "--", "sh", "-c", "echo $$ >started; until test -e go; do sleep 0.05; done; exit 42")
        try eventually("the job runs") { access("\(instance.files)/started", F_OK) == 0 }
        try instance.waitUntil(id, is: "running")
        try instance.end(.controller, by: SIGKILL)
        try instance.end(.worker, by: SIGKILL)
        try instance.start(.controller)
        try instance.start(.worker)
        try write("", to: "\(instance.files)/go")
        #expect(try instance.wait(id) == 42)
        let detail = try instance.run("fluster-ls", "-l", id).output
        #expect(!detail.contains("worker lost"), "\(detail)")
      }
    }

    /// A command of a shell that sleeps, with nearly as many arguments as the kernel allows.
    private static let longCommand =
      ["--", "sh", "-c", "echo $FLUSTER_ATTEMPT >>tries.$FLUSTER_JOB_ID; exec sleep 60"]
      + (0..<15).map { "\($0)" + String(repeating: "x", count: 120_000) }

    private static func submitLong(_ options: [String], to instance: Instance) throws -> String {
      let finished = try instance.launch(["fluster-submit"] + options + longCommand).finish()
      return try #require(finished.lines.first, "\(finished.errors)")
    }

    @Test("time limits hold after restarts however long the commands are")
    func longCommands() throws {
      try Instance.with { instance in
        let options = ["--cpus", "0.1", "--time", "8s"]
        let ids = try (0..<12).map { _ in
          try Self.submitLong(options, to: instance)
        }
        for id in ids { try instance.waitUntil(id, is: "running") }
        try instance.end(.worker, by: SIGKILL)
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        try instance.start(.worker)
        for id in ids {
          #expect(try instance.wait(id) == 143)
          #expect(try text(at: "\(instance.files)/tries.\(id)") == "0\n")
        }
      }
    }

    @Test("orders that never reached a worker reach its next life, however long the commands are")
    func longOrders() throws {
      try Instance.with { instance in
        let socket = instance.workerSocket
        try eventually("the worker is connected") { Programs.connections(at: socket) == 1 }
        #expect(try instance.wait(instance.submit("--", "true")) == 0)
        kill(try instance.pid(of: .worker), SIGSTOP)
        let options = ["--cpus", "0.1", "--time", "3s"]
        let ids = try (0..<12).map { _ in
          try Self.submitLong(options, to: instance)
        }
        for id in ids { try instance.waitUntil(id, is: "running") }
        try instance.end(.worker, by: SIGKILL)
        try instance.start(.worker)
        for id in ids {
          #expect(try instance.wait(id) == 143)
          #expect(try text(at: "\(instance.files)/tries.\(id)") == "0\n")
        }
      }
    }

    @Test("a job that ends while flusterd is away is recorded with its status")
    func endsWhileAway() throws {
      try Instance.with { instance in
        let id = try instance.submit("--", "sh", "-c", "echo >started; sleep 0.3; exit 6")
        try eventually("the job runs") { access("\(instance.files)/started", F_OK) == 0 }
        let pid = try #require(instance.strays.first)
        try instance.end(.controller, by: SIGKILL)
        try eventually("the job has ended") { !Processes.isAlive(pid) }
        try instance.start(.controller)
        #expect(try instance.wait(id) == 6)
      }
    }

    @Test("a wait survives the restart of flusterd")
    func waitSurvives() throws {
      try Instance.with { instance in
        let id = try instance.submit("--hold", "--", "sh", "-c", "exit 5")
        let socket = instance.controlSocket
        try eventually("nobody is connected") { Programs.connections(at: socket) == 0 }
        let waiting = try instance.launch(["fluster-wait", id])
        try eventually("the wait is connected") { Programs.connections(at: socket) == 1 }
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        try instance.run("fluster-set", id, "release")
        let waited = try waiting.finish(within: 30)
        #expect(waited.status == 5, "\(waited)")
      }
    }
  }
}

/// Jobs that check themselves, submitted by clients in parallel while a daemon is killed.
///
/// Each job takes a lock of its own for as long as it runs, writes down that it found the lock
/// taken, and that it has run; its status tells its id.
struct Load {
  private let instance: Instance
  private var random = SeededNumbers()
  private var printed: [String] = []

  private static let script = """
    exec 9>>lock.$FLUSTER_JOB_ID
    flock -n 9 || echo $FLUSTER_JOB_ID >>twice
    echo $FLUSTER_JOB_ID >>ran
    sleep 0.$((FLUSTER_JOB_ID % 3))
    exit $((FLUSTER_JOB_ID % 7))
    """

  init(_ instance: Instance) { self.instance = instance }

  /// Four clients submit, one after the other, while the victim dies and comes back.
  mutating func round(killing victim: Instance.Daemon) throws {
    let clients = try (0..<4).map { _ in
      try instance.launch([
        "fluster-submit", "--cpus", "0.2", "--", "sh", "-c", Load.script,
      ])
    }
    let moment = Deadline.now + .random(in: 0...60_000_000, using: &random)
    try eventually("the moment has come") { Deadline.now >= moment }
    try instance.end(victim, by: SIGKILL)
    try instance.start(victim)
    for client in clients {
      let finished = try client.finish()
      try #require([0, 69, 75].contains(finished.status), "\(finished), \(seed)")
      printed += finished.lines
    }
  }

  /// Waits for every printed job, and that each has its own status, and is listed once.
  func settle() throws {
    try #require(Set(printed).count == printed.count, "an id was printed twice, \(seed)")
    for id in printed {
      let status = try instance.wait(id)
      let expected = (Int32(id) ?? 0) % 7
      if status != expected {
        print(try instance.run("fluster-ls", "-l", id).output)
      }
      try #require(status == expected, "job \(id), \(seed)")
    }
    let listed = try instance.run("fluster-ls", "-A", "--no-header", "-o", "ID").lines
      .map(\.trimmed)
    try #require(Set(listed).count == listed.count, "a job is listed twice, \(seed)")
    try #require(Set(printed).isSubset(of: listed), "a printed job is not listed, \(seed)")
  }

  /// Every printed job has run exactly once.
  func checkEachRanOnce() throws {
    try checkNoTwoCopies()
    let ran = try text(at: "\(instance.files)/ran").split(separator: "\n").map(String.init)
    for id in printed {
      #expect(ran.count { $0 == id } == 1, "job \(id) ran \(ran.count { $0 == id }) times, \(seed)")
    }
  }

  /// No job ever found its own lock taken.
  func checkNoTwoCopies() throws {
    let twice = (try? text(at: "\(instance.files)/twice")) ?? ""
    #expect(twice.isEmpty, "two copies at once of \(twice), \(seed)")
  }

  private var seed: String { "FLUSTER_SEED=\(random.seed)" }
}
