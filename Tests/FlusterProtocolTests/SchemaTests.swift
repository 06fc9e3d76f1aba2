import Testing

@Suite("The schema")
struct SchemaTests {
  @Test("the generated code is that of the proto beside it")
  func hash() throws {
    #expect(hex(sha256(Array("abc".utf8))).hasPrefix("ba7816bf8f01cfea414140de5dae2223"))
    #expect(
      try Schema.hashLine() == hex(sha256(try Schema.proto())) + "  fluster.proto\n",
      "fluster.proto has changed: run contrib/regenerate-protocol")
  }

  @Test("every field of the proto is in a golden message")
  func coverage() throws {
    let fields = try Schema.fields()
    #expect(fields.count > 150)
    let golden = Golden.all.map(\.text).joined(separator: "\n")
    for field in Set(fields) {
      #expect(
        golden.contains("\(field): ") || golden.contains("\(field) {"), "\(field) is in none")
    }
  }
}
