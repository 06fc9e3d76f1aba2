import FlusterCore
import Testing

@Suite("a worker's lease")
struct LeaseTests {
  private func bench(slots: UInt64 = 4) -> AgentBench {
    var bench = AgentBench(slots: slots)
    bench.agent.lease = .seconds(60)
    return bench
  }

  @Test("what runs is ended when the controller was not heard for so long, as lost")
  func over() {
    var bench = bench()
    bench.run(AgentBench.run(1, grace: 300))
    bench.started(1)
    bench.step(.unlinked)
    #expect(bench.wait(59).signals == [])
    #expect(bench.wait(1.5).signals == [15])
    // The controller waits ten seconds beyond the lease, whatever grace the job has.
    #expect(bench.wait(5).signals == [9])
    #expect(bench.wait(600).signals == [])
    bench.ended(1) { $0.signal = 9 }
    let outcome = bench.linkController().outcomes.first
    #expect(outcome?.cause == .workerLost)
    #expect(outcome?.text == "no contact with flusterd for 60s")
  }

  @Test("each sign of life begins it anew, and a connection without one is no contact")
  func renewed() {
    var bench = bench()
    bench.run(AgentBench.run(1))
    bench.started(1)
    for _ in 0..<5 {
      #expect(bench.wait(50).signals == [])
      bench.desired { $0.asks = true }
    }
    #expect(bench.wait(59).signals == [])
    #expect(bench.wait(2).signals == [15])
  }

  @Test("what waits for its turn never starts, even if there is room then")
  func queued() {
    var bench = bench(slots: 1)
    bench.run(AgentBench.run(1), AgentBench.run(2))
    bench.started(1)
    bench.step(.unlinked)
    bench.wait(61)
    #expect(bench.ended(1) { $0.signal = 15 }.spawned == [])
    #expect(bench.linkController { $0.keeps = [AgentBench.uid(2)] }.missing == [2])
  }

  @Test("an end that is under way with a long grace is hurried")
  func ending() {
    var bench = bench()
    bench.run(AgentBench.run(1, grace: 600))
    bench.started(1)
    #expect(bench.stop(1).signals == [15])
    #expect(bench.wait(61).signals == [])
    #expect(bench.wait(5).signals == [9])
    #expect(bench.ended(1) { $0.signal = 9 }.outcomes.map(\.cause) == [.killed])
  }

  @Test("a worker at rest is not woken for it")
  func rest() {
    var bench = bench()
    bench.step(.unlinked)
    #expect(bench.wake == nil)
  }
}
