import FlusterClient
import FlusterCommands
import FlusterCore
import Testing

@Suite("Whose child a submitted job becomes")
struct ParentTests {
  private static let uid = "0123456789abcdef0123456789abcdef"
  private static let voice = Voice(program: "fluster-submit", isQuiet: true)

  private func parent(
    _ options: [String], in environment: [String: String]
  ) throws -> AttemptUID? {
    let command = try #require(SubmitCommand.quick(options + ["--", "true"]))
    let caller = Caller(
      command: [],
      environment: environment.sorted { $0.key < $1.key }.map {
        Array("\($0.key)=\($0.value)".utf8)
      }, directory: [], umask: 0, nice: 0, rlimits: [])
    return try command.parent(of: caller, Self.voice)
  }

  @Test("the surrounding attempt's, if there is one and nothing says otherwise")
  func surrounding() throws {
    let inside = ["FLUSTER_ATTEMPT_UID": Self.uid, "FLUSTER_SOCKET": "/run/one.sock"]
    #expect(try parent([], in: inside)?.description == Self.uid)
    #expect(try parent(["--detach"], in: inside) == nil)
    #expect(try parent([], in: ["FLUSTER_SOCKET": "/run/one.sock"]) == nil)
    for word in ["", "0123", "nonsense", Self.uid + "00"] {
      #expect(try parent([], in: ["FLUSTER_ATTEMPT_UID": word]) == nil)
    }
  }

  @Test("nobody's at another flusterd than that of the surrounding job")
  func elsewhere() throws {
    let inside = ["FLUSTER_ATTEMPT_UID": Self.uid, "FLUSTER_SOCKET": "/run/one.sock"]
    #expect(try parent(["--socket", "/run/two.sock"], in: inside) == nil)
    #expect(try parent(["--socket", "/run/one.sock"], in: inside)?.description == Self.uid)
    #expect(
      try parent(["--socket", "/run/two.sock"], in: ["FLUSTER_ATTEMPT_UID": Self.uid]) != nil)
  }
}
