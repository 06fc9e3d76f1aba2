import FlusterCore
import Testing

@Suite("a worker ends attempts")
struct AgentEndTests {
  @Test("an attempt that was stopped before it began is reported missing")
  func stopQueued() {
    var bench = AgentBench(slots: 1)
    bench.run(AgentBench.run(1), AgentBench.run(2))
    #expect(bench.stop(2).missing == [2])
    bench.started(1)
    #expect(bench.ended(1) { $0.exitCode = 0 }.spawned == [])
  }

  /// Scenario 76.
  @Test("a running attempt that is stopped gets TERM, its grace, then KILL, and ends as killed")
  func stopRunning() {
    var bench = AgentBench()
    bench.run(AgentBench.run(1, grace: 7))
    bench.started(1)
    #expect(bench.stop(1).signals == [15])
    #expect(bench.stop(1).signals == [])
    #expect(bench.wait(6.9).signals == [])
    #expect(bench.wait(0.2).signals == [9])
    #expect(bench.wait(60).signals == [])
    #expect(bench.ended(1) { $0.signal = 9 }.outcomes.map(\.cause) == [.killed])
  }

  @Test("an attempt that is stopped while it starts gets TERM as soon as it runs")
  func stopStarting() {
    var bench = AgentBench()
    bench.run(AgentBench.run(1))
    #expect(bench.stop(1).signals == [])
    bench.wait(1)
    #expect(bench.started(1).signals == [15])
    #expect(bench.wait(4.1).signals == [9])
  }

  @Test("an attempt that is stopped and never gets to run is killed after its grace")
  func stopHanging() {
    var bench = AgentBench()
    bench.run(AgentBench.run(1))
    bench.stop(1)
    #expect(bench.wait(5.1).signals == [9])
    let effects = bench.step(.shim(.notStarted(AgentBench.uid(1), .time, errno: 0)))
    #expect(effects.outcomes.map(\.cause) == [.killed])
  }

  @Test("an attempt is warned once before its limit, not while it stands still")
  func warning() {
    let usr1 = Warning(signal: 10, before: .seconds(3))
    var bench = AgentBench()
    bench.run(AgentBench.run(1, limit: 10, grace: 2, warning: usr1))
    bench.started(1)
    #expect(bench.wait(6.9).signals == [])
    bench.run(AgentBench.run(1, limit: 10, grace: 2, frozen: true, warning: usr1))
    let since = bench.moment(106.9).monotonic
    bench.step(.shim(.frozen(AgentBench.uid(1), FrozenTime(total: 0, since: since))))
    #expect(bench.wait(100).signals == [])
    bench.run(AgentBench.run(1, limit: 10, grace: 2, warning: usr1))
    bench.step(.shim(.frozen(AgentBench.uid(1), FrozenTime(total: 100_000_000_000, since: nil))))
    #expect(bench.wait(0.2).signals == [10])
    #expect(bench.wait(2.8).signals == [])
    bench.run(AgentBench.run(1, limit: 20, grace: 2, warning: usr1))
    #expect(bench.wait(9).signals == [])
    #expect(bench.wait(1.1).signals == [15])
    #expect(bench.ended(1) { $0.signal = 15 }.outcomes.map(\.cause) == [.timeLimit])
  }

  @Test("a time limit that changes counts from the start, and one that is past ends with a grace")
  func changedLimit() {
    var bench = AgentBench()
    bench.run(AgentBench.run(1, limit: 10, grace: 2))
    bench.started(1)
    bench.wait(5)
    bench.run(AgentBench.run(1, limit: 20, grace: 2))
    #expect(bench.wait(14.9).signals == [])
    bench.run(AgentBench.run(1, grace: 2))
    #expect(bench.wait(10).signals == [])
    #expect(bench.run(AgentBench.run(1, limit: 8, grace: 2)).signals == [15])
    #expect(bench.wait(1.9).signals == [])
    #expect(bench.wait(0.2).signals == [9])
    #expect(bench.ended(1) { $0.signal = 9 }.outcomes.map(\.cause) == [.timeLimit])
  }

  /// Scenario 81.
  @Test("the time limit counts from the start: TERM, grace, KILL, cause time-limit")
  func timeLimit() {
    var bench = AgentBench()
    bench.run(AgentBench.run(1, limit: 10, grace: 2))
    bench.wait(0.5)
    bench.started(1)
    #expect(bench.wait(9.9).signals == [])
    #expect(bench.wait(0.2).signals == [15])
    #expect(bench.wait(1.8).signals == [])
    #expect(bench.wait(0.2).signals == [9])
    #expect(bench.ended(1) { $0.signal = 9 }.outcomes.map(\.cause) == [.timeLimit])
  }

