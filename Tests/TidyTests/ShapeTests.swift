import Testing

@Suite("the shape of the code")
struct ShapeTests {
  @Test("no function is longer than 70 lines")
  func functionLengths() {
    let long = Repository.code.filter { $0.path.hasSuffix(".swift") }.flatMap { file in
      file.functions.filter { $0.count > 70 }.map { "\(file):\($0.line): \($0.count) lines" }
    }
    #expect(long.isEmpty, "\(long.joined(separator: "\n"))")
  }

  @Test("no function in C is longer than 70 lines")
  func cFunctionLengths() {
    var long: [String] = []
    for file in Repository.code where file.path.hasSuffix(".c") {
      var start: Int?
      for (number, line) in file.lines.enumerated() {
        if line.hasPrefix("{") || (line.hasSuffix("{") && !line.hasPrefix(" ")) { start = number }
        guard line.hasPrefix("}"), let opened = start else { continue }
        if number - opened + 1 > 70 { long.append("\(file):\(opened + 1)") }
        start = nil
      }
    }
    #expect(long.isEmpty, "\(long.joined(separator: "\n"))")
  }

  @Test("a file over 500 lines says why")
  func fileLengths() {
    let long = Repository.code.filter { file in
      file.lines.count > 501 && !file.lines.contains { $0.hasPrefix("// Long because:") }
    }
    #expect(long.isEmpty, "\(long.map { "\($0): \($0.lines.count) lines" })")
  }

  @Test("no line is wider than 100 columns")
  func lineWidths() {
    let wide = (Repository.code + Repository.scripts).flatMap { $0.lines { $0.count > 100 } }
    #expect(wide.isEmpty, "\(wide.joined(separator: "\n"))")
  }

  @Test("no file is named for being useful in general")
  func fileNames() {
    let vague = Repository.code.filter { file in
      ["Util", "Helper", "Manager", "Common", "Base.", "Misc"].contains { word in
        file.name.contains(word)
      }
    }
    #expect(vague.isEmpty, "\(vague)")
  }

  @Test("every type, function and initialiser other targets may use has a doc comment")
  func documentation() {
    let bare = Repository.files(in: "Sources", ending: ".swift").flatMap { file in
      file.lines.indices.filter { isUndocumented($0, in: file.lines) }
        .map { "\(file):\($0 + 1): \(file.lines[$0])" }
    }
    #expect(bare.isEmpty, "\(bare.joined(separator: "\n"))")
  }

  /// Operators and what a protocol asks for need none: what they mean is known before one reads
  /// them, and stands at the protocol.
  private func isUndocumented(_ index: Int, in lines: [String]) -> Bool {
    let words = lines[index].replacing(/^ *(@\w+(\([^)]*\))? )*/, with: "").split(separator: " ")
    guard let first = words.first, first == "package" || first == "public",
      let kind = words.first(where: { !ShapeTests.modifiers.contains($0) }),
      kind.contains(/^(struct|class|enum|protocol|actor|typealias|func|init|subscript)\b/),
      !lines[index].contains(/func ([<=>&|+*\/-]+|next\(\)|hash\(into|run\(\)|validate\(\))/)
    else { return false }
    let name = functionName(in: lines[index]) ?? ""
    if ShapeTests.requirements.contains(name) { return false }
    let above = lines[..<index].last { !$0.contains(/^ *@\w+/) } ?? ""
    return !above.contains(/^ *\/\/\//)
  }

  /// What our own protocols ask for.
  private static let requirements: Set<String> = {
    var names: Set<String> = []
    for file in Repository.files(in: "Sources", ending: ".swift") {
      var isInProtocol = false
      for line in file.lines {
        if line.contains(/^(package |public )?protocol\b/) { isInProtocol = true }
        if line.hasPrefix("}") { isInProtocol = false }
        if isInProtocol, let name = functionName(in: line) { names.insert(name) }
      }
    }
    return names
  }()

  private static let modifiers: Set<Substring> = [
    "package", "public", "static", "final", "mutating", "indirect", "nonisolated", "borrowing",
    "consuming", "convenience", "required",
  ]
}

/// The name of the function that a line declares.
private func functionName(in line: String) -> String? {
  line.firstMatch(of: /\bfunc (\w+)/).map { String($0.1) }
}
