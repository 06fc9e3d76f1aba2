import FlusterProtocol
import SwiftProtobuf
import Testing

@Suite("fluster-protocol(5)")
struct PageTests {
  private func lines(of path: String) throws -> [String] {
    String(decoding: try Schema.read(path), as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// What stands between two lines, without them.
  private func block(from first: String, to last: String, in page: [String]) throws -> [String] {
    let start = try #require(page.firstIndex(of: first), "the page has no line \(first)")
    let end = try #require(page[start...].firstIndex(of: last), "the page has no line \(last)")
    return Array(page[(start + 1)..<end])
  }

  @Test(
    "the page shows the file as it is",
    arguments: ["Sources/FlusterProtocol/fluster.proto", "contrib/examples/fluster-client.py"])
  func files(_ path: String) throws {
    let page = try lines(of: "man/fluster-protocol.5")
    let shown = try block(from: ".\\\" BEGIN \(path)", to: ".\\\" END \(path)", in: page)
    let file = try lines(of: path).dropLast().map { line in
      let escaped = line.split(separator: "\\", omittingEmptySubsequences: false)
        .joined(separator: "\\e")
      return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }
    #expect(
      shown == [".Bd -literal -offset 2n"] + file + [".Ed"], "run contrib/regenerate-protocol")
  }

  @Test("the bytes of the page's examples are the bytes of the codec")
  func bytesOfExamples() throws {
    let page = try lines(of: "man/fluster-protocol.5")
    var rest = try block(from: ".Sh EXAMPLES", to: ".Sh COMPATIBILITY", in: page)[...]
    let envelopes = [
      "hello { version: 1 oldest_version: 1 software: \"0.1.0\" role: ROLE_COMMAND }",
      "request: 1 get_status {}",
      "request: 4 kill { selectors { tasks { job: 42 first: 7 last: 7 } } }",
    ]
    for text in envelopes {
      let start = try #require(rest.firstIndex(of: ".Bd -literal -offset indent"))
      let end = try #require(rest[start...].firstIndex(of: ".Ed"))
      let digits = rest[(start + 1)..<end].map { line in
        line.drop { $0 == " " }.split(separator: "   ").first ?? ""
      }
      let frame = try Frame.encode(try WireEnvelope(textFormatString: text))
      #expect(hex(bytes(hex: digits.joined())) == hex(frame), "\(text)")
      rest = rest[(end + 1)...]
    }
  }
}
