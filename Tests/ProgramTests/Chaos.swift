import FlusterCore
import FlusterStore
import FlusterTesting
import Glibc
import Testing

/// Jobs of all kinds while workers and flusterd are killed and stopped at random; then the
/// comparison of what the jobs wrote down with what the store tells.
struct Chaos {
  static let workers = ["w1", "w2", "w3"]

  /// What faults happen to.
  private enum Victim: Hashable {
    case controller
    case worker(String)
    /// Of the worker with this id. It only dies.
    case shim(String)

    var onlyDies: Bool {
      switch self {
      case .controller, .worker: false
      case .shim: true
      }
    }
  }

  /// How a victim stands.
  private enum State {
    case up
    case dead(until: Int64)
    case stopped(until: Int64, endsByDeath: Bool)
  }

  private let instance: Instance
  private let seconds: Double
  private let shimsDie: Bool
  private var random = SeededNumbers()
  private let victims: [Victim]
  private var states: [Victim: State] = [:]
  /// Clients that have not ended, with the name of the job that they submit, or the job they kill.
  private var submitting: [(name: String, client: Program)] = []
  private var killing: [(job: String, client: Program)] = []
  private var submissions = 0
  /// Jobs whose id was printed, by name.
  private(set) var printed: [String: String] = [:]
  private(set) var killed: Set<String> = []

  /// So many seconds of it in an instance whose three workers are there.
  init(_ instance: Instance, seconds: Double, shimsDie: Bool) {
    self.instance = instance
    self.seconds = seconds
    self.shimsDie = shimsDie
    victims =
      [.controller] + Self.workers.map(Victim.worker)
      + (shimsDie ? Self.workers.map(Victim.shim) : [])
  }

  /// What brings the same chaos about again, but for what the machine adds.
  var seed: String { "FLUSTER_SEED=\(random.seed) FLUSTER_CHAOS_SECONDS=\(seconds)" }

  /// Two hundred in five minutes, and enough for something to happen in a few seconds.
  private var jobs: Int { max(60, Int(200 * min(seconds / 300, 1))) }

  /// Faults, submits and kills for the time there is.
  mutating func rage() throws {
    try write(ChaosWork.script, to: "\(instance.files)/job.sh")
    let start = Deadline.now
    let span = Int64(seconds * 1e9)
    while Deadline.now < start + span {
      try recover(by: Deadline.now)
      let due = Int(Double(jobs) * Double(Deadline.now - start) / Double(span)) + 1
      while submitting.count + printed.count < min(due, jobs) { try submit() }
      if .random(in: 0..<4, using: &random) == 0 { try kill() }
      if .random(in: 0..<3, using: &random) > 0 { try strike() }
      try collect()
      let next = Deadline.now + .random(in: 20_000_000...300_000_000, using: &random)
      try eventually("the next fault is due") { Deadline.now >= next }
    }
  }

  /// All are back, all clients have their answer, what would never end is killed, and all ends.
  mutating func settle() throws {
    try recover(by: .max)
    for (name, client) in submitting { try take(client.finish(within: 90), for: name) }
    for (job, client) in killing { try take(client.finish(within: 90), killing: job) }
    (submitting, killing) = ([], [])
    let reader = try Reader.open(directory: instance.stateDirectory)
    for job in try reader.restore().jobs where job.request.name.hasPrefix("endless") {
      let ended = try instance.run("fluster-kill", "\(job.id)")
      try #require(ended.status == 0, "\(ended)")
      killed.insert("\(job.id)")
    }
    do {
      try eventually("every job ends", within: 120) { try reader.restore().jobs.isEmpty }
    } catch {
      print(try instance.run("fluster-ls", "-A", "--tasks", "--why").output)
      print(try instance.run("fluster-ctl", "workers", "--tasks").output)
      throw error
    }
    for id in Self.workers {
      try eventually("the shim of \(id) holds nothing", within: 30) {
        names(in: instance.stateDirectory(ofShim: id)).isEmpty
      }
    }
    let workers = try instance.run("fluster-ctl", "workers", "--json").lines
    for line in workers {
      #expect(line.contains(#""free":{"cpus":2,"mem_bytes":2147483648}"#), "\(line)")
    }
    try #require(workers.count == Self.workers.count, "\(workers)")
  }

