/// Text that is well-formed HTML by construction.
///
/// It is written as a literal, and what is put into the literal is escaped: a String can become
/// text or the value of a quoted attribute, and nothing else. There is no way to make one from a
/// String as it is.
struct HTML: ExpressibleByStringInterpolation, Hashable, Sendable {
  private(set) var bytes: [UInt8] = []

  /// Nothing.
  init() {}

  init(stringLiteral literal: StaticString) {
    literal.withUTF8Buffer { bytes = Array($0) }
  }

  init(stringInterpolation: Interpolation) { bytes = stringInterpolation.bytes }

  /// The pieces of a literal.
  struct Interpolation: StringInterpolationProtocol {
    // Only the compiler makes one of these, from what stands in the source.
    typealias StringLiteralType = StaticString

    fileprivate var bytes: [UInt8] = []

    init(literalCapacity: Int, interpolationCount: Int) {
      bytes.reserveCapacity(literalCapacity + interpolationCount * 16)
    }

    mutating func appendLiteral(_ literal: StaticString) {
      literal.withUTF8Buffer { bytes += $0 }
    }

    mutating func appendInterpolation(_ html: HTML) { bytes += html.bytes }

    mutating func appendInterpolation(_ text: some StringProtocol) { bytes += HTML.escaped(text) }

    mutating func appendInterpolation(_ number: some BinaryInteger) {
      bytes += String(number).utf8
    }
  }

  var isEmpty: Bool { bytes.isEmpty }

  static func += (html: inout HTML, more: HTML) { html.bytes += more.bytes }

  static func + (one: HTML, other: HTML) -> HTML {
    var both = one
    both += other
    return both
  }

  /// What has no meaning in a text, and what could make it look like another, becomes U+FFFD:
  /// controls but tab and newline, and the marks that turn the direction of writing.
  private static func escaped(_ text: some StringProtocol) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": bytes += "&amp;".utf8
      case "<": bytes += "&lt;".utf8
      case ">": bytes += "&gt;".utf8
      case "\"": bytes += "&quot;".utf8
      case "'": bytes += "&#39;".utf8
      case "\t", "\n": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      case "\u{0}"..<"\u{20}", "\u{7f}"..<"\u{a0}", "\u{202a}"..."\u{202e}",
        "\u{2066}"..."\u{2069}":
        bytes += "\u{fffd}".utf8
      case _ where scalar.value & 0xfffe == 0xfffe || (0xfdd0...0xfdef).contains(scalar.value):
        bytes += "\u{fffd}".utf8
      default: bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
      }
    }
    return bytes
  }
}

extension Sequence<HTML> {
  /// One after the other.
  func joined() -> HTML { reduce(into: HTML()) { $0 += $1 } }

  /// One after the other, with something between.
  func joined(by separator: HTML) -> HTML {
    var html = HTML()
    for (index, part) in enumerated() {
      if index > 0 { html += separator }
      html += part
    }
    return html
  }
}
