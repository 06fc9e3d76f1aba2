import FlusterClient
import FlusterCore
import Testing

@Suite("Exit statuses")
struct ExitStatusTests {
  @Test(
    "each refusal of flusterd has the status of the table",
    arguments: [
      (RefusalCode.invalidArgument, Int32(65)), (.alreadyExists, 65), (.failedPrecondition, 65),
      (.notFound, 66), (.unavailable, 75), (.resourceExhausted, 75), (.deadlineExceeded, 75),
      (.permissionDenied, 77), (.unimplemented, 70), (.internal, 70),
    ])
  func mapping(code: RefusalCode, status: Int32) {
    #expect(ExitStatus(code).rawValue == status)
  }

  @Test("no status of our own can be taken for one that a task is carried with")
  func carried() {
    let own = Set(ExitStatus.allCases.map(\.rawValue))
    let carried = [CarriedStatus.timeout, CarriedStatus.failure, CarriedStatus.none]
    #expect(carried == [124, 125, 126])
    #expect(own.isDisjoint(with: carried))
  }
}