  /// The ledger against the store.
  func check() throws {
    let reader = try Reader.open(directory: instance.stateDirectory)
    let ledger = try ChaosLedger(text(at: "\(instance.files)/ledger"))
    var audit = ChaosAudit(ledger: ledger, reader: reader, shimsDie: shimsDie)
    try audit.run(printed: printed, killed: killed)
    let twice = (try? text(at: "\(instance.files)/twice")) ?? ""
    if !twice.isEmpty { audit.trouble.append("two attempts at once: \(twice)") }
    print("chaos: \(audit.summary), \(seed)")
    #expect(audit.trouble.isEmpty, "\(audit.trouble.joined(separator: "\n"))\n\(seed)")
  }

  // MARK: Faults

  private mutating func strike() throws {
    guard let victim = victims.randomElement(using: &random) else { return }
    guard case .up = states[victim] ?? .up else { return }
    // Now and then long enough for a worker to be taken for silent.
    let isLong = seconds >= 60 && .random(in: 0..<25, using: &random) == 0
    let span: Int64 = .random(
      in: isLong ? 10_000_000_000...16_000_000_000 : 10_000_000...1_500_000_000, using: &random)
    let until = Deadline.now + span
    if victim.onlyDies || Bool.random(using: &random) {
      try kill(victim)
      states[victim] = .dead(until: until)
    } else {
      try signal(victim, SIGSTOP)
      let endsByDeath = .random(in: 0..<3, using: &random) == 0
      states[victim] = .stopped(until: until, endsByDeath: endsByDeath)
    }
  }

  /// Starts what has been dead for long enough, and lets go on what stood still.
  private mutating func recover(by time: Int64) throws {
    for victim in victims {
      switch states[victim] ?? .up {
      case .dead(let until) where until <= time:
        try start(victim)
        states[victim] = .up
      case .stopped(let until, endsByDeath: true) where until <= time:
        try kill(victim)
        try start(victim)
        states[victim] = .up
      case .stopped(let until, endsByDeath: false) where until <= time:
        try signal(victim, SIGCONT)
        states[victim] = .up
      case .up, .dead, .stopped: break
      }
    }
  }

  private func kill(_ victim: Victim) throws {
    switch victim {
    case .controller: try instance.end(.controller, by: SIGKILL)
    case .worker(let id): try instance.killWorker(id)
    case .shim(let id): try instance.killShim(of: id)
    }
  }

  private func start(_ victim: Victim) throws {
    switch victim {
    case .controller: try instance.start(.controller)
    case .worker(let id): try instance.startWorker(id)
    case .shim(let id): try instance.startShim(of: id)
    }
  }

  private func signal(_ victim: Victim, _ number: Int32) throws {
    switch victim {
    case .controller: Glibc.kill(try instance.pid(of: .controller), number)
    case .worker(let id): try instance.signalWorker(id, number)
    case .shim: break
    }
  }

  // MARK: Clients

  private mutating func submit() throws {
    guard let kind = ChaosWork.allCases.randomElement(using: &random) else { return }
    let name = "\(kind)-\(submissions)"
    submissions += 1
    let words = ["fluster-submit", "-n", name] + kind.words(using: &random)
    submitting.append((name, try instance.launch(words)))
  }

  private mutating func kill() throws {
    guard let job = printed.values.sorted().randomElement(using: &random) else { return }
    killing.append((job, try instance.launch(["fluster-kill", job])))
  }

  private mutating func collect() throws {
    for (name, client) in submitting where !client.isRunning {
      try take(client.finish(), for: name)
    }
    for (job, client) in killing where !client.isRunning {
      try take(client.finish(), killing: job)
    }
    submitting.removeAll { !$0.client.isRunning }
    killing.removeAll { !$0.client.isRunning }
  }

  private mutating func take(_ finished: Finished, for name: String) throws {
    guard printed[name] == nil else { return }
    try #require([0, 69, 75].contains(finished.status), "\(name): \(finished), \(seed)")
    if let id = finished.lines.first { printed[name] = id }
  }

  private mutating func take(_ finished: Finished, killing job: String) throws {
    try #require([0, 65, 66, 69, 75].contains(finished.status), "\(job): \(finished), \(seed)")
    if finished.status == 0 { killed.insert(job) }
  }
}
