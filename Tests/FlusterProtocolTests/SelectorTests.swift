import FlusterCore
import FlusterProtocol
import Testing

@Suite("Selectors and orders")
struct SelectorTests {
  private let selectors: [JobSelector] = [
    .tasks(Selection(job: JobID(42))),
    .tasks(Selection(job: JobID(42), indices: 0...0)),
    .tasks(Selection(job: JobID(42), indices: 1...UInt32.max)),
    .name("sim*"), .key("nightly"), .newest,
  ]

  @Test("a selector goes both ways")
  func bothWays() throws {
    #expect(try JobSelector.list(wire: selectors.map(WireSelector.init)) == selectors)
  }

  @Test("a selector that selects nothing is refused")
  func nonsense() {
    var bad = [WireSelector](repeating: WireSelector(), count: 10)
    bad[1].newest = false
    bad[2].nameGlob = ""
    bad[3].nameGlob = "a\nb"
    bad[4].nameGlob = String(repeating: "a", count: Limit.pattern + 1)
    bad[5].tasks.job = 0
    bad[6].tasks.job = 42
    bad[6].tasks.first = 1
    bad[7].tasks.job = 42
    bad[7].tasks.first = 2
    bad[7].tasks.last = 1
    bad[8].key = ""
    bad[9].key = "a\u{7}"
    for wire in bad { #expect(throws: Refusal.self) { try JobSelector(wire: wire) } }
  }

  @Test("there is a limit to what one request may name")
  func limit() throws {
    let many = Array(repeating: WireSelector(.newest), count: Limit.selectors)
    #expect(try JobSelector.list(wire: many).count == Limit.selectors)
    #expect(throws: Refusal.self) { try JobSelector.list(wire: many + [WireSelector(.newest)]) }
    let names = Array(repeating: WireSelector(.name("a*")), count: Limit.patterns)
    #expect(try JobSelector.list(wire: names + many.prefix(9)).count == Limit.patterns + 9)
    #expect(throws: Refusal.self) { try JobSelector.list(wire: names + names.prefix(1)) }
    #expect(throws: Refusal.self) { try JobSelector.list(wire: names + [WireSelector(.key("a"))]) }
  }

  @Test("a kill names something, a signal there is, and a reason that can be shown")
  func kill() throws {
    var wire = WireKill()
    #expect(throws: Refusal.self) { try KillOrder(wire: wire) }
    wire.selectors = selectors.map(WireSelector.init)
    #expect(try KillOrder(wire: wire).signal == nil)
    wire.signal = 10
    wire.states = [.running, .pending, .running]
    wire.reason = "wrong data"
    let order = try KillOrder(wire: wire)
    #expect(order.signal == 10 && order.states == [.running, .pending])
    #expect(order.reason == "wrong data" && order.selectors == selectors)
    wire.signal = 0
    #expect(throws: Refusal.self) { try KillOrder(wire: wire) }
    wire.signal = 9
    wire.reason = "a\u{1b}b"
    #expect(throws: Refusal.self) { try KillOrder(wire: wire) }
    wire.reason = ""
    wire.states = [.unspecified]
    #expect(throws: Refusal.self) { try KillOrder(wire: wire) }
  }

  @Test("a change has a verb, and one of a newer client is unimplemented")
  func change() throws {
    var wire = WireSet()
    wire.selectors = [WireSelector(.newest)]
    #expect(throws: Refusal.self) { try ChangeOrder(wire: wire) }
    wire.verb = .hold
    #expect(try ChangeOrder(wire: wire).verb == .hold)
    wire.verb = .release
    #expect(try ChangeOrder(wire: wire).verb == .release)
    wire.verb = .priority
    wire.priority = -5
    #expect(try ChangeOrder(wire: wire).verb == .change(.priority(-5)))
    wire.priority = 1_000_001
    #expect(throws: Refusal.self) { try ChangeOrder(wire: wire) }
    wire.verb = .changeBand
    #expect(throws: Refusal.self) { try ChangeOrder(wire: wire) }
    wire.band = .batch
    #expect(try ChangeOrder(wire: wire).verb == .change(.band(.batch)))
    wire.verb = .timeLimit
    #expect(try ChangeOrder(wire: wire).verb == .change(.timeLimit(nil)))
    wire.timeLimitMs = 0
    #expect(throws: Refusal.self) { try ChangeOrder(wire: wire) }
    wire.timeLimitMs = 90_000
    #expect(try ChangeOrder(wire: wire).verb == .change(.timeLimit(.seconds(90))))
    wire.verb = .memory
    #expect(throws: Refusal.self) { try ChangeOrder(wire: wire) }
    wire.memoryBytes = 1024
    #expect(try ChangeOrder(wire: wire).verb == .change(.memory(1024)))
    wire.verb = .UNRECOGNIZED(99)
    let refusal = #expect(throws: Refusal.self) { try ChangeOrder(wire: wire) }
    #expect(refusal?.code == .unimplemented)
  }

  @Test("a list may name nothing, a wait may not")
  func listAndWait() throws {
    var wire = WireList()
    wire.tasks = true
    let list = try ListOrder(wire: wire)
    #expect(list.selectors.isEmpty && list.states.isEmpty && list.newest == nil && list.hasTasks)
    wire.newest = 3
    #expect(try ListOrder(wire: wire).newest == 3)
    #expect(throws: Refusal.self) { try WaitOrder(wire: WireWait()) }
  }
}
