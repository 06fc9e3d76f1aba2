import Glibc

/// A directory of a test's own below /tmp, removed with everything in it when asked.
package struct TemporaryDirectory: Sendable {
  /// Absolute, short enough for a socket's path.
  package let path: String

  /// Makes it, with mode 0700.
  package init() throws(Failed) {
    var template = Array("/tmp/fluster-XXXXXX\0".utf8).map { CChar(bitPattern: $0) }
    guard mkdtemp(&template) != nil else { throw Failed("mkdtemp") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Removes it; follows no links, crosses no mounts.
  package func remove() { _ = try? run("rm", "-rf", "--one-file-system", path) }
}
