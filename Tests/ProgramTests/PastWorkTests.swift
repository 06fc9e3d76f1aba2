import FlusterDaemon
import FlusterProtocol
import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("what a dashboard asks of the past")
  struct PastWork {
    private func answers(
      _ socket: String, _ body: WireEnvelope.OneOf_Body
    ) throws -> [WireEnvelope.OneOf_Body] {
      let talker = try Talker(to: socket)
      try talker.greet()
      return try talker.answers(to: body)
    }

    /// What went on in a stretch that is over.
    private func history(_ socket: String, _ change: (inout WireReadHistory) -> Void) throws
      -> WireHistory
    {
      var question = WireReadHistory()
      change(&question)
      let talker = try Talker(to: socket)
      try talker.greet()
      try talker.send(WireEnvelope(request: 1, .readHistory(question)).frame())
      switch try talker.receive()?.body {
      case .history(let history)?: return history
      case .error(let error)?: throw Failed(error.message, number: EINVAL)
      default: throw Failed("read the history", number: ENOMSG)
      }
    }

    /// Milliseconds since 1970.
    private var now: Int64 { Int64(time(nil)) * 1000 }

    @Test("what ran is added up alike by flusterd and from its store, for all and for one job")
    func sums() throws {
      try Instance.with(worker: ["--cpus", "4", "--mem", "4G"]) { instance in
        let start = now - 60_000
        let many = try instance.submit("-a", "1-30", "--mem", "10M", "--", "sleep", "0.05")
        let failing = try instance.submit(
          "--retries", "1", "--backoff", "0s..0s", "--mem", "10M", "--", "false")
        for job in [many, failing] { _ = try instance.wait(job) }
        func sums(_ socket: String, job: String? = nil, user: UInt32? = nil) throws -> WireHistory {
          try history(socket) { question in
            question.fromMs = start
            question.untilMs = start + 120_000
            question.parts = 12
            if let job = job.flatMap({ UInt64($0) }) { question.job = job }
            if let user { question.user = user }
          }
        }
        let all = try sums(instance.controlSocket)
        #expect(all.parts.count == 12 && !all.cut)
        #expect(all.parts.reduce(0) { $0 + $1.started } == 32)
        let ended = all.parts.flatMap(\.ended)
        func count(_ state: WireState) -> UInt32 {
          ended.filter { $0.state == state }.reduce(0) { $0 + $1.count }
        }
        #expect(count(.succeeded) == 30 && count(.failed) == 2)
        #expect(all.waits.reduce(0) { $0 + $1.jobs } == 2)
        let cpu = all.parts.reduce(0) { $0 + $1.cpuMs }
        #expect(cpu >= 1500 && cpu < 120_000, "\(cpu)")
        let one = try sums(instance.controlSocket, job: many)
        #expect(one.parts.reduce(0) { $0 + $1.started } == 30)
        #expect(try sums(instance.controlSocket, user: getuid()) == all)
        let others = try sums(instance.controlSocket, user: 65_533)
        #expect(others.parts.allSatisfy { $0 == WireHistoryPart() })
        try instance.end(.controller, by: SIGKILL)
        let view = try StoreView.open(instance.stateDirectory)
        #expect(try sums(view.socket) == all)
        #expect(try sums(view.socket, job: many) == one)
        withExtendedLifetime(view) {}
        try instance.start(.controller)
        #expect(try sums(instance.controlSocket) == all)
      }
    }

    @Test("a stretch that is none is refused with a sentence")
    func refusals() throws {
      try Instance.with(daemons: [.controller]) { instance in
        for (from, until, parts) in [
          (0, 0, 1), (10, 5, 1), (-5, 5, 1), (0, 10, 0), (0, 10_000, 1001), (0, 10, 3),
          (0, .max, 1),
        ] as [(Int64, Int64, UInt32)] {
          #expect(throws: Failed.self, "\(from) \(until) \(parts)") {
            try history(instance.controlSocket) { question in
              question.fromMs = from
              question.untilMs = until
              question.parts = parts
            }
          }
        }
        #expect(throws: Failed.self) {
          try history(instance.controlSocket) { question in
            (question.untilMs, question.parts, question.job) = (10, 1, 99)
          }
        }
      }
    }

    private func children(
      of parent: String, _ socket: String, _ change: (inout WireList) -> Void = { _ in }
    ) throws -> [String] {
      var list = WireList()
      list.allAges = true
      list.parent = UInt64(parent) ?? 0
      change(&list)
      return try answers(socket, .list(list)).flatMap { answer -> [String] in
        guard case .listing(let page) = answer else { return [] }
        return page.jobs.map { "\($0.job)" }
      }
    }

    @Test("the children of a job are listed, ended and not, from flusterd and from its store")
    func families() throws {
      try Instance.with(worker: ["--cpus", "4", "--mem", "4G"]) { instance in
        let script = """
          for i in 1 2 3; do fluster-submit -n "ended$i" -- true; done
          for i in 1 2; do fluster-submit -n "open$i" --hold -- true; done; exec sleep 1000
          """
        let parent = try instance.submit("-n", "parent", "--", "sh", "-c", script)
        var ids: [String] = []
        try eventually("it has submitted five") {
          ids = try instance.log(of: parent).split(separator: "\n").map(String.init)
          return ids.count == 5
        }
        for id in ids.prefix(3) { _ = try instance.wait(id) }
        let other = try instance.submit("--", "true")
        _ = try instance.wait(other)
        func check(_ socket: String, _ words: Comment) throws {
          #expect(try children(of: parent, socket) == ids, words)
          #expect(try children(of: parent, socket) { $0.newest = 3 } == ids.suffix(3), words)
          let before = try children(of: parent, socket) { list in
            list.before = UInt64(ids[3]) ?? 0
            list.newest = 2
          }
          #expect(before == [ids[1], ids[2]], words)
          #expect(try children(of: ids[0], socket) == [], words)
          let running = try children(of: parent, socket) { $0.states = [.pending] }
          #expect(running == [ids[3], ids[4]], words)
        }
        try check(instance.controlSocket, "live")
        let web = try WebServer(instance)
        let page = try web.page("/job/\(parent)")
        for id in ids { #expect(page.contains("<a href=\"/job/\(id)\">"), "\(id)") }
        #expect(try web.page("/job/\(ids[0])").contains("<a href=\"/job/\(parent)\">\(parent)</a>"))
        #expect(try !web.page("/job/\(other)").contains("Children"))
        let older = try web.words("/job/\(parent)?children=\(ids[1])")
        #expect(older.contains("ended1") && !older.contains("ended2"))
        try web.end()
        try instance.end(.controller, by: SIGKILL)
        let view = try StoreView.open(instance.stateDirectory)
        try check(view.socket, "from the store")
        withExtendedLifetime(view) {}
        try instance.start(.controller)
        try check(instance.controlSocket, "after a crash")
        _ = try instance.run("fluster-kill", parent)
        _ = try instance.wait(parent)
        #expect(try children(of: parent, instance.controlSocket) == ids)
      }
    }

    @Test("what a worker did itself is found among all that its tasks did")
    func workers() throws {
      try Instance.with(worker: ["--cpus", "4", "--mem", "4G"]) { instance in
        func kinds(_ workers: [String], _ newest: UInt32, _ socket: String) throws -> [String] {
          var watch = WireWatch()
          watch.allUsers = true
          watch.newest = newest
          watch.workers = workers
          return try answers(socket, .watch(watch)).flatMap { answer -> [String] in
            guard case .feed(let page) = answer else { return [] }
            return page.events.map { "\($0.worker) \($0.kind)" }
          }
        }
        // It is known once it has registered.
        try eventually("the worker is drained") {
          try instance.run("fluster-ctl", "drain", "w1").status == 0
        }
        _ = try instance.submit("-n", "later", "--", "true")
        #expect(try instance.run("fluster-ctl", "resume", "w1").status == 0)
        _ = try instance.wait(try instance.submit("-a", "1-2000", "--", "true"))
        let all = ["w1 worker_registered", "w1 worker_drained", "w1 worker_resumed"]
        #expect(try kinds(["w1"], 50, instance.controlSocket) == all)
        #expect(try kinds(["w1"], 2, instance.controlSocket) == all.suffix(2))
        #expect(try kinds(["none"], 50, instance.controlSocket) == [])
        let web = try WebServer(instance)
        #expect(try web.words("/worker/w1").contains("worker drained"))
        try web.end()
        try instance.end(.controller, by: SIGKILL)
        let view = try StoreView.open(instance.stateDirectory)
        #expect(try kinds(["w1"], 50, view.socket).prefix(3) == all[...])
        withExtendedLifetime(view) {}
        try instance.start(.controller)
      }
    }
  }
}
