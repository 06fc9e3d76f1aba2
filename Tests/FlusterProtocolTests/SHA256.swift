/// FIPS 180-4, for the one hash that the tests compare.
func sha256(_ message: [UInt8]) -> [UInt8] {
  let primes = (2...311).filter { n in !(2..<n).contains { n.isMultiple(of: $0) } }
  func fraction(_ root: Double) -> UInt32 { UInt32((root - root.rounded(.down)) * 4_294_967_296) }
  let keys = primes.prefix(64).map { fraction(cubeRoot(Double($0))) }
  var state = primes.prefix(8).map { fraction(Double($0).squareRoot()) }

  let length = UInt64(message.count) * 8
  var padded = message + [0x80]
  padded += Array(repeating: 0, count: (120 - padded.count % 64) % 64)
  padded += (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) }

  for start in stride(from: 0, to: padded.count, by: 64) {
    var words = (0..<16).map { word in
      padded[(start + 4 * word)..<(start + 4 * word + 4)].reduce(0) { $0 << 8 | UInt32($1) }
    }
    for t in 16..<64 {
      let small = rotate(words[t - 15], 7) ^ rotate(words[t - 15], 18) ^ (words[t - 15] >> 3)
      let large = rotate(words[t - 2], 17) ^ rotate(words[t - 2], 19) ^ (words[t - 2] >> 10)
      words.append(words[t - 16] &+ small &+ words[t - 7] &+ large)
    }
    var v = state
    for t in 0..<64 {
      let choice = (v[4] & v[5]) ^ (~v[4] & v[6])
      let large = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)
      let first = v[7] &+ large &+ choice &+ keys[t] &+ words[t]
      let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2])
      let second = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) &+ majority
      v = [first &+ second, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
    }
    for place in 0..<8 { state[place] &+= v[place] }
  }
  return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } }
}

private func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
  word >> count | word << (32 - count)
}

/// Newton's method; 53 bits are enough for the 32 that are used.
private func cubeRoot(_ value: Double) -> Double {
  var root = value / 3 + 1
  for _ in 0..<60 { root -= (root * root * root - value) / (3 * root * root) }
  return root
}
