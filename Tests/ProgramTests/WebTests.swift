import FlusterSystem
import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("fluster-web")
  struct WebTests {
    private static let everyPage = [
      "/", "/queue", "/jobs", "/job/1", "/job/1/log", "/workers", "/worker/w1", "/users",
      "/endpoints",
    ]

    /// Scenario 93.
    @Test("the overview, /health and /metrics count jobs by state and the workers that are well")
    func counts() throws {
      try Instance.with(worker: ["--cpus", "1", "--mem", "1G"]) { instance in
        try instance.addWorker("w2", ["--cpus", "1", "--mem", "1G"])
        try instance.run("fluster-ctl", "drain", "w2")
        #expect(try instance.wait(instance.submit("--", "true")) == 0)
        #expect(try instance.wait(instance.submit("--", "sh", "-c", "exit 3")) == 3)
        let running = try instance.submit("--", "sleep", "1000")
        try instance.waitUntil(running, is: "running")
        _ = try instance.submit("--", "true")
        let web = try WebServer(instance)
        let words = try web.words("/")
        for count in [
          "1 pending", "1 running", "1 succeeded", "1 failed", "1 of 2 workers well",
          "0 endpoints",
        ] { #expect(words.contains(count), "\(count): \(words)") }
        #expect(try web.page("/").contains("<title>Overview – Fluster</title>"))
        let health = try ParsedJSON(try web.page("/health"))
        #expect(health["status"] == .string("ok"))
        #expect(health["workers"] == .number("2") && health["healthy_workers"] == .number("1"))
        #expect(health["jobs"] == .number("4"))
        let metrics = try MetricSamples(try web.page("/metrics"))
        #expect(metrics["fluster_up"] == 1)
        for state in ["pending", "running", "succeeded", "failed"] {
          #expect(metrics["fluster_jobs{state=\"\(state)\"}"] == 1, "\(state)")
        }
        #expect(metrics["fluster_jobs{state=\"killed\"}"] == 0)
        #expect(metrics["fluster_workers{state=\"ready\"}"] == 1)
        #expect(metrics["fluster_workers{state=\"drained\"}"] == 1)
        #expect(metrics["fluster_open_attempts"] == 1 && metrics["fluster_pending_tasks"] == 1)
        #expect(metrics["fluster_worker_free_cpus{worker=\"w2\"}"] == 1)
        try instance.run("fluster-kill", running)
        try web.end()
      }
    }

    /// Scenario 94.
    @Test("every state of a job has its word")
    func states() throws {
      try Instance.with(worker: ["--cpus", "4", "--mem", "1G"]) { instance in
        let web = try WebServer(instance)
        try instance.addWorker("w2", ["--cpus", "1", "--mem", "1G"])
        var expected: [String: String] = [:]
        expected[try instance.submit("--hold", "--", "true")] = "pending"
        expected[try instance.submit("--", "true")] = "succeeded"
        expected[try instance.submit("--", "false")] = "failed"
        let killed = try instance.submit("--", "sleep", "1000")
        try instance.waitUntil(killed, is: "running")
        try instance.run("fluster-kill", killed)
        expected[killed] = "killed"
        let lost = try instance.submit(
          "--retries-lost", "0", "--constraint", "worker = w2", "--", "sleep", "1000")
        // A job runs from its assignment on; what is lost before its start is told is not charged.
        try eventually("flusterd knows that it has started") {
          try instance.run("fluster-ls", "--json", lost).output.contains("started_at")
        }
        try instance.killWorker("w2")
        try instance.killShim(of: "w2")
        try eventually("w2 is forgotten") {
          try instance.run("fluster-ctl", "forget", "w2").status == 0
        }
        expected[lost] = "worker-failed"
        let running = try instance.submit("--", "sleep", "1000")
        try instance.waitUntil(running, is: "running")
        expected[running] = "running"
        let late = try instance.submit("--cpus", "4", "--schedule-timeout", "1s", "--", "true")
        expected[late] = "unschedulable"
        for (id, state) in expected { try instance.waitUntil(id, is: state) }
        let jobs = try web.page("/jobs")
        for (id, state) in expected {
          #expect(try web.words("/job/\(id)").contains("Job \(id)"))
          let row = try #require(
            jobs.split(separator: "<tr>").first { $0.contains("href=\"/job/\(id)\">\(id)<") })
          #expect(row.contains(">\(state)</span>"), "\(id): \(row)")
          #expect(try web.words("/jobs?state=\(state)").contains(" \(id) "), "\(state)")
        }
        #expect(!jobs.contains("unknown") && !jobs.contains("state-"))
        // What the shim does not answer stays between the two; the job runs meanwhile.
        kill(try instance.pid(of: .shim), SIGSTOP)
        let built = try instance.submit("-a", "1-2", "--", "true")
        try eventually("a task is being built") {
          try web.page("/job/\(built)").contains("\"state building\"")
        }
        kill(try instance.pid(of: .shim), SIGCONT)
        #expect(try instance.wait(built) == 0)
        try instance.run("fluster-kill", running)
        try web.end()
      }
    }

    /// Scenario 95.
    @Test("what users chose is text on every page, and every page is valid")
    func escaping() throws {
      let evil = "<script>alert('x')</script>&\"<b>"
      try Instance.with { instance in
        let id = try instance.submit("-n", evil, "--comment", evil, "--", "sleep", "1000")
        try instance.waitUntil(id, is: "running")
        let other = try instance.submit("--hold", "-n", evil, "--", "echo", evil)
        try instance.run("fluster-kill", "-r", evil, id)
        _ = try instance.wait(id)
        let loud = try instance.submit("-n", evil, "--", "echo", evil)
        _ = try instance.wait(loud)
        let web = try WebServer(instance)
        let pages = Self.everyPage + ["/job/\(other)", "/job/\(loud)", "/job/\(loud)/log"]
        for path in pages {
          let page = try web.page(path)
          #expect(!page.contains("<script>") && !page.contains("<b>"), "\(path): \(page)")
          try expectValid(page, path)
        }
        for path in ["/", "/jobs", "/job/\(id)", "/job/\(loud)/log"] {
          #expect(try web.page(path).contains("&lt;script&gt;alert(&#39;x&#39;)"), "\(path)")
        }
        for path in ["/<script>", "/job/<b>", "/jobs?state=%3Cb%3E", "/worker/%3Cb%3E"] {
          let answer = try web.get(path)
          #expect((400..<500).contains(answer.status) && !answer.body.contains("<b>"), "\(path)")
        }
        try web.end()
      }
    }

    @Test("an open page is told of what changes, and of flusterd's going and coming")
    func live() throws {
      try Instance.with { instance in
        let web = try WebServer(instance)
        let page = try web.page("/jobs")
        let digest = try #require(page.firstMatch(of: /data-live="([0-9a-f]+)"/)?.1)
        let visitor = try web.follow("/live/jobs?digest=\(digest)")
        // It has the present page already.
        try visitor.event("current")
        _ = try instance.submit("-n", "fresh", "--", "true")
        try visitor.event("page") { $0.contains("fresh") && $0.contains("succeeded") }
        try instance.end(.controller, by: SIGKILL)
        let sentence = try visitor.event("away")
        #expect(sentence.contains("flusterd"), "\(sentence)")
        let answer = try web.get("/jobs")
        #expect(answer.status == 503 && answer.body.withoutMarkup.contains("fluster up"))
        #expect(try web.get("/health").status == 503)
        #expect(try MetricSamples(try web.page("/metrics"))["fluster_up"] == 0)
        try instance.start(.controller)
        try visitor.event("back")
        _ = try instance.submit("-n", "later", "--", "true")
        try visitor.event("page") { $0.contains("later") }
        try web.end()
        try visitor.waitForEnd()
      }
    }

    @Test("a log is followed from where its page ends, through a retry, to the end of the task")
    func log() throws {
      try Instance.with { instance in
        let script = """
          echo one of $FLUSTER_ATTEMPT; while [ ! -e go ]; do sleep 0.02; done
          printf 'tw\\303'; sleep 0.1; printf '\\266 <&\\n'; [ $FLUSTER_ATTEMPT = 1 ]
          """
        let id = try instance.submit(
          "--retries", "1", "--backoff", "0s..0s", "--", "sh", "-c", script)
        let web = try WebServer(instance)
        try eventually("it has printed") { try web.page("/job/\(id)").contains("one of 0") }
        let page = try web.page("/job/\(id)/log")
        let stream = try #require(page.firstMatch(of: /data-log="([^"]+)"/)?.1)
        let visitor = try web.follow(String(stream.replacing("&amp;", with: "&")))
        try write("", to: "\(instance.files)/go")
        // A character that came in two halves is whole.
        var seen = ""
        while !seen.contains("one of 1\n") || seen.count(of: "tw\u{f6} <&\n") < 2 {
          seen += try ParsedJSON(try visitor.event("log")).string ?? ""
        }
        #expect(!seen.contains("one of 0"), "\(seen)")
        try visitor.event("end")
        #expect(try instance.wait(id) == 0)
        let attempts = try web.words("/job/\(id)")
        #expect(attempts.contains("failed exit") && attempts.contains("succeeded exit"))
        #expect(try web.page("/job/\(id)/log?attempt=0").contains("one of 0"))
        #expect(try !web.page("/job/\(id)/log").contains("data-log"))
        try web.end()
      }
    }

    @Test("/api gives the lines that the commands print")
    func interface() throws {
      try Instance.with { instance in
        let id = try instance.submit("-a", "1-3", "--", "true")
        _ = try instance.wait(id)
        _ = try instance.submit("--", "sh", "-c", "fluster-endpoint add a x:1; sleep 1000")
        try eventually("the endpoint is there") {
          try instance.run("fluster-ctl", "endpoints").output.contains("x:1")
        }
        let web = try WebServer(instance)
        for (path, command) in [
          ("jobs", "fluster-ls -aA --json"), ("job/\(id)", "fluster-ls -l --json \(id)"),
          ("workers", "fluster-ctl --tasks --json workers"), ("users", "fluster-ctl --json users"),
          ("endpoints", "fluster-ctl --json endpoints"),
          ("events?cursor=start", "fluster-ls -a --cursor start --json"),
        ] {
          let printed = try instance.run("sh", "-c", command)
          #expect(try web.page("/api/\(path)") == printed.output, "\(path)")
          #expect(!printed.output.isEmpty, "\(printed)")
        }
        #expect(try ParsedJSON(try web.page("/api/status"))["ready_workers"] == .number("1"))
        #expect(try web.get("/api/job/99").status == 404)
        try instance.run("fluster-kill", "@last")
        try web.end()
      }
    }

    @Test("only GET and HEAD of what is there are answered, and nobody is taken for somebody else")
    func requests() throws {
      try Instance.with { instance in
        let web = try WebServer(instance)
        let page = try web.get("/")
        let policy = try #require(page.headers["content-security-policy"])
        #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
        #expect(page.headers["x-content-type-options"] == "nosniff")
        let head = try web.get("/style.css", method: "HEAD")
        #expect(head.status == 200 && head.body.isEmpty)
        let tag = try #require(head.headers["etag"])
        let again = try web.get("/style.css", "If-None-Match: \(tag)")
        #expect(again.status == 304 && again.body.isEmpty)
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
          #expect(try web.get("/", method: method).status == 405, "\(method)")
        }
        for (path, status) in [
          ("/nothing", 404), ("/job/99", 404), ("/job/0", 404), ("/job/x", 404),
          ("/worker/none", 404), ("/jobs?state=none", 400), ("/../etc/passwd", 400),
          ("/%2e%2e/x", 400), ("/%zz", 400), ("/job/99/log", 404), ("/api/none", 404),
          ("/jobs?user=nobody-has-this-name", 404), ("/live/nothing", 404),
        ] { #expect(try web.get(path).status == status, "\(path)") }
        #expect(try web.get("/job/99").body.withoutMarkup.contains("job 99 does not exist"))
        let long = String(repeating: "a", count: 40_000)
        #expect((400..<500).contains(try web.get("/\(long)").status))
        #expect((400..<500).contains(try web.get("/", "X: \(long)").status))
        #expect(try web.get("/", "Content-Length: 5").status == 413)
        // It still answers.
        #expect(try web.get("/").status == 200)
        try web.end()
      }
    }

    @Test("at a port only the names of this machine are answered, and --user shows one user's jobs")
    func ports() throws {
      try Instance.with { instance in
        let hidden = "fluster-endpoint add hidden x:1 && exec sleep 1000"
        let id = try instance.submit("-n", "hidden", "--", "sh", "-c", hidden)
        try eventually("the endpoint is there") {
          try instance.run("fluster-ctl", "endpoints").output.contains("x:1")
        }
        let program = try instance.launch([
          "fluster-web", "--listen", "127.0.0.1:0", "--user", "65533",
        ])
        var port: UInt16 = 0
        try eventually("it says where it listens") {
          let match = program.errorsSoFar.firstMatch(of: /127\.0\.0\.1:(\d+)\//)
          port = match.flatMap { UInt16($0.1) } ?? 0
          return port > 0
        }
        for (host, status) in [
          ("localhost:\(port)", 200), ("127.0.0.1", 200), ("evil.example", 421),
          ("localhost.evil.example", 421),
        ] {
          let visitor = try WebVisitor(port: port)
          try visitor.ask("/jobs", ["Host: \(host)", "Connection: close"])
          let answer = try visitor.answer()
          #expect(answer.status == status, "\(host): \(answer)")
          #expect(!answer.body.contains("hidden"))
        }
        for path in [
          "/", "/queue", "/endpoints", "/api/events?cursor=start", "/worker/w1", "/users",
        ] {
          let visitor = try WebVisitor(port: port)
          try visitor.ask(path, ["Connection: close"])
          let answer = try visitor.answer()
          #expect(answer.status == 200 && !answer.body.contains("hidden"), "\(path): \(answer)")
        }
        for path in ["/job/\(id)", "/job/\(id)/log", "/api/job/\(id)"] {
          let visitor = try WebVisitor(port: port)
          try visitor.ask(path, ["Connection: close"])
          #expect(try visitor.answer().status == 404, "\(path)")
        }
        try instance.run("fluster-kill", id)
        program.signal(SIGINT)
        #expect(try program.finish().status == 0)
        for address in ["0.0.0.0:80", "192.0.2.1:80", "x", "unix:relative"] {
          let refused = try instance.run("fluster-web", "--listen", address)
          #expect(refused.status == 64 && refused.errors.contains("--listen"), "\(refused)")
        }
      }
    }

    @Test("a socket that listens already is served, as systemd passes it")
    func activation() throws {
      try Instance.with { instance in
        let path = "\(instance.directory)/passed.sock"
        let listener = try UnixSocket.listen(at: path, kind: .stream, mode: 0o600)
        let visitor = try WebVisitor(path)
        try visitor.ask("/health", ["Connection: close"])
        let program = try Program(
          ["sh", "-c", "exec env LISTEN_PID=$$ LISTEN_FDS=1 fluster-web"],
          environment: instance.environment, passing: [listener.raw])
        let answer = try visitor.answer()
        #expect(answer.status == 200 && answer.body.contains("\"status\":\"ok\""), "\(answer)")
        program.signal(SIGTERM)
        #expect(try program.finish().status == 0)
      }
    }

    @Test("a thousand open pages are told of a change, and one that does not read costs nothing")
    func many() throws {
      try Instance.with { instance in
        var limit = rlimit(rlim_cur: 4096, rlim_max: 4096)
        let name = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        getrlimit(name, &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(name, &limit)
        let web = try WebServer(instance)
        let before = try memory(of: web.pid)
        let lazy = try (0..<20).map { _ in try web.follow("/live/?digest=x") }
        let visitors = try (0..<1000).map { _ in try web.follow("/live/queue?digest=x") }
        for visitor in visitors { try visitor.event("page") }
        _ = try instance.submit("-n", "seen-by-all", "--hold", "--", "true")
        for visitor in visitors { try visitor.event("page") { $0.contains("seen-by-all") } }
        for number in 0..<20 {
          _ = try instance.submit("-n", "n\(number)", "--hold", "--", "true")
        }
        for visitor in visitors { try visitor.event("page") { $0.contains("n15") } }
        let after = try memory(of: web.pid)
        #expect(after - before < 96 << 10, "from \(before) to \(after) KiB")
        withExtendedLifetime(lazy) {}
        #expect(try web.get("/").status == 200)
        try web.end()
      }
    }

    @Test("with few descriptors who comes too many is told so, and is let in when others have gone")
    func scarcity() throws {
      try Instance.with { instance in
        let job = try instance.submit("--", "sh", "-c", "echo hi; exec sleep 1000")
        try instance.waitUntil(job, is: "running")
        let socket = "\(instance.directory)/web.sock"
        let program = try instance.launch([
          "sh", "-c", "ulimit -n 64; exec fluster-web --listen unix:\"$0\"", socket,
        ])
        try eventually("fluster-web listens") { Programs.answers(socket) }
        func status(_ path: String) throws -> Int {
          let visitor = try WebVisitor(socket)
          try visitor.ask(path, ["Connection: close"])
          return try visitor.answer().status
        }
        #expect(try status("/job/\(job)/log") == 200)
        // More than there may be, on streams that take the most descriptors.
        let streams = try (0..<100).map { _ -> WebVisitor in
          let stream = try WebVisitor(socket)
          try stream.ask("/live/job/\(job)/log")
          return stream
        }
        try eventually("the last of them has its answer") {
          try streams[99].answersBegin
        }
        let before = try processorTime(of: program.pid)
        for _ in 0..<20 { #expect(try status("/") == 503) }
        let spent = try processorTime(of: program.pid) - before
        #expect(spent < 100, "\(spent) ticks")
        for stream in streams { stream.leave() }
        try eventually("there is room again") { try status("/job/\(job)/log") == 200 }
        for path in Self.everyPage { #expect(try status(path) == 200, "\(path)") }
        program.signal(SIGTERM)
        #expect(try program.finish().status == 0)
        try instance.run("fluster-kill", job)
      }
    }

    /// In ticks, of which a second has a hundred.
    private func processorTime(of pid: Int32) throws -> Int {
      let fields = try text(at: "/proc/\(pid)/stat").split(separator: ")").last?.split(
        separator: " ")
      return try #require(
        fields.flatMap { fields in
          Int(fields[11]).flatMap { user in Int(fields[12]).map { user + $0 } }
        })
    }

    /// Resident, in KiB.
    private func memory(of pid: Int32) throws -> Int {
      let status = try text(at: "/proc/\(pid)/status")
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
      return try #require(
        line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
    }

    /// Has a parser that forgives nothing read a page.
    private func expectValid(_ page: String, _ path: String) throws {
      let script = """
        import sys
        try: import html5lib
        except ImportError: sys.exit(9)
        parser = html5lib.HTMLParser()
        parser.parse(sys.stdin.buffer.read())
        print(parser.errors) if parser.errors else None
        """
      let program = try Program(
        ["/usr/bin/python3", "-c", script], environment: ["PATH": "/usr/bin"], input: page)
      let checked = try program.finish()
      guard checked.status != 9 else {
        #expect(maySkip(because: "python3-html5lib is not installed"))
        return
      }
      #expect(checked.status == 0 && checked.output.isEmpty, "\(path): \(checked)")
    }
  }
}

/// Samples of Prometheus' text format, read strictly.
private struct MetricSamples {
  private var values: [String: Double] = [:]

  init(_ text: String) throws {
    var announced: Set<Substring> = []
    for line in text.split(separator: "\n") {
      if let match = line.wholeMatch(of: /# TYPE (\w+) (gauge|counter)/) {
        announced.insert(match.1)
      } else if !line.hasPrefix("# HELP ") {
        let match = try #require(
          line.wholeMatch(
            of: /((\w+)(?:\{\w+="(?:[^"\\]|\\.)*"(?:,\w+="[^"]*")*\})?) (\d+(?:\.\d+)?)/),
          "\(line)")
        #expect(announced.contains(match.2), "\(line)")
        values[String(match.1)] = Double(match.3)
      }
    }
  }

  subscript(sample: String) -> Double? { values[sample] }
}

extension String {
  /// How often `part` stands in it.
  fileprivate func count(of part: String) -> Int { ranges(of: part).count }
}
