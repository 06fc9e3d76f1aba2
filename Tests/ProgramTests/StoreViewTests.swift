import FlusterDaemon
import FlusterTesting
import Glibc
import Testing

/// What the commands show of an instance, asked of its flusterd or of a view of its store.
struct Pages: Equatable {
  var jobs = ""
  var details = ""
  var tasks = ""
  var reasons = ""
  var workers = ""
  var endpoints = ""
  var users = ""
  var events = ""

  init(of instance: Instance, at socket: String, jobs ids: [String]) throws {
    func ask(_ words: String...) throws -> String {
      let answer = try instance.launch(words + ["--socket", socket]).finish()
      try #require(answer.status == 0 || words[0] == "fluster-endpoint", "\(answer)")
      return answer.output
    }
    jobs = try ask("fluster-ls", "-a", "-A", "--json")
    details = try ids.map { try ask("fluster-ls", "-l", "--json", $0) }.joined()
    tasks = try ask("fluster-ls", "-a", "-A", "--tasks", "--json")
    // For how long it has waited is measured by whoever asks.
    reasons = try ids.map { try ask("fluster-ls", "--why", "--json", $0) }.joined()
      .replacing(/"waiting_seconds":[0-9.]+,/, with: "")
    // Whether a process lives is true of the moment only.
    workers = try ask("fluster-ls", "--workers", "--json")
      .replacing(/"pid":[0-9]+,|"alive":[a-z]+,|"shim_alive":[a-z]+,/, with: "")
    endpoints = try ask("fluster-endpoint", "ls", "--json", "--all")
    users = try ask("fluster-ctl", "users", "--json")
    events = try ask("fluster-ls", "--cursor", "start", "--json")
  }

  /// The pages that differ, by name.
  func difference(from other: Pages) -> [String] {
    let pairs: [(String, String, String)] = [
      ("jobs", jobs, other.jobs), ("details", details, other.details),
      ("tasks", tasks, other.tasks), ("reasons", reasons, other.reasons),
      ("workers", workers, other.workers), ("endpoints", endpoints, other.endpoints),
      ("users", users, other.users), ("events", events, other.events),
    ]
    return pairs.filter { $0.1 != $0.2 }.map { "\($0.0):\n\($0.1)\nand not\n\($0.2)" }
  }
}

extension Programs {
  @Suite("a store without its flusterd")
  struct StoreViews {
    /// Work in every state that keeps still, on a machine of two processors.
    private func work(_ instance: Instance) throws -> [String] {
      var jobs: [String] = []
      jobs.append(try instance.submit("-n", "good", "--", "true"))
      jobs.append(try instance.submit("-n", "bad", "--", "sh", "-c", "exit 7"))
      jobs.append(try instance.submit("-n", "many", "-a", "1-5", "--", "true"))
      for job in jobs { _ = try instance.wait(job) }
      let running = try instance.submit("-n", "runs", "-a", "1-2", "--", "sleep", "1000")
      try instance.waitUntil(running, is: "running")
      jobs.append(running)
      jobs.append(try instance.submit("-n", "held", "--hold", "--", "true"))
      jobs.append(try instance.submit("-n", "large", "--cpus", "2", "--", "true"))
      jobs.append(try instance.submit("-n", "early", "--after", running, "--", "true"))
      jobs.append(try instance.submit("-n", "first", "--priority", "5", "--", "true"))
      let killed = try instance.submit("-n", "killed", "--hold", "--", "true")
      _ = try instance.run("fluster-kill", killed)
      _ = try instance.wait(killed)
      jobs.append(killed)
      // What flusterd learns last: that both of the tasks run.
      try eventually("both run") {
        try instance.run("fluster-ls", "--tasks", "--state", "running", "-q").lines.count == 2
      }
      return jobs
    }

    /// As other processes find it.
    private func socket(of view: StoreView) -> String {
      view.socket.replacing("/self/", with: "/\(getpid())/")
    }

    private func files(_ directory: String) throws -> String {
      try run(
        "sh", "-c", "ls -l --time-style=full-iso \"$0\" && cat \"$0\"/fluster.db* | sha256sum",
        directory
      )
      .output
    }

    /// Scenario 96.
    @Test("shows what flusterd shows: beside it, after its end, and from a copy")
    func equality() throws {
      try Instance.with { instance in
        let jobs = try work(instance)
        let live = try Pages(of: instance, at: instance.controlSocket, jobs: jobs)
        func check(_ path: String, _ words: Comment) throws {
          let view = try StoreView.open(path)
          let shown = try Pages(of: instance, at: socket(of: view), jobs: jobs)
          #expect(shown.difference(from: live) == [], words)
        }
        try check(instance.stateDirectory, "beside the flusterd")
        let copy = "\(instance.files)/copy.db"
        #expect(try instance.run("fluster-ctl", "backup", copy).status == 0)
        try check(copy, "a backup")
        _ = try instance.end(.controller, by: SIGKILL)
        let crashed = try files(instance.stateDirectory)
        try check(instance.stateDirectory, "after a crash")
        try check("\(instance.stateDirectory)/fluster.db", "the file, after a crash")
        #expect(try files(instance.stateDirectory) == crashed)
        // As one copies them by hand: without the index of the log.
        let taken = "\(instance.files)/taken"
        _ = try run(
          "sh", "-c", "mkdir \"$1\" && cp \"$0\"/fluster.db \"$0\"/fluster.db-wal \"$1\"",
          instance.stateDirectory, taken)
        let before = try files(taken)
        try check(taken, "two of three files")
        #expect(try files(taken) == before)
        try instance.start(.controller)
        for job in jobs.suffix(6) { _ = try instance.run("fluster-kill", job) }
      }
    }

