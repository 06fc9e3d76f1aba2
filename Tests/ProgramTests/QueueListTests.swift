import FlusterProtocol
import FlusterTesting
import Testing

extension Programs {
  @Suite("what a dashboard asks")
  struct QueueLists {
    private func jobs(
      _ talker: Talker, _ change: (inout WireList) -> Void
    ) throws -> [WireJobRow] {
      var list = WireList()
      change(&list)
      return try talker.answers(to: .list(list)).flatMap { answer in
        if case .listing(let page) = answer { return page.jobs }
        if case .error(let error) = answer { throw Failed("list: \(error.message)", number: 22) }
        return []
      }
    }

    @Test("the queue comes in the order in which it is served, page by page, with reasons")
    func order() throws {
      try Instance.with { instance in
        let running = try instance.submit("--cpus", "2", "--", "sleep", "1000")
        try instance.waitUntil(running, is: "running")
        let plain = try instance.submit("--", "true")
        let batch = try instance.submit("--band", "batch", "--", "true")
        let first = try instance.submit("--priority", "7", "-a", "1-3", "--", "true")
        let held = try instance.submit("--hold", "--", "true")
        let ended = try instance.submit("--hold", "--", "true")
        _ = try instance.run("fluster-kill", ended)
        _ = try instance.wait(ended)
        let talker = try Talker(to: instance.controlSocket)
        try talker.greet()
        let queue = try jobs(talker) { $0.queue = true }
        #expect(queue.map { "\($0.job)" } == [first, plain, held, batch])
        #expect(queue.map(\.reason.code) == ["resources", "resources", "held", "resources"])
        let second = try jobs(talker) { list in
          list.queue = true
          list.skip = 1
          list.newest = 2
        }
        #expect(second.map { "\($0.job)" } == [plain, held])
        let behind = try jobs(talker) { list in
          list.queue = true
          list.skip = 4
        }
        #expect(behind.isEmpty)
        #expect(throws: Failed.self) {
          try jobs(talker) { list in
            list.queue = true
            list.tasks = true
          }
        }
        for job in [first, plain, held, batch, running] {
          _ = try instance.run("fluster-kill", job)
        }
      }
    }

    @Test("pages of jobs go downwards, over those that have ended and those that have not")
    func pages() throws {
      try Instance.with(daemons: [.controller]) { instance in
        for _ in 1...10 { _ = try instance.submit("--hold", "--", "true") }
        _ = try instance.run("fluster-kill", "2-5", "8")
        let talker = try Talker(to: instance.controlSocket)
        try talker.greet()
        var shown: [UInt64] = []
        var before: UInt64?
        while true {
          let page = try jobs(talker) { list in
            list.allAges = true
            list.newest = 3
            if let before { list.before = before }
          }
          #expect(page.count <= 3)
          guard let last = page.first else { break }
          shown += page.map(\.job).reversed()
          before = last.job
        }
        #expect(shown == (1...10).reversed())
        for job in ["1", "6", "7", "9", "10"] { _ = try instance.run("fluster-kill", job) }
      }
    }

    /// Scenario 93.
    @Test("jobs and tasks are counted by state: 1 pending, 1 running, 1 succeeded, 1 failed")
    func tallies() throws {
      try Instance.with { instance in
        let good = try instance.submit("--", "true")
        let bad = try instance.submit("--", "false")
        _ = try instance.wait(good)
        _ = try instance.wait(bad)
        let running = try instance.submit("-a", "1-2", "--", "sleep", "1000")
        try eventually("both run") {
          try instance.run("fluster-ls", "--tasks", "--state", "running", "-q").lines.count == 2
        }
        let waiting = try instance.submit("-a", "1-5", "--", "true")
        let talker = try Talker(to: instance.controlSocket)
        try talker.greet()
        func tallies() throws -> [WireState: [UInt64]] {
          var found: [WireState: [UInt64]] = [:]
          for answer in try talker.answers(to: .listUsers(WireListUsers())) {
            guard case .users(let page) = answer else { continue }
            for tally in page.users.flatMap(\.tallies) {
              found[tally.state] = [tally.jobs, tally.tasks]
            }
          }
          return found
        }
        #expect(
          try tallies() == [
            .succeeded: [1, 0], .failed: [1, 0], .running: [1, 2], .pending: [1, 5],
          ])
        _ = try instance.run("fluster-kill", waiting)
        _ = try instance.run("fluster-kill", running)
        try eventually("all has ended") {
          try tallies() == [.succeeded: [1, 0], .failed: [1, 0], .killed: [2, 0]]
        }
      }
    }
  }
}
