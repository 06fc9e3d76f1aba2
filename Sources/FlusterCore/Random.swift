/// xoshiro256** by Blackman and Vigna (2018): the controller's only source of chance, from a seed
/// that the shell takes from the kernel and the tests from their log.
package struct Random: RandomNumberGenerator, Hashable, Sendable {
  private var words: (UInt64, UInt64, UInt64, UInt64)

  /// Starts from 256 bits, not all zero (the generator would stay at zero).
  package init(seed: (UInt64, UInt64, UInt64, UInt64)) {
    precondition(
      seed.0 | seed.1 | seed.2 | seed.3 != 0, "a random generator needs a seed that is not zero")
    words = seed
  }

  /// Spreads a small seed over the state with splitmix64, as the authors advise; for tests.
  package init(seed: UInt64) {
    var counter = seed
    func next() -> UInt64 {
      counter &+= 0x9e37_79b9_7f4a_7c15
      var word = counter
      word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
      word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
      return word ^ (word >> 31)
    }
    words = (next(), next(), next(), next())
  }

  package mutating func next() -> UInt64 {
    let scrambled = words.1 &* 5
    let result = (scrambled << 7 | scrambled >> 57) &* 9
    let shifted = words.1 << 17
    words.2 ^= words.0
    words.3 ^= words.1
    words.1 ^= words.2
    words.0 ^= words.3
    words.2 ^= shifted
    words.3 = words.3 << 45 | words.3 >> 19
    return result
  }

  package static func == (a: Random, b: Random) -> Bool { a.words == b.words }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.3)
  }
}

extension Random {
  /// A number below `upperBound`, which must not be 0.
  mutating func next(upperBound: UInt64) -> UInt64 {
    UInt64.random(in: 0..<upperBound, using: &self)
  }
}
