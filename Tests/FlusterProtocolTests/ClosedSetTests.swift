import FlusterCore
import FlusterProtocol
import Testing

@Suite("Closed sets")
struct ClosedSetTests {
  @Test("a task state has the same number here and there", arguments: TaskState.allCases)
  func state(_ state: TaskState) throws {
    #expect(WireState(state).rawValue == Int(state.rawValue))
    #expect(try TaskState(wire: WireState(state)) == state)
  }

  @Test("a cause has the same number here and there", arguments: Cause.allCases)
  func cause(_ cause: Cause) throws {
    #expect(WireCause(cause).rawValue == Int(cause.rawValue))
    #expect(try Cause(wire: WireCause(cause)) == cause)
  }

  @Test("a band has the same number here and there", arguments: Band.allCases)
  func band(_ band: Band) throws {
    #expect(WireBand(band).rawValue == Int(band.rawValue))
    #expect(try Band(wire: WireBand(band)) == band)
  }

  @Test(
    "a comparison has the same number here and there", arguments: Constraint.Comparison.allCases)
  func comparison(_ comparison: Constraint.Comparison) throws {
    #expect(WireConstraint.Comparison(comparison).rawValue == Int(comparison.rawValue))
    #expect(
      try Constraint.Comparison(wire: WireConstraint.Comparison(comparison)) == comparison)
  }

  @Test("a start reason has the same number here and there", arguments: StartReason.allCases)
  func startReason(_ reason: StartReason) throws {
    let wire = WireOutcome(Outcome(.start, startReason: reason, startErrno: 2))
    #expect(wire.startReason == UInt32(reason.rawValue))
    #expect(try StartReason(wire: wire.startReason) == reason)
  }

  @Test("a refusal has the same number here and there", arguments: RefusalCode.allCases)
  func refusal(_ code: RefusalCode) {
    #expect(WireError.Code(code).rawValue == Int(code.rawValue))
    let refusal = Refusal(code, "no", wayOut: "ask again")
    #expect(Refusal(wire: WireError(refusal)) == refusal)
  }

  @Test("the wire knows nothing that the core does not")
  func counts() {
    #expect(WireState.allCases.count == TaskState.allCases.count + 1)
    #expect(WireBand.allCases.count == Band.allCases.count + 1)
    #expect(
      WireConstraint.Comparison.allCases.count == Constraint.Comparison.allCases.count + 1)
    #expect(WireCause.allCases.count == Cause.allCases.count + 1)
    #expect(WireError.Code.allCases.count == RefusalCode.allCases.count + 1)
  }

  @Test("a number that nobody gave a meaning is refused", arguments: [0, 12, 255, 256, -1])
  func unknown(_ number: Int) throws {
    let state = try #require(WireState(rawValue: number))
    let cause = try #require(WireCause(rawValue: number))
    #expect(throws: Refusal.self) { try TaskState(wire: state) }
    #expect(throws: Refusal.self) { try Cause(wire: cause) }
    let reason = UInt32(number + 1000)
    #expect(throws: Refusal.self) { try StartReason(wire: reason) }
  }

  @Test("an error of a newer side is still an error")
  func newerError() throws {
    let code = try #require(WireError.Code(rawValue: 99))
    #expect(RefusalCode(wire: code) == .internal)
    #expect(Refusal(wire: WireError()).message.isEmpty == false)
  }

  @Test("counts by state go both ways")
  func stateCounts() throws {
    var counts = StateCounts()
    for (place, state) in TaskState.allCases.enumerated() where place != 3 {
      counts[state] = UInt32(place + 1)
    }
    #expect(try StateCounts(wire: counts.wire) == counts)
    #expect(counts.wire.count == TaskState.allCases.count - 1)
  }
}
