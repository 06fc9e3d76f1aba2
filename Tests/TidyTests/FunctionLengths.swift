/// A function and how many lines it takes from its first to its closing brace.
struct FunctionLength {
  let line: Int
  let count: Int
}

extension SourceFile {
  /// Every function, initialiser and deinitialiser of a Swift file with its length.
  ///
  /// Reads braces, not syntax: comments and strings are blanked first, which is exact enough for
  /// code that a formatter has laid out.
  var functions: [FunctionLength] {
    let code = blanked
    return code.indices.compactMap { start in
      guard code[start].contains(/\b(func|init|deinit|subscript)\b[^=]*[({]/) else { return nil }
      return length(from: start, in: code)
    }
  }

  /// From the declaration at `start` to the brace that closes its body; nil where it has none.
  private func length(from start: Int, in code: [String]) -> FunctionLength? {
    var braces = 0
    var parentheses = 0
    for line in start..<code.count {
      for character in code[line] {
        switch character {
        case "(", "[": parentheses += 1
        case ")", "]": parentheses -= 1
        case "{": braces += 1
        case "}": braces -= 1
        default: continue
        }
        if braces == 0 && character == "}" && parentheses <= 0 {
          return FunctionLength(line: start + 1, count: line - start + 1)
        }
        if braces < 0 || (parentheses < 0 && braces == 0) { return nil }
      }
      if braces == 0 && parentheses == 0 && line - start > 8 { return nil }
    }
    return nil
  }

  /// The lines without what stands in comments and string literals.
  var blanked: [String] {
    var isInBlock = false
    return lines.map { line in
      if line.contains("\"\"\"") { isInBlock.toggle() }
      if isInBlock { return "" }
      var code = ""
      var isInString = false
      var isEscaped = false
      for (character, next) in zip(line, line.dropFirst() + " ") {
        if isInString {
          if isEscaped {
            isEscaped = false
          } else if character == "\\" {
            isEscaped = true
          } else if character == "\"" {
            isInString = false
          }
        } else if character == "\"" {
          isInString = true
        } else if character == "/" && next == "/" {
          break
        } else {
          code.append(character)
        }
      }
      return code
    }
  }
}
