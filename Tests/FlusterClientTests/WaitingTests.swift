import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol
import Testing

@Suite("The status a wait exits with")
struct WaitingTests {
  private func end(
    _ job: UInt64, _ index: UInt32, _ state: TaskState, _ outcome: Outcome?, total: UInt64 = 0,
    first: UInt32? = nil
  ) -> WireEnded {
    var ended = WireEnded()
    ended.job = job
    ended.index = index
    ended.explicit = true
    ended.state = WireState(state)
    ended.count = first.map { index - $0 + 1 } ?? 1
    if let outcome { ended.outcome = WireOutcome(outcome) }
    ended.status = UInt32(outcome?.status ?? (state == .succeeded ? 0 : 126))
    ended.total = total
    if let first { ended.first = first }
    return ended
  }

  private func status(_ ends: WireEnded...) throws -> Int32 {
    var waiting = Waiting(
      for: [], any: false, deadline: nil, voice: Voice(program: "test", isQuiet: true))
    for ended in ends { try waiting.take(ended) }
    return waiting.status
  }

  @Test(
    "one task's own status is carried exactly",
    arguments: [
      (Outcome(.exit, exitCode: 0), 0), (Outcome(.exit, exitCode: 7), 7),
      (Outcome(.exit, exitCode: 255), 255), (Outcome(.signal, signal: 9), 137),
      (Outcome(.timeLimit, exitCode: 0), 143), (Outcome(.killed, signal: 15), 143),
      (Outcome(.killed, exitCode: 3), 3), (Outcome(.start, startReason: .exec), 126),
      (Outcome(.workerLost), 126),
    ] as [(Outcome, Int32)])
  func one(outcome: Outcome, expected: Int32) throws {
    let state: TaskState = expected == 0 ? .succeeded : .failed
    #expect(try status(end(1, 0, state, outcome, total: 1)) == expected)
  }

  @Test("of several, one that did not succeed makes it 1")
  func several() throws {
    let good = end(1, 0, .succeeded, Outcome(.exit, exitCode: 0), total: 2)
    let bad = end(2, 0, .failed, Outcome(.exit, exitCode: 7), total: 2)
    #expect(try status(good, good) == 0)
    #expect(try status(good, bad) == 1)
    #expect(try status(bad, good) == 1)
  }

  @Test("a task killed before it started has no status of its own")
  func killed() throws {
    #expect(try status(end(1, 0, .killed, nil, total: 1)) == 126)
  }

  @Test("a range of tasks that ended alike counts as what it is")
  func ranges() throws {
    #expect(try status(end(1, 999, .succeeded, nil, total: 1000, first: 0)) == 0)
    #expect(try status(end(1, 999, .killed, nil, total: 1000, first: 0)) == 1)
  }
}
