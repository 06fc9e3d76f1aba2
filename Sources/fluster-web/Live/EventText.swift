/// Events as they go over the wire (the HTML standard, 9.2.5).
enum EventText {
  /// An event with its name, and the text that comes out at the other end.
  static func event(_ name: String, _ text: some Sequence<UInt8>, id: String? = nil) -> [UInt8] {
    var bytes = Array("event: \(name)\n".utf8)
    if let id { bytes += "id: \(id)\n".utf8 }
    bytes += "data: ".utf8
    for byte in text {
      switch byte {
      case 10: bytes += "\ndata: ".utf8
      // Would end a line, too.
      case 13: continue
      default: bytes.append(byte)
      }
    }
    return bytes + [10, 10]
  }

  /// What a stream begins with: when to come back if it is lost, in milliseconds.
  static let beginning = Array("retry: 1000\n\n".utf8)

  /// Says nothing; only a connection that has ended does not take it.
  static let nothing = Array(":\n\n".utf8)
}
