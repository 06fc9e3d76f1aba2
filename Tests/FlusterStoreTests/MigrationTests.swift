import FlusterCore
import FlusterStore
import Testing

@Suite("A store of the first format is brought up to date")
struct MigrationTests {
  @Test("jobs from before there were trees are roots, and leave their children alive")
  func roots() throws {
    try ScratchDirectory.with { directory in
      let path = directory("fluster.db")
      try RawFile.write([], to: path)
      for statement in FirstFormat.statements { try RawFile.execute(statement, on: path) }
      let restored = try Store.open(directory: directory.path).restore()
      #expect(restored.jobs.map(\.id) == [JobID(1), JobID(3)])
      #expect(restored.jobs.allSatisfy { $0.descent == .root && !$0.request.endChildren })
      let controller = Controller(restored: restored, random: Random(seed: 1))
      #expect(Invariants.violations(in: controller).isEmpty)
      #expect(try RawFile.query("PRAGMA user_version", on: path) == ["2"])
    }
  }
}
