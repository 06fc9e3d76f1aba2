import FlusterCore
import Testing

@Suite("a worker's lease")
struct LeaseTests {
  private func bench(slots: UInt64 = 4) -> AgentBench {
    var bench = AgentBench(slots: slots)
    bench.agent.lease = .seconds(60)
    bench.step(.contact(at: bench.now.monotonic))
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
      bench.step(.contact(at: bench.now.monotonic))
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

  @Test("a new life of the worker counts from what the shim was told by the last")
  func inherited() {
    var bench = AgentBench(connected: false)
    bench.agent.lease = .seconds(60)
    bench.step(.shimLinked)
    bench.step(.leased(until: bench.moment(110).monotonic))
    bench.started(1)
    bench.step(.shim(.listEnd))
    #expect(bench.wait(9).signals == [])
    #expect(bench.wait(1.5).signals == [15])
  }

  @Test("what the last life ended with its lease is told as lost, what ended before is not")
  func ended() {
    var bench = AgentBench(connected: false)
    bench.agent.lease = .seconds(60)
    bench.wait(20)
    bench.step(.shimLinked)
    bench.step(.leased(until: bench.moment(110).monotonic))
    bench.ended(1, started: 100) { $0.signal = 15 }
    var early = ExitRecord(ended: bench.moment(109))
    early.started = bench.moment(100)
    early.signal = 15
    bench.step(.shim(.ended(AgentBench.uid(2), early)))
    bench.step(.shim(.listEnd))
    bench.step(.contact(at: bench.now.monotonic))
    let outcomes = bench.linkController { $0.keeps = [AgentBench.uid(1), AgentBench.uid(2)] }
      .outcomes
    #expect(outcomes.map(\.cause) == [.workerLost, .signal])
    #expect(outcomes.first?.text == "no contact with flusterd for 60s")
  }

  @Test("without a lease before, one begins when the worker does, and the shim hears of it")
  func begins() {
    var bench = AgentBench(connected: false)
    bench.agent.lease = .seconds(60)
    bench.step(.shimLinked)
    let told = bench.step(.leased(until: nil))
    #expect(told.contains(.lease(until: bench.moment(160).monotonic)))
    bench.started(1)
    bench.step(.shim(.listEnd))
    #expect(bench.wait(59).signals == [])
    #expect(bench.wait(2).signals == [15])
  }

  @Test("the shim hears of contact, not of every sign of it, and that there is no lease any more")
  func told() {
    var bench = bench()
    let first = bench.step(.leased(until: nil))
    #expect(first.contains(.lease(until: bench.moment(160).monotonic)))
    bench.wait(0.3)
    #expect(bench.step(.contact(at: bench.now.monotonic)).isEmpty)
    bench.wait(0.3)
    let next = bench.step(.contact(at: bench.now.monotonic))
    #expect(next.contains(.lease(until: bench.moment(160.6).monotonic)))
    bench.agent.lease = nil
    #expect(bench.step(.contact(at: bench.now.monotonic)).contains(.lease(until: nil)))
  }

  @Test("what had waited to be read is no fresh contact")
  func stale() {
    var bench = bench()
    bench.run(AgentBench.run(1))
    bench.started(1)
    let then = bench.now.monotonic
    bench.wait(50)
    bench.step(.contact(at: then))
    #expect(bench.wait(9).signals == [])
    #expect(bench.wait(2).signals == [15])
  }

  @Test("what the shim ended for want of contact is told so")
  func lapsed() {
    var bench = bench()
    bench.run(AgentBench.run(1))
    bench.started(1)
    let outcome = bench.ended(1) {
      $0.isLost = true
      $0.isLapsed = true
    }.outcomes.first
    #expect(outcome?.cause == .workerLost && outcome?.text == "no contact with flusterd")
  }

  @Test("a worker at rest is not woken for it")
  func rest() {
    var bench = bench()
    bench.step(.unlinked)
    #expect(bench.wake == nil)
  }
}
