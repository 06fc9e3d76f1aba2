import FlusterTesting
import Testing

@Suite("the formatter")
struct FormatTests {
  @Test("swift format lint --strict finds nothing")
  func lint() throws {
    guard Tool.isInstalled("swift") else {
      #expect(maySkip(because: "swift is not on PATH"))
      return
    }
    let files = Repository.code.map(\.path).filter { $0.hasSuffix(".swift") }
    let arguments = ["swift", "format", "lint", "--strict", "--parallel"] + files
    let checked = try Program(
      arguments, environment: Processes.environment, directory: Repository.root
    ).finish(within: 300)
    #expect(checked.status == 0, "\(checked.errors)")
  }
}
