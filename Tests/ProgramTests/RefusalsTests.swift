import FlusterProtocol
import FlusterTesting
import Testing

extension Programs {
  @Suite("what is refused, and with which status")
  struct Refusals {
    /// Scenarios 5, 40.
    @Test("bad input is answered as the pages say, and changes nothing")
    func badInput() throws {
      try Instance.with { instance in
        let cases: [(Int32, [String])] = [
          (64, ["fluster-submit", "--no-such-flag", "--", "true"]),
          (64, ["fluster-submit", "-n"]),
          (64, ["fluster-submit", "--mem", "8x", "--", "true"]),
          (64, ["fluster-submit", "--mem", "", "--", "true"]),
          (64, ["fluster-submit", "--cpus", "-1", "--", "true"]),
          (64, ["fluster-submit", "-a", "1-", "--", "true"]),
          (64, ["fluster-submit", "-e", "", "--", "true"]),
          (64, ["fluster-submit", "--time", "soon", "--", "true"]),
          (65, ["fluster-submit", "-a", "0-10000000", "--", "true"]),
          (65, ["fluster-submit", "-a", "5-4", "--", "true"]),
          (65, ["fluster-submit"]),
          (66, ["fluster-kill", "4711"]),
          (66, ["fluster-log", "4711"]),
          (66, ["fluster-set", "4711", "hold"]),
          (64, ["fluster-set", "4711", "fly"]),
          (64, ["fluster-kill"]),
          (64, ["fluster-ls", "--state", "happy"]),
          (64, ["fluster-ls", "forty-two"]),
          (125, ["fluster-wait", "4711"]),
          (125, ["fluster-wait"]),
          (125, ["fluster-submit", "--wait", "--mem", "8x", "--", "true"]),
        ]
        for (status, arguments) in cases {
          let finished = try instance.launch(arguments).finish()
          #expect(finished.status == status, "\(arguments): \(finished)")
          #expect(finished.output.isEmpty, "\(arguments): \(finished)")
          #expect((1...3).contains(finished.errors.split(separator: "\n").count), "\(finished)")
          #expect(finished.errors.hasPrefix(arguments[0] + ": "), "\(finished)")
          #expect(status != 66 || finished.errors.contains("4711"), "\(finished)")
        }
        #expect(try instance.run("fluster-ls", "-a", "-A", "--no-header").output == "")
      }
    }

    @Test("what no worker could ever run is refused with 65 and named")
    func neverFits() throws {
      try Instance.with { instance in
        _ = try instance.run("fluster-submit", "--wait", "--", "true")
        let refused = try instance.run("fluster-submit", "--cpus", "1000", "--", "true")
        #expect(refused.status == 65, "\(refused)")
        #expect(refused.errors.contains("w1"), "\(refused)")
      }
    }

    @Test("without a worker a job waits, and says so")
    func noWorker() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let id = try instance.submit("--", "true")
        let reason = try instance.column("REASON", of: id)
        #expect(reason.contains("worker"), "\(reason)")
        #expect(try instance.run("fluster-wait", "--timeout", "1", id).status == 124)
        try instance.start(.shim)
        try instance.start(.worker)
        #expect(try instance.wait(id) == 0)
      }
    }

    /// Scenario 19.
    @Test("who has as many unfinished jobs as one may have is refused one more, and told the limit")
    func liveLimit() throws {
      let settings = "[Controller]\nMaxLiveTasks=3\n"
      try Instance.with(settings: settings, daemons: [.controller]) { instance in
        let ids = try (0..<3).map { _ in try instance.submit("--", "true") }
        let refused = try instance.run("fluster-submit", "--", "true")
        #expect(refused.status == 75 && refused.output.isEmpty, "\(refused)")
        #expect(refused.errors.contains("MaxLiveTasks=3"), "\(refused)")
        #expect(try instance.run("fluster-ls", "-A", "-q").lines == ids)
        try instance.run("fluster-kill", ids[0])
        _ = try instance.submit("--", "true")
      }
    }

    /// Scenario 59.
    @Test("a worker that reports before it has registered is told that it must, and may")
    func unregistered() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let worker = try Talker(to: instance.workerSocket)
        try worker.greet(as: .worker)
        try worker.send(WireEnvelope(request: 1, .observed(WireObserved())).frame())
        let refused = try worker.receive()
        #expect(refused?.request == 1 && refused?.error.code == .notFound, "\(refused as Any)")
        #expect(refused?.error.wayOut.contains("register") == true, "\(refused as Any)")
        var register = WireRegister()
        register.id = "late"
        register.incarnation = .of([UInt8](repeating: 1, count: 16))
        register.boot = "this"
        register.capacity.cpuMillis = 1000
        register.capacity.memoryBytes = 1 << 30
        try worker.send(WireEnvelope(request: 2, .register(register)).frame())
        let answer = try worker.receive()
        #expect(answer?.request == 2 && answer?.body == .registered(WireRegistered()))
      }
    }

    @Test("without flusterd commands end with 69 and name the way out")
    func unreachable() throws {
      try Instance.with(daemons: []) { instance in
        let finished = try instance.run("fluster-ls")
        #expect(finished.status == 69, "\(finished)")
        #expect(finished.errors.contains("fluster up"), "\(finished)")
        #expect(try instance.run("fluster-wait", "1").status == 125)
      }
    }

    @Test("a setting nobody knows keeps flusterd from starting, with file and line")
    func badSetting() throws {
      try Instance.with(settings: "[Controller]\nVisible=yes\n", daemons: []) { instance in
        let finished = try instance.run("flusterd", within: 10)
        #expect(finished.status != 0)
        #expect(finished.errors.contains("fluster.conf:2"), "\(finished)")
      }
    }
  }
}