    /// What a page says that is not measured against now, and is not kept outside the store. Of
    /// what `isOver` nothing is measured against now.
    private func main(of page: String, isOver: Bool = false) throws -> String {
      let main = try #require(page.firstMatch(of: /(?s)<main[^>]*>(.*)<\/main>/)).output.1
      let kept = String(main).replacing(/(?s)<section id="output".*?<\/section>/, with: "")
      guard !isOver else { return kept }
      return
        kept
        .replacing(/(?s)<figure.*?<\/figure>/, with: "")
        .replacing(/(?s)<svg.*?<\/svg>/, with: "")
        // A time that goes on is marked, for the script.
        .replacing(/<span data-ran="[0-9]+">([^<]*)<\/span>/) { $0.output.1 }
        .replacing(/[0-9][0-9.]*(ms|s|m|h|d)([0-9]+(ms|s|m|h))*/, with: "some time")
    }

    /// Scenario 96.
    @Test("every page of a crashed instance is the one that was")
    func pages() throws {
      try Instance.with { instance in
        let jobs = try work(instance)
        let paths =
          ["/", "/queue", "/jobs", "/workers", "/worker/w1", "/users", "/endpoints"]
          + jobs.map { "/job/\($0)" }
        let live = try WebServer(instance)
        let shown = try paths.map { try main(of: live.page($0)) }
        try live.end()
        _ = try instance.end(.controller, by: SIGKILL)
        let dead = try WebServer(instance, "--store", instance.stateDirectory)
        for (path, page) in zip(paths, shown) {
          #expect(try main(of: dead.page(path)) == page, "\(path)")
        }
        try dead.end()
        try instance.start(.controller)
        for job in jobs.suffix(6) { _ = try instance.run("fluster-kill", job) }
      }
    }

    /// Something that a user or an administrator could do next, from a seed.
    private func act(
      _ instance: Instance, _ jobs: inout [String], using random: inout SeededNumbers
    ) throws {
      let any = jobs.randomElement(using: &random) ?? "1"
      switch Int.random(in: 0..<12, using: &random) {
      case 0: _ = try instance.run("fluster-kill", "-r", "chance", any)
      case 1: _ = try instance.run("fluster-set", any, "hold")
      case 2: _ = try instance.run("fluster-set", any, "release")
      case 3: _ = try instance.run("fluster-set", any, "priority", "\(random.next() % 9)")
      case 4: _ = try instance.run("fluster-ctl", random.next() % 4 == 0 ? "drain" : "resume", "w1")
      default:
        var words = ["fluster-submit", "-n", "job-\(random.next() % 5)", "--cpus", "0.5"]
        func now(and then: Int, _ more: [String]) {
          if Int.random(in: 0..<then, using: &random) == 0 { words += more }
        }
        now(
          and: 2,
          ["-a", ["1-3", "0-90", "5-9:2", "1-60%2"].randomElement(using: &random) ?? "1-2"])
        now(and: 5, ["--hold"])
        now(and: 4, ["--after", any])
        now(and: 4, ["--retries", "2", "--backoff", "0s..0s"])
        now(and: 6, ["--max-failures", "3"])
        now(and: 6, ["--band", "batch"])
        now(and: 6, ["--key", "key-\(random.next() % 3)", "--if-exists", "replace"])
        let scripts = [
          "true", "exit $((FLUSTER_TASK_INDEX % 3))", "[ $FLUSTER_ATTEMPT = 1 ]", "kill -9 $$",
          "exec sleep 1000", "fluster-submit -n child --cpus 0.1 -- true",
        ]
        words += ["--", "sh", "-c", scripts.randomElement(using: &random) ?? "true"]
        if let id = try instance.launch(words).finish().lines.first { jobs.append(id) }
      }
    }

    /// All pages and what programs read, of an instance of which nothing changes any more.
    private func everything(
      _ web: WebServer, _ jobs: [String], when isOver: (String) -> Bool
    ) throws -> [String: String] {
      var shown: [String: String] = [:]
      let pages = ["/", "/queue", "/jobs", "/jobs?state=failed", "/users", "/endpoints"]
      for path in pages + ["/workers", "/worker/w1"] { shown[path] = try main(of: web.page(path)) }
      for job in jobs {
        // Pictures of what goes on end now, and that of a store is when something last happened.
        shown["/job/\(job)"] = try main(of: web.page("/job/\(job)"), isOver: isOver(job))
        shown["/api/job/\(job)"] = try web.page("/api/job/\(job)")
      }
      for path in ["/api/jobs", "/api/users", "/api/endpoints", "/api/events?cursor=start"] {
        shown[path] = try web.page(path)
      }
      return shown
    }

