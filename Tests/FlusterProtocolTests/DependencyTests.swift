import FlusterCore
import FlusterProtocol
import SwiftProtobuf
import Testing

@Suite("Dependencies on the wire")
struct DependencyTests {
  private let owner = UserID(1000)

  @Test("what a job waits for is understood, and told of it again")
  func dependencies() throws {
    let golden = try #require(
      Golden.all.first { $0.description == "a submit of a job that waits for others" })
    let envelope = try WireEnvelope(serializedBytes: bytes(hex: golden.hex))
    let submission = try Submission(wire: envelope.submit, owner: owner)
    let tasks = Selection(job: JobID(42), indices: 1...9)
    #expect(submission.dependencies.map(\.kind) == [.afterOK, .afterFail])
    #expect(submission.dependencies.map(\.selector) == [.tasks(tasks), .name("build-*")])
    var request = submission.request
    #expect(request.options.dependencies.isEmpty)
    #expect(request.options.begin == WallTime(milliseconds: 1_800_000_000_000))
    #expect(request.options.deadline == WallTime(milliseconds: 1_800_000_060_000))
    request.options.dependencies = [Dependency(.afterOK, tasks)]
    let row = WireJobRow(Job(id: JobID(43), request: request, submitted: WallTime(milliseconds: 5)))
    #expect(row.options.dependencies == [WireDependency(Dependency(.afterOK, tasks))])
    #expect(row.options.dependencies.first?.known == .afterOK)
    var newer = envelope.submit
    newer.job.options.dependencies[0].kind = .UNRECOGNIZED(9)
    let refusal = #expect(throws: Refusal.self) { try Submission(wire: newer, owner: owner) }
    #expect(refusal?.code == .unimplemented)
  }
}
