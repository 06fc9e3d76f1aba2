import CFluster

/// How many columns of a terminal a text takes: letters of East Asia take two, accents that are
/// added to the letter before take none.
package enum TextWidth {
  /// The columns of a text.
  package static func columns(_ text: String) -> Int {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
    return text.unicodeScalars.reduce(0) { $0 + columns($1) }
  }

  /// The longest beginning of a text that takes no more columns than these.
  package static func prefix(of text: String, columns most: Int) -> String {
    var used = 0
    let kept = text.unicodeScalars.prefix { scalar in
      used += columns(scalar)
      return used <= most
    }
    return String(String.UnicodeScalarView(kept))
  }

  private static func columns(_ scalar: Unicode.Scalar) -> Int {
    if scalar.isASCII { return 1 }
    let columns = fl_columns(scalar.value)
    // Of what the C library does not know a terminal shows some sign.
    return columns < 0 ? 1 : Int(columns)
  }
}
