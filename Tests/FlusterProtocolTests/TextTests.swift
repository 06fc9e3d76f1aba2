import Testing

@testable import FlusterProtocol

@Suite("Text that is shown on other people's terminals")
struct TextTests {
  @Test("holds every character but those that Unicode takes for controls or ends of lines")
  func characters() {
    let wrong = (UInt32(0)...0x10ffff).compactMap(Unicode.Scalar.init).filter { scalar in
      let category = scalar.properties.generalCategory
      let isKept = Limit.cleaned(String(scalar), to: 4).unicodeScalars.first == scalar
      return isKept == [.control, .lineSeparator, .paragraphSeparator].contains(category)
    }
    #expect(wrong.isEmpty)
  }
}
