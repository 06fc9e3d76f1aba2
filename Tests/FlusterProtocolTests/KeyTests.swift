import FlusterCore
import FlusterProtocol
import SwiftProtobuf
import Testing

@Suite("Keys on the wire")
struct KeyTests {
  private func key(_ change: (inout WireSubmit) -> Void) throws -> JobKey {
    let wire = submit {
      $0.job.once.key = "nightly"
      change(&$0)
    }
    let submission = try Submission(wire: wire, owner: UserID(1001))
    return try #require(submission.request.options.key)
  }

  @Test("a key comes with how it is to be taken, or as usual")
  func once() throws {
    let wire = submit { $0.job.once.key = "nightly" }
    let submission = try Submission(wire: wire, owner: UserID(1001))
    #expect(submission.request.ownedKey == OwnedKey(owner: UserID(1001), name: "nightly"))
    #expect(submission.once == Once(scope: .ever, ifExists: .return))
    #expect(try Submission(wire: submit(), owner: UserID(1001)).request.options.key == nil)
    for scope in Once.Scope.allCases {
      for ifExists in Once.IfExists.allCases {
        let once = Once(scope: scope, ifExists: ifExists)
        #expect(try Once(wire: WireOnce(key: "k", once)) == once)
      }
    }
  }

  @Test("what a newer client wants of a key is unimplemented, and not guessed")
  func newer() {
    var wire = WireOnce()
    wire.key = "k"
    wire.scope = .UNRECOGNIZED(9)
    #expect(throws: Refusal.self) { try Once(wire: wire) }
    wire.scope = .live
    wire.ifExists = .UNRECOGNIZED(9)
    #expect((#expect(throws: Refusal.self) { try Once(wire: wire) })?.code == .unimplemented)
  }

  @Test("what was asked for tells requests apart, and what is found around the command does not")
  func digest() throws {
    let first = try key { _ in }.digest
    let same: [(inout WireSubmit) -> Void] = [
      { $0.token = .of(Array(2...17)) }, { $0.resend = true },
      { $0.parentAttempt = .of(Array(1...16)) }, { $0.job.once.ifExists = .fail },
      { $0.job.environment = .of(Array("A=b\0".utf8)) }, { $0.job.launch.umask = 0o77 },
      { $0.job.launch.nice = 5 }, { $0.job.options.beginMs = 5 },
      { $0.job.launch.rlimits = [WireRlimit.with { $0.name = "nofile" }] },
    ]
    for change in same { #expect(try key(change).digest == first) }
    let others: [(inout WireSubmit) -> Void] = [
      { $0.job.name = "other" }, { $0.job.launch.argv.append(.of([65])) },
      { $0.job.launch.directory = .of(Array("/tmp".utf8)) }, { $0.job.held = true },
      { $0.job.needs.cpuMillis = 2000 }, { $0.job.options.band = .batch },
      { $0.job.array = array() }, { $0.job.launch.stdout = .of([65]) },
      { $0.job.timeLimitMs = 1000 }, { $0.job.endChildren = true },
      { $0.job.options.dependencies = [WireDependency(.after, WireSelector(.newest))] },
    ]
    let digests = try others.map { try key($0).digest } + [first]
    #expect(Set(digests).count == digests.count)
  }

  @Test("a row tells the key, and the job that is replaced")
  func row() {
    var request = JobRequest(name: "job", owner: UserID(1001))
    request.options.key = JobKey(
      name: "nightly", digest: RequestDigest(AttemptUID(high: 1, low: 2)), replaces: JobID(41))
    let row = WireJobRow(
      Job(id: JobID(42), request: request, submitted: WallTime(milliseconds: 1)))
    #expect(row.key == "nightly" && row.replaces == 41 && !row.hasOptions)
  }
}
