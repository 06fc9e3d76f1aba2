import FlusterProtocol
import FlusterSystem
import FlusterTesting
import Glibc
import SwiftProtobuf
import Testing

extension Programs {
  @Suite("peers that stall, flood or lie cost themselves")
  struct Hostile {
    @Test("half a frame, silence, random bytes and a header of 4 GiB delay nobody else")
    func badBytes() throws {
      try Instance.with { instance in
        try withHonestClient(of: instance) {
          var random = SeededNumbers()
          var talkers: [Talker] = []
          for _ in 0..<20 {
            talkers.append(try Talker(to: instance.controlSocket))
            let half = try Talker(to: instance.controlSocket)
            try half.send([0, 0, 1, 0, 10, 20])
            let huge = try Talker(to: instance.controlSocket)
            try huge.send([255, 255, 255, 255] + [UInt8](repeating: 1, count: 1000))
            let noise = try Talker(to: instance.controlSocket)
            try noise.send((0..<4096).map { _ in .random(in: 0...255, using: &random) })
            talkers += [half, huge, noise]
          }
          return talkers
        }
        let about = { instance.said(by: .controller).count { $0.contains("4294967295") } }
        try eventually("it is told of") { about() > 0 }
        #expect(about() == 1)
      }
    }

    @Test("a header of 4 GiB is answered by the end of the connection, not by an allocation")
    func hugeHeader() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let talker = try Talker(to: instance.controlSocket)
        try talker.greet()
        try talker.send([255, 255, 255, 255])
        while try talker.receive() != nil {}
        let status = try text(at: "/proc/\(instance.pid(of: .controller))/status")
        let peak = try #require(status.firstMatch(of: /VmHWM:\s+(\d+) kB/).flatMap { Int($0.1) })
        #expect(peak < 200_000, "\(peak) kB")
      }
    }

    @Test("a client that never reads its answers is dropped and delays nobody else")
    func neverReads() throws {
      try Instance.with { instance in
        for _ in 0..<50 { _ = try instance.submit("--hold", "--", "true") }
        try withHonestClient(of: instance) {
          let deaf = try Talker(to: instance.controlSocket)
          try deaf.greet()
          try deaf.becomeNonblocking()
          var list = WireList()
          list.allAges = true
          list.detail = true
          let frame = try WireEnvelope(request: 1, .list(list)).frame()
          for _ in 0..<2000 where try !deaf.send(frame).isEmpty { break }
          return [deaf]
        }
        let jobs = try instance.run("fluster-ls", "--no-header", "-o", "ID").lines
        #expect(jobs.count == 50)
      }
    }

    @Test("a thousand connections at once leave room for an honest client")
    func thousand() throws {
      try Instance.with { instance in
        try withHonestClient(of: instance) {
          (0..<1000).compactMap { _ in try? Talker(to: instance.controlSocket) }
        }
        let id = try instance.submit("--", "true")
        #expect(try instance.wait(id) == 0)
        #expect(instance.said(by: .controller).count < 20)
      }
    }

    @Test("without descriptors flusterd serves those it has, does not spin, and recovers")
    func noDescriptors() throws {
      try Instance.with(daemons: [.shim]) { instance in
        try instance.start(.controller, wrapper: ["prlimit", "--nofile=40:40"])
        try instance.start(.worker)
        let honest = try Talker(to: instance.controlSocket)
        try honest.greet()
        let before = try processorTime(of: instance)
        let start = Deadline.now
        do {
          let crowd = (0..<200).compactMap { _ in try? Talker(to: instance.controlSocket) }
          #expect(crowd.count > 40)
          try eventually("a second of full descriptors has been served") {
            _ = try honest.roundTrip()
            return Deadline.now - start > 1_000_000_000
          }
          withExtendedLifetime(crowd) {}
        }
        let used = try processorTime(of: instance) - before
        #expect(used < 80, "\(used) of 100 ticks")
        let id = try instance.submit("--", "true")
        #expect(try instance.wait(id) == 0)
      }
    }

    @Test("an output that is a FIFO nobody reads delays nobody else")
    func fifo() throws {
      try Instance.with { instance in
        mkfifo("\(instance.files)/fifo", 0o600)
        let stuck = try instance.submit("-o", "fifo", "--", "echo", "hello")
        let input = try instance.submit("--stdin", "fifo", "--", "cat")
        let start = Deadline.now
        let fine = try instance.submit("--cpus", "0.1", "--", "true")
        #expect(try instance.wait(fine) == 0)
        #expect(Deadline.now - start < 5_000_000_000)
        try instance.run("fluster-kill", stuck, input)
        _ = try instance.run("fluster-wait", stuck, input)
      }
    }

    @Test("a working directory on a mount that never answers delays nobody else")
    func deadMount() throws {
      try Instance.with { instance in
        guard let mount = DeadMount(at: "\(instance.files)/dead") else {
          #expect(maySkip(because: "a FUSE mount needs root and /dev/fuse"))
          return
        }
        let id = try instance.submit("-C", mount.path, "--", "true")
        let start = Deadline.now
        let fine = try instance.submit("--cpus", "0.1", "--", "true")
        #expect(try instance.wait(fine) == 0)
        #expect(Deadline.now - start < 5_000_000_000)
        try instance.run("fluster-kill", id)
        try instance.waitUntil(id, is: "killed", within: 60)
        mount.end()
      }
    }

    @Test("a wait that names the same tasks thousands of times is told of each once")
    func namedAgain() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let id = try instance.submit("--hold", "-a", "0-9999999", "--", "true")
        try instance.run("fluster-kill", id)
        let talker = try Talker(to: instance.controlSocket)
        try talker.greet()
        var wait = WireWait()
        wait.selectors = Array(repeating: try selector(of: id), count: 5000)
        try talker.send(WireEnvelope(request: 1, .wait(wait)).frame())
        guard case .ended(let ended)? = try talker.receive()?.body else {
          throw TimedOut(what: "the end of job \(id)")
        }
        #expect(ended.count == 10_000_000)
        #expect(ended.total == 10_000_000)
        #expect(try talker.receive()?.body == .done(WireDone()))
      }
    }

    @Test("launches that are mostly fields nobody knows reach the worker, all of them")
    func fatLaunches() throws {
      try Instance.with(daemons: [.controller, .shim]) { instance in
        let talker = try Talker(to: instance.controlSocket)
        try talker.greet()
        for number in 1...8 {
          try talker.send(
            WireEnvelope(request: UInt64(number), .submit(try fatSubmit(2_500_000))).frame())
          _ = try talker.receive()
        }
        try instance.start(.worker)
        for number in 1...8 { #expect(try instance.wait("\(number)") == 0) }
        try talker.send(WireEnvelope(request: 9, .submit(try fatSubmit(4_000_000))).frame())
        guard case .error(let error)? = try talker.receive()?.body else {
          throw TimedOut(what: "a refusal")
        }
        #expect(error.code == .invalidArgument, "\(error)")
      }
    }

    @Test("what open requests make flusterd remember is bounded by their bytes")
    func fatRequests() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let id = try instance.submit("--hold", "--", "true")
        let talker = try Talker(to: instance.controlSocket)
        try talker.greet()
        var open = WireOpenLog()
        open.job = try #require(UInt64(id))
        open.whenStarted = true
        open.uid = .of([UInt8](repeating: 1, count: 1 << 20))
        for number in 1...65 {
          try talker.send(WireEnvelope(request: UInt64(number), .openLog(open)).frame())
        }
        let answer = try #require(try talker.receive())
        #expect(answer.request == 65)
        guard case .error(let error) = answer.body else { throw TimedOut(what: "a refusal") }
        #expect(error.code == .resourceExhausted)
      }
    }

    @Test("a user with as many open requests as one may have still hears how tasks end")
    func manyRequests() throws {
      try Instance.with { instance in
        let go = "\(instance.files)/go"
        let held = try selector(of: instance.submit("--hold", "--", "true"))
        let running = try selector(
          of: instance.submit("--", "sh", "-c", "until [ -e \(go) ]; do sleep 0.05; done"))
        let talker = try Talker(to: instance.controlSocket)
        try talker.greet()
        for number in 1...20_001 {
          var wait = WireWait()
          wait.selectors = [number == 1 ? running : held]
          try talker.send(WireEnvelope(request: UInt64(number), .wait(wait)).frame())
        }
        let refused = try #require(try talker.receive())
        #expect(refused.request == 20_001)
        try write("", to: go)
        let ended = try #require(try talker.receive())
        #expect(ended.request == 1)
        #expect(ended.ended.status == 0)
      }
    }

    @Test("questions whose asker has gone are not looked up before those of others")
    func goneAskers() throws {
      try Instance.with(daemons: [.controller]) { instance in
        for _ in 0..<100 { _ = try instance.submit("--hold", "--", "true") }
        #expect(try instance.run("fluster-kill", "name:true").status == 0)
        // Only the store knows these names, and each is looked for among all that have ended.
        var kill = WireKill()
        kill.selectors = (1...100).map { count in
          var selector = WireSelector()
          selector.nameGlob = String(repeating: "*", count: count)
          return selector
        }
        func ask(_ talker: Talker) throws -> Int64 {
          let start = Deadline.now
          try talker.send(WireEnvelope(request: 1, .kill(kill)).frame())
          guard case .done? = try talker.receive()?.body else {
            throw TimedOut(what: "the answer to a kill by name")
          }
          return Deadline.now - start
        }
        let honest = try Talker(to: instance.controlSocket)
        try honest.greet()
        let alone = try ask(honest)
        do {
          let gone = try Talker(to: instance.controlSocket)
          try gone.greet()
          for number in 1...100 {
            try gone.send(WireEnvelope(request: UInt64(number), .kill(kill)).frame())
          }
        }
        let after = try ask(honest)
        #expect(after < 25 * alone, "\(after) against \(alone) ns")
      }
    }

    @Test("what a user stores is bounded by its bytes, over a restart too")
    func storedBytes() throws {
      let settings = "[Controller]\nMaxStoredBytes=100K\n"
      try Instance.with(settings: settings, daemons: [.controller]) { instance in
        let talker = try Talker(to: instance.controlSocket)
        try talker.greet()
        var frames: [UInt8] = []
        for number in 1...4 {
          frames += try WireEnvelope(request: UInt64(number), .submit(fatSubmit(40_000))).frame()
        }
        try talker.send(frames)
        // Refusals rest on nothing, and so overtake what waits for the disk.
        for _ in 1...4 {
          let answer = try #require(try talker.receive())
          let code: WireError.Code = answer.request <= 2 ? .unspecified : .resourceExhausted
          #expect(answer.error.code == code, "\(answer)")
        }
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        let refused = try instance.run(
          "fluster-submit", "--", "true", String(repeating: "x", count: 30_000))
        #expect(refused.status == 75, "\(refused)")
        for word in ["MaxStoredBytes=100K", "KeepEnded=90d", "would hold 11"] {
          #expect(refused.errors.contains(word), "\(refused)")
        }
        #expect(try instance.run("fluster-submit", "--", "true").status == 0)
        #expect(try instance.run("fluster-ls", "-A", "--no-header").lines.count == 3)
      }
    }

    @Test("who leaves requests behind while the disk hangs is charged for them")
    func leftBehind() throws {
      try Instance.with(daemons: []) { instance in
        // 40 descriptors are spared, so 60 are for connections.
        try instance.start(
          .controller, wrapper: ["sh", "-c", "ulimit -n 100; exec \"$0\" \"$@\""])
        let talker = try Talker(to: instance.controlSocket)
        try talker.greet()
        let lock = try WriteLock(of: "\(instance.stateDirectory)/fluster.db")
        // So many turns may be under way, and then nothing is taken any more; a refusal in the same
        // turn tells that it has been made.
        for number in 1...16 as ClosedRange<UInt64> {
          try talker.send(
            WireEnvelope(request: number, .submit(fatSubmit(1))).frame()
              + WireEnvelope(request: 100 + number, .submit(WireSubmit())).frame())
          #expect(try talker.receive()?.request == 100 + number)
        }
        for _ in 1..<60 {
          let gone = try Talker(to: instance.controlSocket)
          try gone.greet()
          try gone.send(WireEnvelope(request: 1, .submit(fatSubmit(1))).frame())
        }
        let late = try Talker(to: instance.controlSocket)
        let answer = try #require(try late.receive())
        #expect(answer.error.code == .resourceExhausted, "\(answer)")
        #expect(answer.error.message.contains("60 connections"), "\(answer)")
        lock.release()
        for number in 1...16 { #expect(try talker.receive()?.request == UInt64(number)) }
        try eventually("the others are forgotten") {
          let next = try Talker(to: instance.controlSocket)
          return try next.receive()?.error.code == .unspecified
        }
      }
    }

    @Test("signals sent by the thousand leave the worker connected")
    func manySignals() throws {
      try Instance.with(worker: ["--cpus", "4", "--mem", "4G"]) { instance in
        let id = try instance.submit(
          "--cpus", "0.001", "--mem", "1M", "-a", "0-599", "--", "sleep", "1000")
        try eventually("all tasks run", within: 120) {
          try instance.column("REASON", of: id) == "600 running"
        }
        var kill = WireKill()
        kill.selectors = [try selector(of: id)]
        kill.signal = UInt32(SIGCONT)
        // What waits on one connection is 64 requests, and a turn takes 256.
        let talkers = try (0..<16).map { _ in try Talker(to: instance.controlSocket) }
        for talker in talkers { try talker.greet() }
        let frames = try (1...64).flatMap {
          try WireEnvelope(request: UInt64($0), .kill(kill)).frame()
        }
        for talker in talkers { try talker.send(frames) }
        for talker in talkers {
          for _ in 1...64 { #expect(try talker.receive()?.body == .done(WireDone())) }
        }
        #expect(try instance.run("fluster-kill", id).status == 0)
        try instance.waitUntil(id, is: "killed", within: 120)
        #expect(
          !instance.said(by: .worker).contains { $0.contains("no connection to flusterd") })
      }
    }

    @Test("descriptors that belong to no message cost the peer its connection")
    func manyDescriptors() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let talker = try Talker(to: instance.workerSocket)
        try talker.greet(as: .worker)
        let descriptors = "/proc/\(try instance.pid(of: .controller))/fd"
        let null = Descriptor(adopting: open("/dev/null", O_RDONLY | O_CLOEXEC))
        // A frame that never ends.
        try talker.send([0, 1, 0, 0])
        for _ in 0..<1000 {
          guard try talker.send([0], with: [null, null, null, null]).isEmpty else { break }
        }
        try eventually("flusterd lets go of them") {
          names(in: descriptors).count < 100
        }
      }
    }

    @Test("endings that nobody reads are bounded, and whoever reads gets them all")
    func unreadEndings() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let talker = try Talker(to: instance.controlSocket)
        try talker.greet()
        var submit = try fatSubmit(1)
        submit.job.held = true
        let count = 5000
        for first in stride(from: 1, through: count, by: 50) {
          try talker.send(
            (first..<(first + 50)).flatMap {
              try WireEnvelope(request: UInt64($0), .submit(submit)).frame()
            })
          for _ in 0..<50 { _ = try talker.receive() }
        }
        #expect(try instance.run("fluster-kill", "name:true").status == 0)
        var wait = WireWait()
        wait.selectors = [WireSelector(.name("true"))]
        for number in 1...60 {
          try talker.send(WireEnvelope(request: UInt64(number), .wait(wait)).frame())
        }
        // Its answer tells that all those before it have been looked up.
        #expect(try instance.wait("1") == 126)
        var rows: [UInt64: Int] = [:]
        var ends: [UInt64: WireEnvelope] = [:]
        while ends.count < 60 {
          let answer = try #require(try talker.receive())
          if case .ended = answer.body {
            rows[answer.request, default: 0] += 1
          } else {
            ends[answer.request] = answer
          }
        }
        let refused = ends.values.filter { $0.error.code == .resourceExhausted }
        #expect((10..<30).contains(refused.count), "\(refused.count)")
        for (number, end) in ends where end.error.code != .resourceExhausted {
          #expect(rows[number] == count)
        }
      }
    }

    @Test("who waits for the log of a job that was never stored is not given that of another")
    func unstoredLog() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let talker = try Talker(to: instance.controlSocket)
        try talker.greet()
        try instance.limitFiles(to: "0")
        var open = WireOpenLog()
        open.job = 1
        open.whenStarted = true
        try talker.send(
          try WireEnvelope(request: 1, .submit(fatSubmit(1))).frame()
            + WireEnvelope(request: 2, .openLog(open)).frame())
        let codes = try (1...2).map { _ in try #require(try talker.receive()).error.code }
        #expect(codes == [.resourceExhausted, .notFound])
      }
    }

    @Test("an answer that is longer than a frame is refused, and not just missing")
    func tooLong() throws {
      try Instance.with(daemons: [.controller]) { instance in
        var register = WireRegister()
        register.capacity.cpuMillis = 1000
        register.incarnation = .of([UInt8](repeating: 1, count: 16))
        register.attributes = (10..<74).map { number in
          var attribute = WireAttribute()
          attribute.key = String(repeating: "a", count: 62) + "\(number)"
          attribute.value = String(repeating: "b", count: 255)
          return attribute
        }
        for number in 1...900 {
          let worker = try Talker(to: instance.workerSocket)
          try worker.greet(as: .worker)
          register.id = "w\(number)"
          try worker.send(WireEnvelope(request: 1, .register(register)).frame())
          #expect(try worker.receive()?.body == .registered(WireRegistered()))
        }
        let talker = try Talker(to: instance.controlSocket)
        try talker.greet()
        try talker.send(WireEnvelope(request: 1, .getStatus(WireGetStatus())).frame())
        #expect(try talker.receive()?.error.code == .internal)
      }
    }

    private func selector(of id: String) throws -> WireSelector {
      var selector = WireSelector()
      selector.tasks.job = try #require(UInt64(id))
      return selector
    }

    /// `true`, with so many bytes in its launch that this build has no name for.
    private func fatSubmit(_ count: Int) throws -> WireSubmit {
      var submit = WireSubmit()
      submit.job.name = "true"
      submit.job.needs.cpuMillis = 100
      submit.job.environment = .of(Array("PATH=/usr/bin:/bin\0".utf8))
      var launch = WireLaunch()
      launch.argv = [.of(Array("true".utf8))]
      launch.directory = .of(Array("/".utf8))
      launch.umask = 0o22
      // Field 1000, a string of bytes.
      var unknown: [UInt8] = [0xc2, 0x3e]
      var length = count
      while length >= 0x80 {
        unknown.append(UInt8(length & 0x7f) | 0x80)
        length >>= 7
      }
      unknown.append(UInt8(length))
      let known: [UInt8] = try launch.serializedBytes()
      submit.job.launch = try WireLaunch(
        serializedBytes: known + unknown + [UInt8](repeating: 1, count: count))
      return submit
    }

    /// The round trips of an honest client while the talkers that `body` gives stay connected take
    /// at most twice as long as before, and what a noisy machine adds.
    private func withHonestClient(of instance: Instance, _ body: () throws -> [Talker]) throws {
      let honest = try Talker(to: instance.controlSocket)
      try honest.greet()
      let before = try honest.p99()
      let talkers = try body()
      let during = try honest.p99()
      #expect(during < before * 2 + 10_000_000, "\(before) ns before, \(during) ns during")
      withExtendedLifetime(talkers) {}
    }

    /// Hundredths of a second that flusterd has used.
    private func processorTime(of instance: Instance) throws -> Int {
      let pid = try instance.pid(of: .controller)
      let stat = try text(at: "/proc/\(pid)/stat").split(separator: ")").last ?? ""
      let fields = stat.split(separator: " ")
      return (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
    }
  }
}
