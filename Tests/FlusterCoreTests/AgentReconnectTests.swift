import FlusterCore
import Testing

@Suite("a worker that lost a connection, or its memory")
struct AgentReconnectTests {
  @Test("a full set is answered with everything that is held, and what happened meanwhile")
  func fullAnswer() {
    var bench = AgentBench(slots: 2)
    bench.run(AgentBench.run(1), AgentBench.run(2), AgentBench.run(3))
    bench.started(1)
    bench.step(.unlinked)
    #expect(bench.ended(1, started: bench.seconds) { $0.exitCode = 3 }.reports == [])
    let answer = bench.linkController(sequence: 9) {
      $0.keeps = [1, 2, 3, 4].map(AgentBench.uid)
    }
    #expect(answer.contains { if case .report(_, 9, true) = $0 { true } else { false } })
    #expect(
      answer.reports.map(\.kind) == [
        .started, .finished(answer.outcomes[0]), .starting, .starting, .missing,
      ])
    #expect(answer.missing == [4])
  }

  @Test("what a full set does not list is ended, and its end reported until acknowledged")
  func zombie() {
    var bench = AgentBench(slots: 1)
    bench.run(AgentBench.run(1), AgentBench.run(2))
    bench.started(1)
    bench.step(.unlinked)
    let answer = bench.linkController()
    #expect(answer.signals == [15])
    #expect(answer.reports.map(\.uid.low) == [1])
    #expect(bench.ended(1) { $0.signal = 15 }.outcomes.map(\.cause) == [.killed])
    bench.desired { $0.acknowledged = [AgentBench.uid(1)] }
    #expect(bench.agent.holdsNothing)
  }

  @Test("a worker that restarted adopts what the shim holds and what it is told to go on with")
  func adopt() {
    var bench = AgentBench(slots: 2, connected: false)
    bench.listShim([.started(AgentBench.uid(1), at: bench.moment(50))])
    let answer = bench.linkController {
      $0.runs = [
        AgentBench.run(1, limit: 60, startable: false), AgentBench.run(2), AgentBench.run(3),
      ]
    }
    #expect(answer.spawned == [2])
    #expect(bench.wait(9.9).signals == [])
    #expect(bench.wait(0.2).signals == [15])
  }

  @Test("an order without what is needed to start it never starts anything")
  func notStartable() {
    var bench = AgentBench()
    #expect(bench.run(AgentBench.run(1, startable: false)).missing == [1])
    let kept = bench.desired {
      $0.runs = [AgentBench.run(2)]
      $0.keeps = [AgentBench.uid(2)]
    }
    #expect(kept.missing == [2])
    #expect(bench.effects.spawned == [])
  }

  @Test("an end that an earlier life of the worker brought about keeps its cause")
  func inheritedCause() {
    var bench = AgentBench(connected: false)
    var limited = ExitRecord(ended: bench.moment(90))
    limited.started = bench.moment(40)
    limited.signal = 15
    bench.listShim([
      .ended(AgentBench.uid(1), limited), .ended(AgentBench.uid(2), limited),
      .ended(AgentBench.uid(3), limited),
    ])
    let answer = bench.linkController {
      $0.runs = [AgentBench.run(1, limit: 50), AgentBench.run(2), AgentBench.run(3, limit: 60)]
      $0.stops = [Desired.Stop(AgentBench.uid(2), .killed)]
    }
    #expect(answer.outcomes.map(\.cause) == [.timeLimit, .killed, .signal])
    #expect(answer.spawned == [])
  }

  @Test("while the shim is away nothing is reported lost; what it no longer knows is missing")
  func shimAway() {
    var bench = AgentBench(slots: 2)
    bench.run(AgentBench.run(1), AgentBench.run(2), AgentBench.run(3))
    bench.started(1)
    bench.step(.shimUnlinked)
    #expect(bench.stop(1).signals == [])
    #expect(bench.wait(3600).reports == [])
    var lost = ExitRecord(ended: bench.now)
    lost.isLost = true
    let back = bench.listShim([.ended(AgentBench.uid(1), lost)])
    #expect(back.outcomes.map(\.cause) == [.workerLost])
    #expect(back.missing == [2])
    #expect(back.spawned == [3])
  }

  @Test("an end that was due while the shim was away comes when it is back")
  func lateEnd() {
    var bench = AgentBench()
    bench.run(AgentBench.run(1, limit: 10))
    bench.started(1)
    bench.step(.shimUnlinked)
    bench.wait(11)
    #expect(bench.effects.signals == [])
    let back = bench.listShim([.started(AgentBench.uid(1), at: bench.moment(100))])
    #expect(back.signals == [15])
    #expect(bench.wait(4.1).signals == [9])
  }

  @Test("what the shim is still starting is neither missing nor started again")
  func stillStarting() {
    var bench = AgentBench()
    bench.run(AgentBench.run(1))
    bench.step(.shimUnlinked)
    #expect(bench.listShim([.starting(AgentBench.uid(1))]).missing == [])
    var successor = AgentBench(connected: false)
    successor.listShim([.starting(AgentBench.uid(1))])
    let answer = successor.linkController { $0.runs = [AgentBench.run(1)] }
    #expect(answer.spawned == [])
    #expect(answer.reports.map(\.kind) == [.starting])
    #expect(successor.started(1).reports.map(\.kind) == [.started])
  }

  @Test("an attempt that was reported missing and turns up after all is killed at once")
  func turnsUp() {
    var bench = AgentBench()
    bench.run(AgentBench.run(1))
    bench.step(.shimUnlinked)
    #expect(bench.listShim([]).missing == [1])
    #expect(bench.started(1).signals == [9])
  }

  @Test("a controller with another store is refused while attempts are held; none of them ends")
  func foreignStore() {
    var bench = AgentBench()
    bench.run(AgentBench.run(1))
    bench.started(1)
    bench.step(.unlinked)
    let odd = AgentOddity.foreignStore(held: AgentBench.store, offered: AgentBench.store(2))
    let foreign = bench.linkController(AgentBench.store(2)) { $0.runs = [AgentBench.run(2)] }
    #expect(bench.effects.contains(.odd(odd)))
    #expect(foreign.isEmpty)
    bench.step(.unlinked)
    let own = bench.linkController { $0.keeps = [AgentBench.uid(1)] }
    #expect(own.reports.map(\.kind) == [.started])
    #expect(own.signals == [])
  }

  @Test("a worker that holds nothing serves any store")
  func otherStore() {
    var bench = AgentBench()
    bench.step(.unlinked)
    bench.linkController(AgentBench.store(2))
    #expect(bench.run(AgentBench.run(1)).spawned == [1])
  }

  @Test("a worker that restarted knows from the shim whose its attempts are, and ends none of them")
  func foreignStoreAfterRestart() {
    var bench = AgentBench(connected: false)
    bench.step(.shimLinked)
    let started = AgentNotice.started(AgentBench.uid(1), at: bench.moment(50))
    bench.step(.shim(started, of: AgentBench.store))
    bench.step(.shim(.listEnd))
    #expect(bench.agent.foreignStore(to: AgentBench.store(2)) == AgentBench.store)
    let foreign = bench.linkController(AgentBench.store(2)) { $0.runs = [AgentBench.run(2)] }
    #expect(bench.agent.isForeign)
    #expect(foreign.isEmpty)
    bench.step(.unlinked)
    #expect(bench.agent.foreignStore(to: AgentBench.store) == nil)
    let own = bench.linkController {
      $0.runs = [AgentBench.run(1, limit: 60, startable: false), AgentBench.run(2)]
    }
    #expect(own.spawned == [2])
    #expect(own.reports.map(\.kind) == [.started, .starting])
    #expect(bench.wait(10.1).signals == [15])
  }

  @Test("attempts of another store that turn up under a linked controller are not its to end")
  func foreignStoreTurnsUp() {
    var bench = AgentBench()
    bench.step(.shimUnlinked)
    bench.step(.shimLinked)
    let started = AgentNotice.started(AgentBench.uid(1), at: bench.now)
    bench.step(.shim(started, of: AgentBench.store(2)))
    bench.step(.shim(.listEnd))
    #expect(bench.agent.isForeign)
    #expect(bench.desired { $0.isFull = true }.isEmpty)
    bench.wait(60)
    #expect(bench.effects.signals == [])
    #expect(bench.effects.reports == [])
  }

  @Test("what an administrator gave up is ended and forgotten, and nobody is told")
  func abandoned() {
    var bench = AgentBench(connected: false)
    bench.step(.shimLinked)
    for number in 1...2 as ClosedRange<UInt64> {
      let started = AgentNotice.started(AgentBench.uid(number), at: bench.now)
      bench.step(.shim(started, of: AgentBench.store))
    }
    bench.step(.shim(.ended(AgentBench.uid(3), ExitRecord(ended: bench.now)), of: AgentBench.store))
    bench.step(.shim(.listEnd))
    let told = bench.step(.abandoned(AgentBench.store))
    #expect(told.signals == [15, 15])
    #expect(told.contains(.acknowledge(AgentBench.uid(3))))
    #expect(bench.ended(1) { $0.signal = 15 }.contains(.acknowledge(AgentBench.uid(1))))
    #expect(bench.wait(5.1).signals == [9])
    bench.ended(2) { $0.signal = 9 }
    #expect(bench.agent.holdsNothing)
    #expect(
      bench.linkController(AgentBench.store(2)) { $0.runs = [AgentBench.run(4)] }.spawned == [4])
    #expect(bench.effects.outcomes == [])
  }
}
