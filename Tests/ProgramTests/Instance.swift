import FlusterTesting
import Glibc
import Testing

/// A private flusterd, fluster-worker and fluster-shim in a temporary directory.
///
/// Belongs to one test. Processes it starts, and everything they start, carry a mark in their
/// environment, by which the fixture finds what is left behind.
final class Instance {
  /// The three daemons, named as their programs.
  enum Daemon: String, CaseIterable {
    case shim = "fluster-shim"
    case controller = "flusterd"
    case worker = "fluster-worker"
  }

  let directory: String
  /// What the daemons and commands are started with.
  let environment: [String: String]
  private let mark: String
  private let workerOptions: [String]
  private var daemons: [Daemon: Program] = [:]
  /// The workers beside the first, each with a shim of its own.
  private var others: [String: Other] = [:]

  private struct Other {
    var shim: Program?
    let socket: String
    let options: [String]
    var worker: Program?
  }

  /// Starts an instance, hands it to `body`, ends it, and checks that no process remains.
  ///
  /// `worker` are options of fluster-worker beside its id; `settings` the text of fluster.conf.
  static func with(
    worker: [String] = ["--cpus", "2", "--mem", "2G"], settings: String = "",
    daemons: [Daemon] = Daemon.allCases, _ body: (Instance) throws -> Void
  ) throws {
    let temporary = try TemporaryDirectory()
    defer { temporary.remove() }
    let instance = try Instance(in: temporary.path, worker: worker, settings: settings)
    do {
      for daemon in daemons { try instance.start(daemon) }
      try body(instance)
    } catch {
      print(instance.logs)
      instance.killAll()
      throw error
    }
    instance.end()
  }

  private init(in directory: String, worker: [String], settings: String) throws {
    self.directory = directory
    workerOptions = worker
    mark = "PROGRAM_TEST=\(directory)"
    environment = [
      "PATH": "\(try Programs.products()):/usr/sbin:/usr/bin:/sbin:/bin",
      "HOME": directory, "LC_ALL": "C", "TZ": "UTC", "PROGRAM_TEST": directory,
      "XDG_RUNTIME_DIR": "\(directory)/run", "XDG_STATE_HOME": "\(directory)/state",
      "XDG_CONFIG_HOME": "\(directory)/config",
    ]
    for name in ["run", "config", "config/fluster", "files"] {
      mkdir("\(directory)/\(name)", 0o700)
    }
    try write(settings, to: "\(directory)/config/fluster/fluster.conf")
  }

  var runtime: String { "\(directory)/run" }
  var controlSocket: String { "\(directory)/run/fluster/control.sock" }
  var workerSocket: String { "\(directory)/run/fluster/worker.sock" }
  var stateDirectory: String { "\(directory)/state/fluster" }

  /// A directory for what a test's jobs write.
  var files: String { "\(directory)/files" }

  // MARK: Daemons

  /// Starts a daemon and waits until it listens; the worker has nothing to listen at.
  ///
  /// `wrapper` are words before the program's own; `passing` are descriptors it gets from 3 on.
  func start(_ daemon: Daemon, wrapper: [String] = [], passing: [Int32] = []) throws {
    let options = daemon == .worker ? ["--id", "w1"] + workerOptions : []
    let program = try Program(
      wrapper + [daemon.rawValue] + options, environment: environment, directory: "/",
      errorsTo: log(of: daemon), passing: passing)
    daemons[daemon] = program
    let sockets: [String]
    switch daemon {
    case .shim: sockets = ["\(directory)/run/fluster/shim.sock"]
    case .controller: sockets = [controlSocket, workerSocket]
    case .worker: return
    }
    try eventually("\(daemon.rawValue) listens") {
      guard program.isRunning else { throw TimedOut(what: "\(daemon.rawValue) has ended") }
      return sockets.allSatisfy(Programs.answers)
    }
  }

  /// Starts another worker with a shim of its own, and waits until it is known.
  func addWorker(_ id: String, _ options: [String]) throws {
    let socket = "\(directory)/run/fluster/shim-\(id).sock"
    others[id] = Other(socket: socket, options: options)
    try startShim(of: id)
    try startWorker(id)
    try eventually("worker \(id) is connected") {
      try run("fluster-submit", "--dry-run", "--constraint", "worker = \(id)", "true").status == 0
    }
  }

  /// Starts the shim of an added worker again after its end.
  func startShim(of id: String) throws {
    guard let other = others[id] else { throw Failed("find worker \(id)", number: ENOENT) }
    others[id]?.shim = try Program(
      ["fluster-shim", "--listen", other.socket, "--state", stateDirectory(ofShim: id)],
      environment: environment, directory: "/", errorsTo: "\(directory)/shim-\(id).log")
    try eventually("the shim of \(id) listens") { Programs.answers(other.socket) }
  }

  /// Kills the shim of an added worker, and with it what it has started.
  func killShim(of id: String) throws {
    let shim = try #require(others[id]?.shim)
    shim.signal(SIGKILL)
    _ = try shim.finish(within: 20)
    others[id]?.shim = nil
  }

  /// Starts an added worker again after its end.
  func startWorker(_ id: String) throws {
    guard let other = others[id] else { throw Failed("find worker \(id)", number: ENOENT) }
    others[id]?.worker = try Program(
      ["fluster-worker", "--id", id, "--shim", other.socket] + other.options,
      environment: environment, directory: "/", errorsTo: "\(directory)/worker-\(id).log")
  }

  /// Kills an added worker, not its shim, and waits for its end.
  func killWorker(_ id: String) throws {
    try signalWorker(id, SIGKILL)
    _ = try others[id]?.worker?.finish(within: 20)
    others[id]?.worker = nil
  }

