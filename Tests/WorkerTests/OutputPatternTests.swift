import Testing

@testable import FlusterWorker

@Suite("patterns in file names")
struct OutputPatternTests {
  private func filled(_ pattern: String) -> String {
    let path = OutputPattern(Array(pattern.utf8)).filled { letter in
      switch letter {
      case UInt8(ascii: "j"): "42"
      case UInt8(ascii: "n"): "na%j me"
      case _: nil
      }
    }
    return String(decoding: path, as: UTF8.self)
  }

  @Test("each pattern is replaced once; what is none stays")
  func fill() {
    #expect(filled("out/%j-%n.log") == "out/42-na%j me.log")
    #expect(filled("100%%-%x-%") == "100%-%x-%")
    #expect(filled("plain") == "plain")
  }

  @Test("only %u needs the user database")
  func owner() {
    #expect(OutputPattern(Array("%u.log".utf8)).needsOwner)
    #expect(!OutputPattern(Array("%%u-%j".utf8)).needsOwner)
  }
}