    /// The first lines of two pages that differ.
    private func difference(of page: String, from other: String) -> String? {
      let lines = page.split(separator: "\n"), others = other.split(separator: "\n")
      let place = zip(lines, others).enumerated().first { $0.element.0 != $0.element.1 }?.offset
      guard
        let place = place ?? (lines.count == others.count ? nil : min(lines.count, others.count))
      else { return nil }
      return "\(others.dropFirst(place).first ?? "nothing")\nand not\n"
        + "\(lines.dropFirst(place).first ?? "nothing")"
    }

    /// Scenario 96.
    @Test("whatever was done by chance, every page of the store is the one that was")
    func chance() throws {
      var random = SeededNumbers()
      let seed = random.seed
      try Instance.with(worker: ["--cpus", "2", "--mem", "2G"]) { instance in
        var jobs: [String] = []
        for _ in 0..<50 { try act(instance, &jobs, using: &random) }
        jobs = try instance.run("fluster-ls", "-aAq").lines
        let live = try WebServer(instance)
        var shown: [String: String] = [:]
        var ended: Set<String> = []
        // As it was while the newest event was the newest: nothing of it is half before another.
        try eventually("nothing changes", within: 120) {
          let before = try live.page("/api/events?newest=1")
          ended = Set(
            try jobs.filter { try ParsedJSON(live.page("/api/job/\($0)"))["ended_at"] != nil })
          shown = try everything(live, jobs) { ended.contains($0) }
          return try live.page("/api/events?newest=1") == before
        }
        try live.end()
        _ = try instance.end(.controller, by: SIGKILL)
        let dead = try WebServer(instance, "--store", instance.stateDirectory)
        for (path, page) in try everything(dead, jobs, when: { ended.contains($0) }) {
          #expect(
            difference(of: page, from: shown[path] ?? "") == nil, "\(path), FLUSTER_SEED=\(seed)")
        }
        try dead.end()
        try instance.start(.controller)
        try instance.run("sh", "-c", "fluster-ls -q | fluster-kill -")
      }
    }

    @Test("is read and never changed; who asks for a change is told why")
    func reading() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let job = try instance.submit("--hold", "--", "true")
        _ = try instance.end(.controller, by: SIGTERM)
        let before = try files(instance.stateDirectory)
        let view = try StoreView.open(instance.stateDirectory)
        func ask(_ words: String...) throws -> Finished {
          try instance.launch(words + ["--socket", socket(of: view)]).finish()
        }
        #expect(try ask("fluster-ls", "-q").lines == [job])
        for words in [
          ["fluster-kill", job], ["fluster-set", job, "release"], ["fluster-submit", "--", "true"],
          ["fluster-ctl", "backup", "copy.db"], ["fluster-wait", job],
        ] {
          let refused = try instance.launch(
            words.prefix(1) + ["--socket", socket(of: view)] + words.dropFirst()
          ).finish()
          #expect(refused.status != 0, "\(words) \(refused)")
          #expect(refused.errors.contains("is a store that was opened for reading"), "\(refused)")
        }
        #expect(try files(instance.stateDirectory) == before)
        // A flusterd has begun to write what was taken for closed.
        try instance.start(.controller)
        _ = try instance.run("fluster-kill", job)
        let late = try ask("fluster-ls", "-q")
        #expect(late.errors.contains("has changed since it was opened for reading"), "\(late)")
      }
    }

    @Test("follows a flusterd that goes on")
    func following() throws {
      try Instance.with(daemons: [.controller]) { instance in
        _ = try instance.submit("--hold", "--", "true")
        let view = try StoreView.open(instance.stateDirectory)
        let second = try instance.submit("--hold", "--", "true")
        try eventually("the second job is shown") {
          try instance.run("fluster-ls", "-q", "--socket", socket(of: view)).lines.contains(second)
        }
        _ = try instance.run("fluster-kill", "1-2")
      }
    }

    @Test("what is no store, or an old one, is told with a sentence")
    func refusals() throws {
      let directory = try TemporaryDirectory()
      defer { directory.remove() }
      func refusal(_ name: String) -> String {
        do {
          _ = try StoreView.open("\(directory.path)/\(name)")
          return "none"
        } catch {
          return "\(error)"
        }
      }
      #expect(refusal("none.db").contains("none.db cannot be read: no such file"))
      #expect(refusal("").contains("fluster.db cannot be read: no such file"))
      _ = try run("sh", "-c", "echo text > \"$0\"/text.db", directory.path)
      let wayOut = "name the state directory of a flusterd, the fluster.db in it, or a backup of it"
      func expectForeign(_ name: String) {
        let told = refusal(name)
        #expect(told.contains("\(name) is not a store of Fluster"), "\(told)")
        #expect(told.contains(wayOut), "\(told)")
      }
      expectForeign("text.db")
      _ = try run("sqlite3", "\(directory.path)/other.db", "CREATE TABLE t (x)")
      expectForeign("other.db")
    }
  }
}