  /// Sends a signal to an added worker.
  func signalWorker(_ id: String, _ number: Int32) throws {
    try #require(others[id]?.worker).signal(number)
  }

  /// Where the shim of an added worker keeps what it holds.
  func stateDirectory(ofShim id: String) -> String { "\(directory)/state-\(id)" }

  /// The process of a daemon.
  func pid(of daemon: Daemon) throws -> Int32 { try #require(daemons[daemon]).pid }

  /// Sends a signal to a daemon and waits for its end.
  @discardableResult
  func end(_ daemon: Daemon, by signal: Int32) throws -> Finished {
    try #require(daemons[daemon]).signal(signal)
    return try finish(daemon)
  }

  /// Has the store take no writes with the limit 0, and take them again without one.
  func limitFiles(to limit: String) throws {
    let finished = try FlusterTesting.run(
      "prlimit", "--pid", "\(pid(of: .controller))", "--fsize=\(limit):unlimited")
    try #require(finished.status == 0, "\(finished)")
  }

  /// Waits until a daemon ends by itself.
  func finish(_ daemon: Daemon) throws -> Finished {
    let program = try #require(daemons[daemon])
    daemons[daemon] = nil
    return try program.finish(within: 20)
  }

  /// Whether a daemon that was started has not ended.
  func isRunning(_ daemon: Daemon) -> Bool { daemons[daemon]?.isRunning ?? false }

  /// What a daemon has said on standard error.
  func said(by daemon: Daemon) -> [String] {
    ((try? text(at: log(of: daemon))) ?? "").split(separator: "\n").map(String.init)
  }

  private func log(of daemon: Daemon) -> String { "\(directory)/\(daemon.rawValue).log" }

  // MARK: Commands

  /// Starts a command and does not wait for it.
  func launch(_ arguments: [String], input: String = "") throws -> Program {
    try Program(arguments, environment: environment, directory: files, input: input)
  }

  /// Runs a command to its end in the directory for files.
  @discardableResult
  func run(
    _ arguments: String..., input: String = "", within seconds: Double = 60
  ) throws -> Finished {
    try launch(arguments, input: input).finish(within: seconds)
  }

  /// Submits, and gives the id that was printed.
  func submit(_ arguments: String...) throws -> String {
    let finished = try launch(["fluster-submit"] + arguments).finish()
    try #require(finished.status == 0, "\(finished)")
    return try #require(finished.lines.first)
  }

  /// The status that fluster-wait carries for one job or task.
  func wait(_ id: String, within seconds: Double = 60) throws -> Int32 {
    try run("fluster-wait", id, within: seconds).status
  }

  /// One column of fluster-ls for one job.
  func column(_ name: String, of id: String) throws -> String {
    let listed = try run("fluster-ls", "-A", "--no-header", "-o", name, id)
    try #require(listed.status == 0, "\(listed)")
    return listed.output.trimmed
  }

  /// Waits until fluster-ls shows a job in a state.
  func waitUntil(_ id: String, is state: String, within seconds: Double = 30) throws {
    try eventually("\(id) is \(state)", within: seconds) {
      try column("STATE", of: id).hasPrefix(state)
    }
  }

  /// Everything a job has printed. The worker that keeps it may still have to come back to a
  /// flusterd that was started again.
  func log(of id: String) throws -> String {
    var log = try run("fluster-log", id)
    try eventually("the log of \(id)") {
      if log.status == 75 { log = try run("fluster-log", id) }
      return log.status != 75
    }
    try #require(log.status == 0, "\(log)")
    return log.output
  }

  // MARK: What is left

  /// Processes of this instance that are none of its daemons: attempts, and what they left.
  var strays: [Int32] {
    let added = others.values.flatMap { [$0.shim, $0.worker].compactMap(\.self) }
    let own = Set((daemons.values + added).map(\.pid))
    return Processes.carrying(mark).filter { !own.contains($0) }
  }

  /// Waits until nothing but the daemons runs.
  func waitUntilOnlyDaemonsRun(within seconds: Double = 20) throws {
    do {
      try eventually("only daemons run", within: seconds) { strays.isEmpty }
    } catch {
      throw TimedOut(what: "end of \(strays.map(Processes.commandLine))")
    }
  }

  private func end() {
    do {
      try waitUntilOnlyDaemonsRun()
      for program in others.values.flatMap({ [$0.worker, $0.shim].compactMap(\.self) }) {
        program.signal(SIGTERM)
        _ = try program.finish(within: 20)
      }
      others = [:]
      for daemon in [Daemon.worker, .controller, .shim] where daemons[daemon] != nil {
        try end(daemon, by: SIGTERM)
      }
      try waitUntilOnlyDaemonsRun()
    } catch {
      print(logs)
      Issue.record("\(error)")
    }
    killAll()
  }

  private func killAll() {
    Processes.end(carrying: mark)
    daemons = [:]
    others = [:]
  }

  private var logs: String {
    Daemon.allCases.map { daemon in
      let lines = said(by: daemon)
      return "---- \(daemon.rawValue)\n" + lines.suffix(60).joined(separator: "\n")
    }.joined(separator: "\n")
      + others.keys.sorted().flatMap { ["worker-\($0)", "shim-\($0)"] }.map { name in
        let lines = (try? text(at: "\(directory)/\(name).log")) ?? ""
        return "\n---- \(name)\n" + lines.split(separator: "\n").suffix(60).joined(separator: "\n")
      }.joined()
  }
}

extension String {
  /// Without white space at either end.
  var trimmed: String {
    guard let last = lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(self[...last].drop { $0.isWhitespace })
  }
}