  @Test("an attempt that leaves with 0 at TERM has still reached its time limit: status 143")
  func timeLimitStatus() {
    var bench = AgentBench()
    bench.run(AgentBench.run(1, limit: 1))
    bench.started(1)
    bench.wait(1)
    #expect(bench.ended(1) { $0.exitCode = 0 }.outcomes.map(\.status) == [143])
  }

  @Test("a time limit that passed while the worker was away is applied with a moment for TERM")
  func timeLimitLate() {
    var bench = AgentBench(connected: false)
    bench.listShim([.started(AgentBench.uid(1), at: bench.moment(40))])
    let linked = bench.linkController { $0.runs = [AgentBench.run(1, limit: 10)] }
    #expect(linked.signals == [15])
    #expect(bench.wait(0.9).signals == [])
    #expect(bench.wait(0.2).signals == [9])
  }

  @Test("exit, signal, memory and loss are told apart")
  func causes() {
    var bench = AgentBench()
    for number in 1...4 as ClosedRange<UInt64> {
      bench.run(AgentBench.run(number))
      bench.started(number)
    }
    let exit = bench.ended(1) { $0.exitCode = 7 }.outcomes
    #expect(exit == [Outcome(.exit, exitCode: 7)])
    let signal = bench.ended(2) {
      $0.signal = 11
      $0.outOfMemory = false
    }.outcomes
    #expect(signal == [Outcome(.signal, signal: 11)])
    let memory = bench.ended(3) {
      $0.signal = 9
      $0.outOfMemory = true
    }.outcomes
    #expect(memory == [Outcome(.memoryLimit, signal: 9)])
    #expect(bench.ended(4) { $0.isLost = true }.outcomes.map(\.cause) == [.workerLost])
  }

  @Test("usage is passed on, with the wall time between start and end")
  func usage() {
    var bench = AgentBench()
    bench.run(AgentBench.run(1))
    bench.started(1)
    bench.wait(2.5)
    let outcome = bench.ended(1, started: bench.seconds - 2.5) {
      $0.exitCode = 0
      $0.usage.userMicroseconds = 42
    }.outcomes.first
    #expect(outcome?.usage.wallMilliseconds == 2500)
    #expect(outcome?.usage.userMicroseconds == 42)
  }

  @Test("a signal reaches what runs and nothing else")
  func signals() {
    var bench = AgentBench(slots: 1)
    bench.run(AgentBench.run(1), AgentBench.run(2))
    bench.started(1)
    let effects = bench.desired {
      $0.signals = [1, 2, 3].map { Desired.Signal(AgentBench.uid($0), 10) }
    }
    #expect(effects == [.signal(AgentBench.uid(1), 10)])
  }

  /// Scenario 77.
  @Test("stopping what is over, or was never here, signals nothing")
  func stopNothing() {
    var bench = AgentBench()
    bench.run(AgentBench.run(1))
    bench.started(1)
    bench.ended(1) { $0.exitCode = 0 }
    #expect(bench.stop(1).signals == [])
    #expect(bench.stop(9).signals == [])
    #expect(bench.wait(60).signals == [])
  }

  /// Scenario 80.
  @Test("an end of which no figures could be had is told as it was")
  func noFigures() {
    var bench = AgentBench()
    bench.run(AgentBench.run(1))
    bench.started(1)
    #expect(bench.ended(1) { $0.exitCode = 3 }.outcomes == [Outcome(.exit, exitCode: 3)])
  }

  @Test("an end is told again until it is acknowledged, then the shim may forget it")
  func repeated() {
    var bench = AgentBench()
    bench.run(AgentBench.run(1))
    bench.started(1)
    #expect(bench.ended(1) { $0.exitCode = 0 }.outcomes.count == 1)
    #expect(bench.wait(25).outcomes.count == 2)
    let effects = bench.desired { $0.acknowledged = [AgentBench.uid(1)] }
    #expect(effects.contains(.acknowledge(AgentBench.uid(1))))
    #expect(effects.contains(.forget(AgentBench.uid(1))))
    #expect(bench.wait(60).reports == [])
  }
}
