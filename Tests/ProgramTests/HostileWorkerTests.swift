import FlusterProtocol
import FlusterSystem
import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("a worker that lies, floods or stalls costs itself")
  struct HostileWorker {
    @Test("reports on what another worker runs, or nobody, change nothing")
    func foreignReports() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let holder = try Talker(to: instance.workerSocket)
        try holder.register("w1")
        let id = try instance.submit("--constraint", "worker = w1", "--", "true")
        let uid = try holder.nextRun().uid.array
        let liar = try Talker(to: instance.workerSocket)
        try liar.register("w2")
        for kind in [WireObservation.Kind.started, .stuck, .missing, .finished, .starting] {
          try liar.report(kind, uid, exit: 0)
          try liar.report(kind, [UInt8](repeating: 7, count: 16), exit: 0)
        }
        // It is told to end what it must not have, and to forget what it says has ended.
        var told = WireDesired()
        while told.stop.count < 4 || told.acknowledged.count < 4 {
          let more = try #require(try liar.receive()).desired
          told.stop += more.stop
          told.acknowledged += more.acknowledged
          #expect(more.run.isEmpty)
        }
        #expect(try instance.run("fluster-wait", "--timeout", "0.1", id).status == 124)
        try holder.report(.finished, uid, exit: 3)
        #expect(try instance.wait(id) == 3)
      }
    }

    @Test("the first end that a worker tells stands, whatever it says later")
    func contradictions() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let worker = try Talker(to: instance.workerSocket)
        try worker.register("w1")
        let id = try instance.submit("--", "true")
        let uid = try worker.nextRun().uid.array
        try worker.report(.finished, uid, exit: 3)
        for kind in [WireObservation.Kind.finished, .started, .missing, .stuck] {
          try worker.report(kind, uid, exit: 0)
        }
        #expect(try instance.wait(id) == 3)
        let told = try instance.run("fluster-ls", "-l", id).output
        #expect(told.contains("attempt 0") && !told.contains("attempt 1"), "\(told)")
        #expect(try instance.run("fluster-ctl", "check").output.contains("is sound"))
      }
    }

    @Test("times and numbers at the ends of their types are shown, and break nothing")
    func extremes() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let worker = try Talker(to: instance.workerSocket)
        try worker.register("w1")
        let times: [(Int64, Int64)] = [(.min, .max), (.max, .min), (-1, 0), (.min, .min)]
        for (started, ended) in times {
          let id = try instance.submit("--", "true")
          let uid = try worker.nextRun().uid.array
          try worker.report(.started, uid, at: started)
          try instance.waitUntil(id, is: "running")
          #expect(try instance.run("fluster-ls", "-l", id).status == 0)
          #expect(try instance.run("fluster-ctl", "workers", "--tasks").status == 0)
          var outcome = WireOutcome()
          outcome.cause = .exit
          outcome.exitCode = 4
          outcome.text = "\u{1b}[2Jcleared"
          outcome.usage.wallMs = .max
          outcome.usage.userUs = .max / 2
          outcome.usage.systemUs = .max / 2
          outcome.usage.peakMemoryBytes = .max / 2
          outcome.usage.readBytes = .max
          try worker.report(.finished, uid, at: ended, outcome)
          #expect(try instance.wait(id) == 4)
          for command in [["-l"], ["--json"], ["-o", "ID,TIME,STARTED,ENDED"], []] {
            let shown = try instance.launch(["fluster-ls"] + command + [id]).finish()
            #expect(shown.status == 0 && !shown.output.contains("\u{1b}"), "\(command): \(shown)")
          }
        }
        #expect(try instance.run("fluster-ls", "--cursor", "start").status == 0)
        #expect(try instance.run("fluster-ctl", "users").status == 0)
      }
    }

    @Test("more than there can be is refused at registration, with the number")
    func lyingCapacity() throws {
      try Instance.with(daemons: [.controller]) { instance in
        func refusal(_ change: (inout WireRegister) -> Void) throws -> WireError {
          let worker = try Talker(to: instance.workerSocket)
          return try #require(try worker.register("w1", changed: change)).error
        }
        let changes: [(inout WireRegister) -> Void] = [
          { $0.capacity.cpuMillis = .max }, { $0.capacity.memoryBytes = .max },
          { register in
            var licences = WireAmount()
            licences.name = "licences"
            licences.count = .max
            register.capacity.resources = [licences]
          }, { $0.leaseMs = .max }, { $0.id = "../w1" }, { $0.id = "" },
          { $0.address = "one two" }, { $0.incarnation = .of([1]) },
          { $0.lacks = [String](repeating: "cpu", count: 1000) },
        ]
        for (number, change) in changes.enumerated() {
          let error = try refusal(change)
          #expect(error.code == .invalidArgument, "change \(number): \(error)")
        }
        // The most that is taken still adds up.
        for id in ["w1", "w2", "w3"] {
          let worker = try Talker(to: instance.workerSocket)
          let answer = try worker.register(id) { register in
            register.capacity.cpuMillis = 1_000_000_000
            register.capacity.memoryBytes = UInt64(Int64.max)
          }
          #expect(answer?.body == .registered(WireRegistered()), "\(String(describing: answer))")
          #expect(try instance.run("fluster-ctl", "workers").status == 0)
        }
        #expect(try instance.run("fluster-ctl", "status").status == 0)
      }
    }

    @Test("text that is no UTF-8, a frame beyond the limit and a second registration end it")
    func nonsense() throws {
      try Instance.with(daemons: [.controller]) { instance in
        // Field 1 of Register with two bytes that are no UTF-8, in an envelope.
        let frame = try WireEnvelope(request: 1, .register(WireRegister())).frame()
        let register: [UInt8] = [0x0a, 2, 0xc3, 0x28]
        let head = Array(frame[4...].prefix { $0 != 0 }) + [UInt8(register.count)]
        let bodies: [[UInt8]] = [
          [0, 0, 0, UInt8(head.count + register.count)] + head + register,
          [1, 0, 0, 1] + [UInt8](repeating: 0, count: 1000),
        ]
        for body in bodies {
          let worker = try Talker(to: instance.workerSocket)
          try worker.greet(as: .worker)
          try worker.send(body)
          #expect(try worker.receive()?.error.code == .invalidArgument)
          #expect(try worker.receive() == nil)
        }
        let twice = try Talker(to: instance.workerSocket)
        try twice.register("w1")
        let again = try WireEnvelope(request: 2, .register(WireRegister())).frame()
        try twice.send(again)
        var answer = try twice.receive()
        while answer?.request == 0 { answer = try twice.receive() }
        #expect(answer?.error.message == "this worker has registered already")
      }
    }

    @Test("a flood of reports by a worker that never reads ends with its connection")
    func flood() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let honest = try Talker(to: instance.controlSocket)
        try honest.greet()
        let before = try honest.p99(of: 200)
        let worker = try Talker(to: instance.workerSocket)
        try worker.register("w1")
        try worker.becomeNonblocking()
        var observed = WireObserved()
        observed.observations = (0..<20_000).map { number in
          var observation = WireObservation()
          observation.uid = .of(
            (0..<16).map { UInt8(truncatingIfNeeded: number >> ($0 % 4 * 8)) })
          observation.kind = .missing
          return observation
        }
        let frame = try WireEnvelope(request: 0, .observed(observed)).frame()
        var rest = frame[...]
        var isOpen = true
        try eventually("flusterd lets go of it", within: 60) {
          rest = try worker.send(Array(rest))
          if rest.isEmpty { rest = frame[...] }
          if try instance.run("fluster-ctl", "workers").output.contains("away") { isOpen = false }
          return !isOpen
        }
        let during = try honest.p99(of: 200)
        #expect(during < before * 2 + 20_000_000, "\(before) ns before, \(during) ns during")
        let status = try text(at: "/proc/\(instance.pid(of: .controller))/status")
        let peak = try #require(status.firstMatch(of: /VmHWM:\s+(\d+) kB/).flatMap { Int($0.1) })
        #expect(peak < 400_000, "\(peak) kB")
      }
    }

    @Test("what thousands of workers say of themselves is shown as fast as it is read")
    func crowd() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let attributes = (10..<74).map { number in
          var attribute = WireAttribute()
          attribute.key = String(repeating: "a", count: 62) + "\(number)"
          attribute.value = String(repeating: "b", count: 255)
          return attribute
        }
        for number in 1...150 {
          let worker = try Talker(to: instance.workerSocket)
          try worker.register("w\(number)") { $0.attributes = attributes }
        }
        // Each answer has 3 MB, and a connection may have 32 MB unread.
        let talker = try Talker(to: instance.controlSocket)
        try talker.greet()
        for number in 1...12 as ClosedRange<UInt64> {
          try talker.send(WireEnvelope(request: number, .listWorkers(WireListWorkers())).frame())
        }
        let honest = try Talker(to: instance.controlSocket)
        try honest.greet()
        _ = try honest.workers()
        var rows = 0
        var ends = 0
        while ends < 12 {
          let answer = try #require(try talker.receive())
          if case .done = answer.body { ends += 1 } else { rows += answer.workers.workers.count }
        }
        #expect(rows == 12 * 150)
        let status = try text(at: "/proc/\(instance.pid(of: .controller))/status")
        let peak = try #require(status.firstMatch(of: /VmHWM:\s+(\d+) kB/).flatMap { Int($0.1) })
        #expect(peak < 200_000, "\(peak) kB")
      }
    }

    @Test("answers to what nobody asked are dropped, with what came along, and fill no journal")
    func unasked() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let worker = try Talker(to: instance.workerSocket)
        try worker.register("w1")
        let null = Descriptor(adopting: open("/dev/null", O_RDONLY | O_CLOEXEC))
        let pid = try instance.pid(of: .controller)
        let before = Processes.descriptors(of: pid)
        for number in 1...500 as ClosedRange<UInt64> {
          var opened = WireOpenedLog()
          opened.descriptors = 2
          try worker.send(
            WireEnvelope(request: number, .openedLog(opened)).frame(), with: [null, null])
          var complaint = WireError()
          complaint.code = .internal
          complaint.message = "complaint \(number)"
          try worker.send(WireEnvelope(request: number, .error(complaint)).frame())
        }
        let id = try instance.submit("--", "true")
        #expect(try "\(worker.nextRun().job)" == id)
        #expect(Processes.descriptors(of: pid) <= before + 3)
        #expect(instance.said(by: .controller).count { $0.contains("complaint") } < 10)
      }
    }
  }
}

extension Talker {
  /// The next run that a worker is given.
  fileprivate func nextRun() throws -> WireRun {
    while true {
      guard let envelope = try receive() else { throw TimedOut(what: "a run: flusterd has gone") }
      if let run = envelope.desired.run.first { return run }
    }
  }

  /// Reports one attempt.
  fileprivate func report(
    _ kind: WireObservation.Kind, _ uid: [UInt8], at time: Int64 = 1_000_000, exit: UInt32
  ) throws {
    var outcome = WireOutcome()
    outcome.cause = .exit
    outcome.exitCode = exit
    try report(kind, uid, at: time, kind == .finished ? outcome : nil)
  }

  fileprivate func report(
    _ kind: WireObservation.Kind, _ uid: [UInt8], at time: Int64, _ outcome: WireOutcome? = nil
  ) throws {
    var observation = WireObservation()
    observation.kind = kind
    observation.uid = .of(uid)
    observation.atMs = time
    if let outcome { observation.outcome = outcome }
    var observed = WireObserved()
    observed.observations = [observation]
    try send(WireEnvelope(request: 0, .observed(observed)).frame())
  }
}
