import Glibc

/// The file that fixes the bytes, and what is made from it.
enum Schema {
  /// fluster.proto as it is in the source tree.
  static func proto() throws -> [UInt8] { try read("Sources/FlusterProtocol/fluster.proto") }

  /// The line that contrib/regenerate-protocol left.
  static func hashLine() throws -> String {
    String(decoding: try read("Sources/FlusterProtocol/fluster.proto.sha256"), as: UTF8.self)
  }

  /// The names of every message field, as the proto spells them.
  static func fields() throws -> [String] {
    let pattern = #/^\s+(?:(?:optional|repeated) )?[A-Za-z0-9.]+ ([a-z][a-z0-9_]*) = [0-9]+;/#
    return String(decoding: try proto(), as: UTF8.self).split(separator: "\n")
      .compactMap { $0.prefixMatch(of: pattern).map { String($0.1) } }
  }

  private struct CannotRead: Error {
    let path: String
    let code: Int32
  }

  /// A file of the source tree, by its path there.
  static func read(_ name: String) throws -> [UInt8] {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    let path = root.joined(separator: "/") + "/" + name
    guard let file = fopen(path, "r") else { throw CannotRead(path: path, code: errno) }
    defer { fclose(file) }
    var content = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&content, 1, content.count, file)
    return Array(content[..<count])
  }
}
