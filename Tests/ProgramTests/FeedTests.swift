import FlusterProtocol
import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("the feed")
  struct FeedTests {
    private static func json(_ key: String, in line: String) -> String? {
      guard let start = line.firstRange(of: "\"\(key)\":")?.upperBound else { return nil }
      let rest = line[start...]
      if rest.first == "\"" { return String(rest.dropFirst().prefix { $0 != "\"" }) }
      return String(rest.prefix { !",}".contains($0) })
    }

    private func events(_ instance: Instance, _ arguments: String...) throws -> [String] {
      let listed = try instance.launch(["fluster-ls", "--json"] + arguments).finish()
      try #require(listed.status == 0, "\(listed)")
      return listed.lines
    }

    private func kinds(_ lines: [String]) -> [String] {
      lines.map { line in
        (Self.json("event", in: line) ?? "?") + " " + (Self.json("state", in: line) ?? "-")
      }
    }

    @Test("what a follower prints while flusterd dies again and again is what the store holds")
    func crashes() throws {
      try Instance.with { instance in
        let follower = try instance.launch([
          "fluster-ls", "--follow", "-a", "--json", "--cursor", "start",
        ])
        try eventually("it follows") { Programs.connections(at: instance.controlSocket) == 1 }
        var load = Load(instance)
        for _ in 0..<Programs.crashRounds { try load.round(killing: .controller) }
        try load.settle()
        let stored = try events(instance, "-a", "--cursor", "start")
        let cursors = stored.compactMap { Self.json("cursor", in: $0) }
        let numbers = cursors.compactMap { $0.split(separator: "-").last.flatMap { UInt64($0) } }
        #expect(numbers == Array(1...UInt64(max(1, stored.count))))
        try eventually("the follower has caught up") {
          !follower.isRunning
            || follower.outputSoFar.split(separator: "\n").count >= stored.count
        }
        follower.signal(SIGTERM)
        let printed = try follower.finish()
        #expect(printed.lines == stored, "\(printed.errors)")
        #expect(kinds(stored).contains("task_ended failed"))
      }
    }

    @Test("each cursor goes on behind its line, whatever was printed before")
    func resumes() throws {
      try Instance.with { instance in
        let id = try instance.submit("-n", "one", "--", "sh", "-c", "exit 3")
        #expect(try instance.wait(id) == 3)
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        let all = try events(instance, "--cursor", "start")
        #expect(
          kinds(all).filter { !$0.hasPrefix("task_building") } == [
            "job_submitted pending", "task_assigned assigned", "task_started running",
            "task_ended failed", "job_ended failed",
          ])
        #expect(all.allSatisfy { $0.hasPrefix("{\"schema\":1,\"cursor\":\"") })
        #expect(all.allSatisfy { Self.json("name", in: $0) == "one" })
        for (index, line) in all.enumerated() {
          let cursor = try #require(Self.json("cursor", in: line))
          #expect(try events(instance, "--cursor", cursor) == Array(all[(index + 1)...]))
        }
        #expect(try events(instance, "-a", "--cursor", "start").count >= all.count + 1)
      }
    }

    @Test("a follower is told its own jobs as they go, those it named, and the newest first")
    func follows() throws {
      try Instance.with { instance in
        let old = try instance.submit("--hold", "-n", "old", "--", "true")
        func follow(_ arguments: String...) throws -> Program {
          let follower = try instance.launch(["fluster-ls", "--follow", "-v"] + arguments)
          // The first page comes at once, and nothing after it can be missed.
          try eventually("it follows") { follower.errorsSoFar.contains("following behind") }
          return follower
        }
        let mine = try follow("-n", "1")
        let named = try follow("name:new*", "-q")
        let one = try follow(old, "--json")
        let new = try instance.submit("-a", "1-3", "-n", "newer", "--", "true")
        #expect(try instance.wait(new) == 0)
        try instance.run("fluster-kill", "-r", "no more", old)
        try eventually("all has been told") {
          mine.outputSoFar.contains("job_kill_requested  -  by")
            && mine.outputSoFar.contains("no more")
            && mine.outputSoFar.contains("  \(new).3  task_ended  succeeded  exit, status 0")
            && one.outputSoFar.contains("\"event\":\"job_ended\"")
            && named.outputSoFar.split(separator: "\n").count { $0 == new } == 1
        }
        #expect(!one.outputSoFar.contains("\"job\":\(new)"))
        #expect(!named.outputSoFar.split(separator: "\n").contains { $0 == old })
        for follower in [mine, named, one] {
          follower.signal(SIGTERM)
          _ = try follower.finish()
        }
      }
    }

    @Test("a follower whose reader has gone ends by itself")
    func closedPipe() throws {
      try Instance.with { instance in
        _ = try instance.submit("--hold", "--", "true")
        let ended = try instance.run(
          "sh", "-c", "fluster-ls --follow -n 1 | head -n 1", within: 10)
        #expect(ended.status == 0 && ended.lines.count == 1 && ended.errors == "", "\(ended)")
      }
    }

    /// Scenarios 6, 7.
    @Test("recent actions: the window is what KeepEvents says, and what is missing is counted")
    func window() throws {
      try Instance.with(settings: "[Controller]\nKeepEvents=100\n", daemons: [.controller]) {
        instance in
        for _ in 0..<15 {
          try instance.run(
            "sh", "-c",
            "for i in 1 2 3 4 5 6 7 8 9 10; do fluster-submit --hold -n job -- true; done")
        }
        let recent = try events(instance, "--cursor", "start")
        #expect(recent.count == 100)
        #expect(Self.json("job", in: recent[0]) == "51")
        #expect(try recentActions(200, instance).map(\.job) == Array(51...150))
        let three = try recentActions(3, instance)
        #expect(three.map(\.job) == [148, 149, 150])
        #expect(three.allSatisfy { $0.kind == "job_submitted" && $0.name == "job" })
        #expect(three.allSatisfy { $0.atMs > 1_700_000_000_000 })
        let cursor = try #require(Self.json("cursor", in: recent[0]))
        let store = cursor.prefix { $0 != "-" }
        let behind = try events(instance, "--cursor", "\(store)-10")
        #expect(behind.count == 101)
        #expect(
          behind[0]
            == "{\"schema\":1,\"cursor\":\"\(store)-50\",\"event\":\"gap\",\"missing\":40}")
        #expect(Array(behind[1...]) == recent)
        let ahead = try instance.run("fluster-ls", "--cursor", "\(store)-151")
        #expect(ahead.status == 65 && ahead.errors.contains("150"), "\(ahead)")
        let other = try instance.run(
          "fluster-ls", "--follow", "--cursor", "00112233445566778899aabbccddeeff-1")
        #expect(other.status == 65 && other.errors.contains("another store"), "\(other)")
        #expect(other.errors.contains("start"))
        let nonsense = try instance.run("fluster-ls", "--cursor", "7")
        #expect(nonsense.status == 64, "\(nonsense)")
      }
    }

    /// The last so many, as a dashboard asks for them.
    private func recentActions(_ count: UInt32, _ instance: Instance) throws -> [WireEvent] {
      let talker = try Talker(to: instance.controlSocket)
      try talker.greet()
      var watch = WireWatch()
      watch.newest = count
      try talker.send(WireEnvelope(request: 1, .watch(watch)).frame())
      var events: [WireEvent] = []
      while true {
        switch try talker.receive()?.body {
        case .feed(let page): events += page.events
        case .done: return events
        case let other: throw TimedOut(what: "the feed, not \(String(describing: other))")
        }
      }
    }

    @Test("who does not read slows nobody down, costs little, and misses nothing")
    func slow() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let slow = try Talker(to: instance.controlSocket)
        try slow.greet()
        var watch = WireWatch()
        watch.after = WireCursor()
        watch.live = true
        for number in UInt64(1)...20 {
          try slow.send(WireEnvelope(request: number, .watch(watch)).frame())
        }
        let quick = try Talker(to: instance.controlSocket)
        try quick.greet()
        let array = try instance.submit("--hold", "-a", "1-3000", "--", "true")
        for _ in 0..<20 {
          // A thousand ranges: ten events of a hundred each.
          let odd = stride(from: 1, to: 2000, by: 2).map { "\(array).\($0)\n" }.joined()
          try instance.run("fluster-set", "-", "hold", input: odd)
          try instance.run("fluster-set", array, "release")
        }
        #expect(try quick.p99() < 50_000_000)
        let status = try text(at: "/proc/\(instance.pid(of: .controller))/status")
        let memory = try #require(
          status.firstMatch(of: /RssAnon:\s+(\d+) kB/).flatMap { Int($0.1) })
        #expect(memory < 60_000, "\(memory) kB")
        let newest = try recentActions(1, instance).map(\.sequence)
        var places: [UInt64: UInt64] = [:]
        while places.count < 20 || places.values.contains(where: { [$0] != newest }) {
          let answer = try #require(try slow.receive())
          guard case .feed(let page) = answer.body else { break }
          for event in page.events {
            #expect(event.sequence == places[answer.request, default: 0] + 1)
            places[answer.request] = event.sequence
          }
        }
        #expect(places.count == 20)
      }
    }
  }
}
