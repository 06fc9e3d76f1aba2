import FlusterCore
import FlusterProtocol
import Testing

@Suite("Versions")
struct VersionTests {
  @Test(
    "the newest version that both sides speak is agreed on, from either side",
    arguments: [
      (1, 1, 1, 1, 1), (1, 3, 2, 5, 3), (2, 5, 1, 3, 3), (1, 9, 4, 4, 4), (1, 1, 1, 9, 1),
      (1, 1, 2, 2, nil), (3, 4, 1, 2, nil),
    ] as [(UInt32, UInt32, UInt32, UInt32, UInt32?)])
  func agree(_ row: (UInt32, UInt32, UInt32, UInt32, UInt32?)) throws {
    let here = Speaker(software: "0.1.0", oldest: row.0, newest: row.1)
    let there = Speaker(software: "0.9.0", oldest: row.2, newest: row.3)
    if let agreed = row.4 {
      #expect(try here.agree(with: there) == agreed)
      #expect(try there.agree(with: here) == agreed)
    } else {
      #expect(throws: Refusal.self) { try here.agree(with: there) }
      #expect(throws: Refusal.self) { try there.agree(with: here) }
    }
  }

  @Test("an error names both versions and the way out")
  func error() {
    let there = Speaker(software: "0.9.0", oldest: 2, newest: 3)
    let refusal = #expect(throws: Refusal.self) { try Speaker.ours.agree(with: there) }
    #expect(refusal?.code == .failedPrecondition)
    #expect(
      refusal?.message
        == "fluster 0.1.0, protocol 1 here and fluster 0.9.0, protocol 2 to 3 there have no "
        + "version in common")
    #expect(refusal?.wayOut.isEmpty == false)
  }

  @Test("a hello says what this build speaks, and is understood")
  func hello() throws {
    let speaker = try Speaker(wire: WireHello(role: .command))
    #expect(speaker == .ours)
    #expect(try Speaker.ours.agree(with: speaker) == FlusterVersion.newest)
  }

  @Test("a hello without an oldest version speaks its newest only")
  func noOldest() throws {
    var hello = WireHello(role: .worker)
    hello.version = 4
    hello.oldestVersion = 0
    #expect(try Speaker(wire: hello).oldest == 4)
  }

  @Test("a hello that makes no sense is refused")
  func nonsense() {
    var hello = WireHello(role: .worker)
    hello.version = 0
    #expect(throws: Refusal.self) { try Speaker(wire: hello) }
    hello.version = 1
    hello.oldestVersion = 2
    #expect(throws: Refusal.self) { try Speaker(wire: hello) }
  }
}
