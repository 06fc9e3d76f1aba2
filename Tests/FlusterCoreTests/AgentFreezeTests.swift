import FlusterCore
import Testing

@Suite("a worker freezes attempts")
struct AgentFreezeTests {
  private func frozen(_ total: Double, since: Double? = nil, _ bench: AgentBench) -> AgentNotice {
    .frozen(
      AgentBench.uid(1),
      FrozenTime(total: Int64(total * 1e9), since: since.map { bench.moment($0).monotonic }))
  }

  /// One that began at 100 s, with a limit of 10 s, and has been frozen at 104 s.
  private func stopped() -> AgentBench {
    var bench = AgentBench()
    bench.run(AgentBench.run(1, limit: 10, grace: 2))
    bench.started(1)
    bench.wait(4)
    #expect(bench.run(AgentBench.run(1, limit: 10, grace: 2, frozen: true)).freezes == [true])
    bench.step(.shim(frozen(0, since: 104, bench)))
    return bench
  }

  @Test("time during which it stands still does not count against the limit")
  func limit() {
    var bench = stopped()
    let stood = bench.wait(1000)
    #expect(stood.signals == [] && stood.freezes == [])
    #expect(bench.run(AgentBench.run(1, limit: 10, grace: 2)).freezes == [false])
    #expect(bench.step(.shim(frozen(1000, bench))).signals == [])
    #expect(bench.wait(5.9).signals == [])
    #expect(bench.wait(0.2).signals == [15])
    #expect(bench.ended(1) { $0.signal = 15 }.outcomes.map(\.cause) == [.timeLimit])
  }

  @Test("what is frozen and to end goes on first, and can heed the TERM")
  func stop() {
    var bench = stopped()
    let effects = bench.stop(1)
    #expect(effects.freezes == [false])
    #expect(effects.signals == [15])
    let thawed = effects.firstIndex(of: .freeze(AgentBench.uid(1), false)) ?? .max
    let termed = effects.firstIndex(of: .signal(AgentBench.uid(1), 15)) ?? .min
    #expect(thawed < termed)
    bench.step(.shim(frozen(0, bench)))
    #expect(bench.run(AgentBench.run(1, limit: 10, grace: 2, frozen: true)).freezes == [])
    #expect(bench.wait(5.1).signals == [9])
  }

  @Test("a worker that comes back goes on counting, and freezes what was to be frozen meanwhile")
  func restart() {
    var bench = stopped()
    let start = AgentBench.moment(100_000_000_000)
    var next = AgentBench(connected: false)
    next.wait(1004)
    next.listShim([.started(AgentBench.uid(1), at: start), frozen(600, since: 704, next)])
    #expect(next.wait(50).signals == [])
    let effects = next.linkController {
      $0.runs = [AgentBench.run(1, limit: 10, grace: 2, startable: false)]
    }
    #expect(effects.freezes == [false] && effects.signals == [])
    next.step(.shim(frozen(1050, next)))
    #expect(next.wait(5.9).signals == [])
    #expect(next.wait(0.2).signals == [15])
    // One that was thawed while the shim was away is so when it is back.
    bench.step(.shimUnlinked)
    #expect(bench.run(AgentBench.run(1, limit: 10, grace: 2)).freezes == [])
    let list = bench.listShim([
      .started(AgentBench.uid(1), at: start), frozen(0, since: 104, bench),
    ])
    #expect(list.freezes == [false])
  }
}
