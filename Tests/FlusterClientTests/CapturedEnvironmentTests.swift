import FlusterClient
import Testing

@Suite("The environment that goes with a job")
struct CapturedEnvironmentTests {
  private let caller = [
    "HOME=/home/a", "PATH=/bin", "LC_TIME=C", "EDITOR=ed", "TERM=xterm", "SSH_AUTH_SOCK=/tmp/x",
    "DBUS_SESSION_BUS_ADDRESS=unix:path=/x", "FLUSTER_JOB_ID=9", "INVOCATION_ID=1",
    "GITHUB_TOKEN=t", "db_password=p", "MY_SECRET_KEY=s", "EMPTY=", "junk",
  ].map { Array($0.utf8) }

  private func capture(
    _ extent: CapturedEnvironment.Extent, _ named: String...
  ) throws -> (entries: [String], withheld: [String]) {
    let captured = try CapturedEnvironment(of: caller, extent: extent, named: named)
    return (captured.entries.map { String(decoding: $0, as: UTF8.self) }, captured.withheld)
  }

  @Test("all is all but the session's and the secrets, which are named")
  func all() throws {
    let captured = try capture(.all)
    #expect(captured.entries == ["HOME=/home/a", "PATH=/bin", "LC_TIME=C", "EDITOR=ed", "EMPTY="])
    #expect(captured.withheld == ["GITHUB_TOKEN", "db_password", "MY_SECRET_KEY"])
  }

  @Test("minimal is what a login would set, none is nothing, and neither withholds")
  func less() throws {
    #expect(try capture(.minimal).entries == ["HOME=/home/a", "PATH=/bin", "LC_TIME=C"])
    #expect(try capture(.none).entries.isEmpty)
    #expect(try capture(.none).withheld.isEmpty)
  }

  @Test("-e passes the caller's value, even a secret's, or sets another")
  func named() throws {
    let captured = try capture(.none, "GITHUB_TOKEN", "A=b=c", "A=d", "B=")
    #expect(captured.entries == ["GITHUB_TOKEN=t", "A=d", "B="])
    #expect(try capture(.all, "GITHUB_TOKEN").withheld == ["db_password", "MY_SECRET_KEY"])
    #expect(try capture(.all, "HOME=/x").entries.filter { $0.hasPrefix("HOME") } == ["HOME=/x"])
  }

  @Test("an -e that names nothing is a usage error", arguments: ["", "=x", "NO_SUCH_VARIABLE"])
  func bad(word: String) throws {
    let failure = try #require(throws: Failure.self) {
      try CapturedEnvironment(of: caller, extent: .all, named: [word])
    }
    #expect(failure.status == .usage)
  }

  @Test("on the wire each entry is ended by a zero byte, whatever its bytes")
  func block() throws {
    let raw: [[UInt8]] = [Array("A=".utf8) + [0xff], Array("B=2".utf8)]
    let captured = try CapturedEnvironment(of: raw, extent: .all, named: [])
    #expect(captured.block == raw[0] + [0] + raw[1] + [0])
  }
}
