/// The path of an `-o`, `-E` or `--stdin` file, with `%j %t %a %n %u` still in it.
struct OutputPattern {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Whether `%u` is among the patterns.
  var needsOwner: Bool {
    var found = false
    _ = filled { letter in
      if letter == UInt8(ascii: "u") { found = true }
      return nil
    }
    return found
  }

  /// The path with each pattern replaced by what `value` gives for its letter. `%%` is one percent
  /// sign; what has no value stays as it is.
  func filled(_ value: (UInt8) -> String?) -> [UInt8] {
    var path: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%"), let letter = rest.popFirst() else {
        path.append(byte)
        continue
      }
      if letter == UInt8(ascii: "%") {
        path.append(letter)
      } else if let value = value(letter) {
        path.append(contentsOf: value.utf8)
      } else {
        path.append(contentsOf: [byte, letter])
      }
    }
    return path
  }
}
