import FlusterTesting
import Testing

@Suite("the scenarios")
struct ScenarioTests {
  /// What must be shown, or be among the open ones.
  private static let wanted = [
    1...16, 19...30, 33...62, 64...74, 76...81, 93...96,
  ].flatMap { Array($0) }

  private static let comments = ScenarioComments(
    Repository.files(in: "Tests", ending: ".swift").filter { !$0.path.contains("/TidyTests/") })

  private static func table() throws -> ScenarioTable {
    ScenarioTable(try #require(SourceFile(ScenarioTable.path)))
  }

  @Test("every number is in the table, once")
  func complete() throws {
    let table = try Self.table()
    #expect(table.odd.isEmpty, "\(table.odd)")
    let missing = Self.wanted.filter { table.shown[$0] == nil && table.open[$0] == nil }
    #expect(missing.isEmpty, "\(ScenarioTable.path) has no line for \(missing)")
  }

  @Test("every number that a test carries is one of the form that is looked for")
  func form() {
    let odd = Self.comments.odd.joined(separator: "\n")
    #expect(odd.isEmpty, "write `/// Scenario 12.` right above the test:\n\(odd)")
  }

  @Test("what the table says of a test, the test says of itself")
  func existing() throws {
    for (number, tests) in try Self.table().shown.sorted(by: { $0.key < $1.key }) {
      #expect(!tests.isEmpty, "\(number) has no test")
      for test in tests.subtracting(Self.comments.tests[number] ?? []).sorted() {
        Issue.record("no test says that it shows scenario \(number):\n  \(test)")
      }
    }
  }

  @Test("what a test says of itself, the table says of it")
  func listed() throws {
    let table = try Self.table()
    for (number, tests) in Self.comments.tests.sorted(by: { $0.key < $1.key }) {
      for test in tests.subtracting(table.shown[number] ?? []).sorted() {
        Issue.record("add to \(ScenarioTable.path), below the line of \(number):\n  \(test)")
      }
    }
  }

  @Test("what is open has no test, and says why")
  func open() throws {
    for (number, reason) in try Self.table().open.sorted(by: { $0.key < $1.key }) {
      #expect(Self.comments.tests[number] == nil, "\(number) is shown and not open any more")
      #expect(!reason.isEmpty, "\(number) does not say why it is open")
    }
  }
}
