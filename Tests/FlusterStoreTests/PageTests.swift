import FlusterStore
import Testing

@Suite("fluster-store(5)")
struct StorePageTests {
  @Test("the page names every table and every column, and no table that is not there")
  func names() throws {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let bytes = try RawFile.read("/\(root)/man/fluster-store.5")
    let page = String(decoding: bytes, as: UTF8.self)
    let words = Set(
      page.split(separator: "\n").filter { $0.contains("Va ") }
        .flatMap { $0.split { " ,;".contains($0) } })
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      let database = directory("fluster.db")
      let tables = try RawFile.query(
        "SELECT name FROM sqlite_schema WHERE type = 'table'", on: database)
      for table in tables {
        #expect(page.contains(".It Va \(table)\n"))
        let columns = try RawFile.query(
          "SELECT name FROM pragma_table_info('\(table)')", on: database)
        for column in columns {
          #expect(words.contains(Substring(column)), "\(table).\(column)")
        }
      }
      #expect(page.components(of: ".It Va ") == tables.count)
      try store.probe()
    }
  }
}

extension String {
  /// How often a text occurs at the beginning of a line.
  fileprivate func components(of text: String) -> Int {
    split(separator: "\n").count { $0.hasPrefix(text) }
  }
}
