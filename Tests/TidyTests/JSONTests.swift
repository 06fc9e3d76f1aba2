import FlusterTesting
import Testing

@Suite("the JSON that programs read")
struct JSONTests {
  private static let schema = "contrib/fluster.schema.json"
  private static let page = "man/fluster-json.5"
  /// The keys of each release with their types. Lines are added, and never changed or removed.
  private static let released = "Tests/json-keys.txt"

  private func schema() throws -> JSONSchema {
    try JSONSchema(text(at: "\(Repository.root)/\(Self.schema)"))
  }

  @Test("a key once released keeps its place and its type")
  func released() throws {
    let page = try #require(SourceFile(Self.released))
    let before = page.lines.filter { !$0.isEmpty && !$0.hasPrefix("#") }
    let now = Set(try schema().keys)
    let gone = before.filter { !now.contains($0) }
    #expect(gone.isEmpty, "scripts rely on these:\n\(gone.joined(separator: "\n"))")
    let new = now.subtracting(before).sorted()
    #expect(new.isEmpty, "add to \(Self.released):\n\(new.joined(separator: "\n"))")
  }

  @Test("the page explains each key of the schema, and no others")
  func documented() throws {
    let page = try #require(SourceFile(Self.page))
    var explained: [String: Set<String>] = [:]
    var part = ""
    for line in page.lines {
      if line.hasPrefix(".Ss ") { part = String(line.dropFirst(4)) }
      guard line.hasPrefix(".It Li "), !part.isEmpty else { continue }
      explained[part, default: []].formUnion(
        line.dropFirst(7).split(separator: " ").map(String.init).filter { $0 != "," })
    }
    var known: [String: Set<String>] = [:]
    for definition in try schema().definitions {
      let keys = (definition.value["properties"]?.members ?? []).map(\.key)
      if !keys.isEmpty { known[definition.key] = Set(keys) }
    }
    for part in Set(known.keys).union(explained.keys).sorted() {
      let (inSchema, onPage) = (known[part] ?? [], explained[part] ?? [])
      let (more, less) = (onPage.subtracting(inSchema), inSchema.subtracting(onPage))
      #expect(less.isEmpty, "\(Self.page) does not explain these of \(part): \(less.sorted())")
      #expect(more.isEmpty, "\(Self.schema) does not know these of \(part): \(more.sorted())")
    }
  }

  @Test("a key is in snake_case, and _at, _seconds and _bytes mean what they say")
  func units() throws {
    for key in try schema().keys where !key.contains(" + ") {
      let words = key.split(separator: " ", maxSplits: 1).map(String.init)
      let name = words[0].split(separator: ".").last.map(String.init) ?? ""
      #expect(name.contains(/^(\*|[a-z][a-z0-9_]*)(\[\])?$/), "\(key)")
      #expect((name == "at" || name.hasSuffix("_at")) == (words[1] == "time"), "\(key)")
      #expect(name.hasSuffix("_seconds") == (words[1] == "seconds"), "\(key)")
      #expect(name.hasSuffix("_bytes") == (words[1] == "bytes"), "\(key)")
    }
  }
}
