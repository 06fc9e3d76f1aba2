/// Random numbers from the kernel, good enough for identities that nobody may guess.
package enum Entropy {
  /// So many random bytes.
  package static func bytes(_ count: Int) -> [UInt8] {
    var source = SystemRandomNumberGenerator()
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 7)
    while bytes.count < count {
      withUnsafeBytes(of: source.next()) { bytes.append(contentsOf: $0) }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  /// 64 random bits.
  package static func word() -> UInt64 {
    var source = SystemRandomNumberGenerator()
    return source.next()
  }
}
