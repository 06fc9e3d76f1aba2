import FlusterClient
import FlusterProtocol
import Testing

@Suite("Selectors")
struct SelectorArgumentTests {
  @Test(
    "a selector reads back as it was written",
    arguments: [
      "42", "42.7", "42.1-9", "name:train-*", "key:nightly", "@last", "18446744073709551615",
    ])
  func good(word: String) throws {
    #expect(try SelectorArgument.parse(word).text == word)
  }

  @Test(
    "what is no selector is a usage error that shows the forms",
    arguments: [
      "", "-1", "+1", "x", "42.", ".7", "42.7.1", "42.9-1", "42.1-", "42.-1", "42.1-2-3", "4 2",
      "0x2a", "name:", "key:", "@first", "18446744073709551616", "42.4294967296", "١",
    ])
  func bad(word: String) throws {
    let failure = try #require(throws: Failure.self) { try SelectorArgument.parse(word) }
    #expect(failure.status == .usage)
    #expect(failure.wayOut == SelectorArgument.forms)
  }

  @Test("of each line of standard input the first word counts, blank lines do not")
  func lines() throws {
    let text = "42\n\n  43.1 rest of it\r\nname:x\n"
    let selectors = try SelectorArgument.parse(lines: Array(text.utf8))
    #expect(selectors.map(\.text) == ["42", "43.1", "name:x"])
  }

  @Test("a bad line is bad data, and named by its number")
  func badLine() throws {
    let failure = try #require(throws: Failure.self) {
      try SelectorArgument.parse(lines: Array("42\nnonsense\n".utf8))
    }
    #expect(failure.status == .data)
    #expect(failure.message.hasPrefix("line 2 "))
  }
}

@Suite("Array ranges")
struct ArrayArgumentTests {
  @Test(
    "first, step, count and throttle follow from the range",
    arguments: [
      ("1-100", 1, 1, 100, 0), ("0-9", 0, 1, 10, 0), ("5", 5, 1, 1, 0), ("1-10:3", 1, 3, 4, 0),
      ("0-999999%2", 0, 1, 1_000_000, 2), ("0-10:5%1", 0, 5, 3, 1),
      ("4294967295", 4_294_967_295, 1, 1, 0),
    ] as [(String, UInt32, UInt32, UInt32, UInt32)])
  func good(word: String, first: UInt32, step: UInt32, count: UInt32, throttle: UInt32) throws {
    let array = try ArrayArgument.parse(word)
    #expect(array.first == first)
    #expect(array.step == step)
    #expect(array.count == count)
    #expect(array.throttle == throttle)
    #expect(array.hasThrottle == (throttle > 0))
    #expect(array.explicit)
  }

  @Test(
    "a malformed range is a usage error",
    arguments: ["", "-", "1-", "-5", "a-b", "1-2-3", "1-10:0", "1-10:", "1-10%", "1-10%0", "1%2%3"])
  func malformed(word: String) throws {
    let failure = try #require(throws: Failure.self) { try ArrayArgument.parse(word) }
    #expect(failure.status == .usage)
  }

  @Test(
    "a range without tasks, or beyond 32 bits, can never be run",
    arguments: ["5-4", "0-4294967296"])
  func impossible(word: String) throws {
    let failure = try #require(throws: Failure.self) { try ArrayArgument.parse(word) }
    #expect(failure.status == .data)
  }
}
