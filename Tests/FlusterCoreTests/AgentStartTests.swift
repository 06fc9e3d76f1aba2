import FlusterCore
import Testing

@Suite("a worker starts attempts")
struct AgentStartTests {
  /// Scenario 79.
  @Test("attempts start in the order given, as many as fit, the rest as resources become free")
  func order() {
    var bench = AgentBench(slots: 2)
    let first = bench.run(
      AgentBench.run(3), AgentBench.run(1), AgentBench.run(2), AgentBench.run(4))
    #expect(first.spawned == [3, 1])
    bench.started(3)
    bench.started(1)
    #expect(bench.ended(1) { $0.exitCode = 0 }.spawned == [2])
    #expect(bench.ended(3) { $0.exitCode = 0 }.spawned == [4])
  }

  @Test("a big attempt at the head is not overtaken by small ones behind it")
  func headOfLine() {
    var bench = AgentBench(slots: 2)
    let big = Amounts(cpuMillis: 2000, memoryBytes: 1)
    bench.run(AgentBench.run(1))
    #expect(bench.run(AgentBench.run(2, charge: big), AgentBench.run(3)).spawned == [])
    bench.started(1)
    #expect(bench.ended(1) { $0.exitCode = 0 }.spawned == [2])
  }

  @Test("what was given before its turn starts after what was not, even if that came later")
  func ahead() {
    var bench = AgentBench(slots: 1)
    bench.run(AgentBench.run(1), AgentBench.run(2, ahead: true), AgentBench.run(3, ahead: true))
    bench.started(1)
    bench.run(AgentBench.run(4))
    #expect(bench.ended(1) { $0.exitCode = 0 }.spawned == [4])
    bench.started(4)
    #expect(bench.ended(4) { $0.exitCode = 0 }.spawned == [2])
  }

  @Test("ends are told together while more is left to go on with, but what was not ahead at once")
  func together() {
    var bench = AgentBench(slots: 2)
    let all: [UInt64] = Array(1...7)
    bench.desired { $0.runs = all.map { AgentBench.run($0, ahead: $0 > 1) } }
    let time = bench.now.wall
    let report = { (number: UInt64, code: UInt8) in
      Observation(
        uid: AgentBench.uid(number), kind: .finished(Outcome(.exit, exitCode: code)), at: time)
    }
    let start = Observation(uid: AgentBench.uid(1), kind: .started, at: time)
    // Five wait.
    #expect(bench.agent.mayWait([start]))
    #expect(bench.agent.mayWait([2, 3, 4, 5].map { report($0, 0) } + [start]))
    #expect(!bench.agent.mayWait([2, 3, 4, 5, 6].map { report($0, 0) }))
    #expect(!bench.agent.mayWait([report(1, 0)]), "somebody may wait for this one")
    #expect(!bench.agent.mayWait([report(2, 1)]), "a failure may change what comes next")
    let lost = Observation(uid: AgentBench.uid(2), kind: .missing, at: time)
    #expect(!bench.agent.mayWait([start, lost]))
    bench.desired { $0.recalls = [3, 4, 5, 6, 7].map(AgentBench.uid) }
    #expect(!bench.agent.mayWait([report(2, 0)]), "nothing is left to go on with")
    #expect(bench.agent.mayWait([start]))
  }

  @Test("what is wanted back is given back, unless it has begun; what comes late never begins")
  func recall() {
    var bench = AgentBench(slots: 1)
    bench.run(AgentBench.run(1), AgentBench.run(2, ahead: true))
    let back = bench.desired { $0.recalls = [1, 2, 3].map(AgentBench.uid) }
    #expect(back.missing == [2, 3])
    #expect(back.signals == [])
    bench.started(1)
    #expect(bench.run(AgentBench.run(3, ahead: true)).spawned == [])
    #expect(bench.ended(1) { $0.exitCode = 0 }.spawned == [])
  }

  @Test("what needs more than the whole worker has is given back at once")
  func neverFits() {
    var bench = AgentBench(slots: 2)
    let huge = Amounts(cpuMillis: 3000, memoryBytes: 1)
    let effects = bench.run(AgentBench.run(1, charge: huge), AgentBench.run(2))
    #expect(effects.missing == [1])
    #expect(effects.spawned == [2])
  }

  @Test("a worker that shrinks lets what runs go on and gives back what cannot start any more")
  func shrink() {
    var bench = AgentBench(slots: 4)
    let wide = Amounts(cpuMillis: 3000, memoryBytes: 1)
    bench.run(AgentBench.run(1, charge: wide), AgentBench.run(2, charge: wide), AgentBench.run(3))
    bench.started(1)
    let shrunk = bench.step(.resized(Amounts(cpuMillis: 1000, memoryBytes: 100)))
    #expect(shrunk.missing == [2])
    #expect(shrunk.signals == [])
    #expect(bench.ended(1) { $0.exitCode = 0 }.spawned == [3])
  }

  @Test("a second order for the same attempt starts nothing")
  func duplicate() {
    var bench = AgentBench()
    #expect(bench.run(AgentBench.run(1)).spawned == [1])
    #expect(bench.run(AgentBench.run(1)).spawned == [])
    bench.started(1)
    #expect(bench.run(AgentBench.run(1)).spawned == [])
    bench.ended(1) { $0.exitCode = 0 }
    #expect(bench.run(AgentBench.run(1)).spawned == [])
  }

  @Test("nothing starts before the shim has told all that it holds")
  func waitsForList() {
    var bench = AgentBench(connected: false)
    bench.linkController { $0.runs = [AgentBench.run(1), AgentBench.run(2)] }
    bench.step(.shimLinked)
    bench.started(1)
    #expect(bench.effects.spawned == [])
    #expect(bench.effects.reports == [])
    let ready = bench.step(.shim(.listEnd))
    #expect(ready.spawned == [2])
    #expect(ready.fullReports.first?.map(\.uid.low) == [1, 2])
  }

  @Test("a start that takes over a second is reported, once")
  func slowStart() {
    var bench = AgentBench()
    bench.run(AgentBench.run(1))
    #expect(bench.wait(0.9).reports == [])
    #expect(bench.wait(60).reports.map(\.kind) == [.starting])
    #expect(bench.started(1).reports.map(\.kind) == [.started])
  }

  @Test("a start that failed is reported with its reason and frees its resources")
  func notStarted() {
    var bench = AgentBench(slots: 1)
    bench.run(AgentBench.run(1), AgentBench.run(2))
    let effects = bench.step(.shim(.notStarted(AgentBench.uid(1), .directory, errno: 2)))
    #expect(
      effects.outcomes == [Outcome(.start, startReason: .directory, startErrno: 2)])
    #expect(effects.spawned == [2])
  }

  @Test("an attempt with a process that cannot be killed keeps its resources, and it is told")
  func stuck() {
    var bench = AgentBench(slots: 1)
    bench.run(AgentBench.run(1), AgentBench.run(2))
    bench.started(1)
    let effects = bench.step(.shim(.stuck(AgentBench.uid(1))))
    #expect(effects.reports.map(\.kind) == [.stuck])
    #expect(effects.spawned == [])
    #expect(bench.ended(1) { $0.signal = 9 }.spawned == [2])
  }

  @Test("with nothing held, no timer is wanted")
  func idle() {
    var bench = AgentBench()
    bench.run(AgentBench.run(1, limit: 3600))
    bench.started(1)
    #expect(bench.wake != nil)
    bench.ended(1) { $0.exitCode = 0 }
    bench.desired { $0.acknowledged = [AgentBench.uid(1)] }
    #expect(bench.wake == nil)
    #expect(bench.agent.holdsNothing)
  }
}
