import FlusterCore

/// Small lists as one blob: unsigned numbers of seven bits a byte, the low ones first, the high bit
/// set on all bytes but the last; a text is its length and its UTF-8.
enum Packed {
  /// Ranges as gap and length, in turns.
  static func ranges(_ set: RangeSet<UInt32>) -> [UInt8] {
    var bytes: [UInt8] = []
    var end: UInt32 = 0
    for range in set.ranges {
      append(UInt64(range.lowerBound - end), to: &bytes)
      append(UInt64(range.upperBound - range.lowerBound), to: &bytes)
      end = range.upperBound
    }
    return bytes
  }

  static let states = TaskState.allCases

  /// The counts in the order of the states' numbers, without the zeros at the end.
  static func counts(_ counts: StateCounts) -> [UInt8] {
    var bytes: [UInt8] = []
    let numbers = states.map { counts[$0] }
    let last = numbers.lastIndex { $0 != 0 } ?? -1
    for number in numbers.prefix(last + 1) { append(UInt64(number), to: &bytes) }
    return bytes
  }

  /// Name and count, in turns; nil for none, the usual case.
  static func amounts(_ amounts: [NamedAmount]) -> [UInt8]? {
    guard !amounts.isEmpty else { return nil }
    var bytes: [UInt8] = []
    for amount in amounts {
      append(amount.name, to: &bytes)
      append(amount.count, to: &bytes)
    }
    return bytes
  }

  /// Texts one after the other.
  static func texts(_ texts: [String]) -> [UInt8] {
    var bytes: [UInt8] = []
    for text in texts { append(text, to: &bytes) }
    return bytes
  }

  /// Job, index and one (0: it is no array), and the halves of the attempt's uid, in turns; nil for
  /// none, the usual case.
  static func ancestors(_ ancestors: ArraySlice<Ancestor>) -> [UInt8]? {
    guard !ancestors.isEmpty else { return nil }
    var bytes: [UInt8] = []
    for ancestor in ancestors {
      append(ancestor.job.number, to: &bytes)
      append(ancestor.index.map { UInt64($0) + 1 } ?? 0, to: &bytes)
      append(ancestor.attempt.high, to: &bytes)
      append(ancestor.attempt.low, to: &bytes)
    }
    return bytes
  }

  static func append(_ number: UInt64, to bytes: inout [UInt8]) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  static func append(_ text: String, to bytes: inout [UInt8]) {
    append(UInt64(text.utf8.count), to: &bytes)
    bytes += text.utf8
  }
}

/// Reads what `Packed` wrote; nil wherever the bytes cannot be that.
struct Unpacker {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var place = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  var isAtEnd: Bool { place == bytes.count }

  mutating func number() -> UInt64? {
    var number: UInt64 = 0
    var shift: UInt64 = 0
    while place < bytes.count, shift < 64 {
      let byte = bytes[place]
      place += 1
      // The tenth byte has room for one bit only.
      guard shift < 63 || byte <= 1 else { return nil }
      number |= UInt64(byte & 0x7f) << shift
      if byte & 0x80 == 0 { return number }
      shift += 7
    }
    return nil
  }

  mutating func byte() -> UInt8? {
    guard place < bytes.count else { return nil }
    defer { place += 1 }
    return bytes[place]
  }

  mutating func text() -> String? {
    guard let count = number(), count <= UInt64(bytes.count - place) else { return nil }
    defer { place += Int(count) }
    return String(decoding: bytes[place..<(place + Int(count))], as: UTF8.self)
  }

  /// 16 bytes as they are.
  mutating func attemptUID() -> AttemptUID? {
    guard bytes.count - place >= 16 else { return nil }
    defer { place += 16 }
    return AttemptUID(bytes: bytes[place..<(place + 16)])
  }

  /// Whether one range is all there is, or nothing where the range is empty. Reads nothing.
  func isJust(_ range: Range<UInt32>) -> Bool {
    guard !range.isEmpty else { return isAtEnd }
    var copy = self
    return copy.number() == UInt64(range.lowerBound) && copy.number() == UInt64(range.count)
      && copy.isAtEnd
  }

  mutating func ranges() -> RangeSet<UInt32>? {
    var set = RangeSet<UInt32>()
    var end: UInt32 = 0
    while !isAtEnd {
      guard let gap = number().flatMap({ UInt32(exactly: $0) }),
        let length = number().flatMap({ UInt32(exactly: $0) }), length > 0
      else { return nil }
      let (lower, over) = end.addingReportingOverflow(gap)
      let (upper, past) = lower.addingReportingOverflow(length)
      guard !over, !past else { return nil }
      set.insert(contentsOf: lower..<upper)
      end = upper
    }
    return set
  }

  mutating func counts() -> StateCounts? {
    var counts = StateCounts()
    for state in Packed.states where !isAtEnd {
      guard let count = number().flatMap({ UInt32(exactly: $0) }) else { return nil }
      counts[state] = count
    }
    return isAtEnd ? counts : nil
  }

  mutating func amounts() -> [NamedAmount]? {
    var amounts: [NamedAmount] = []
    while !isAtEnd {
      guard let name = text(), let count = number() else { return nil }
      amounts.append(NamedAmount(name: name, count: count))
    }
    return amounts
  }

  mutating func ancestors() -> [Ancestor]? {
    var ancestors: [Ancestor] = []
    while !isAtEnd {
      guard let job = number(), let index = number(), index <= UInt64(UInt32.max) + 1,
        let high = number(), let low = number()
      else { return nil }
      ancestors.append(
        Ancestor(
          job: JobID(job), index: index == 0 ? nil : UInt32(index - 1),
          attempt: AttemptUID(high: high, low: low)))
    }
    return ancestors
  }

  mutating func texts() -> [String]? {
    var texts: [String] = []
    while !isAtEnd {
      guard let text = text() else { return nil }
      texts.append(text)
    }
    return texts
  }
}

extension Row {
  /// The ranges; `known` if they are just `range`. Making a set costs as much as reading all the
  /// rest of a job, and most of a million jobs have the same one.
  mutating func ranges(known: RangeSet<UInt32>, range: Range<UInt32>) -> RangeSet<UInt32> {
    let ranges = unpacked { unpacker in
      unpacker.isJust(range) ? known : unpacker.ranges()
    }
    return checked(ranges, otherwise: known)
  }

  /// Nil for none, which costs nothing.
  mutating func ranges() -> RangeSet<UInt32>? {
    skipIfEmpty() ? nil : checked(unpacked { $0.ranges() }, otherwise: RangeSet())
  }

  mutating func counts() -> StateCounts {
    checked(unpacked { $0.counts() }, otherwise: StateCounts())
  }

  mutating func amounts() -> [NamedAmount] { checked(unpacked { $0.amounts() }, otherwise: []) }

  mutating func ancestors() -> [Ancestor] {
    checked(unpacked { $0.ancestors() }, otherwise: [])
  }

  mutating func texts() -> [String] { checked(unpacked { $0.texts() }, otherwise: []) }

  mutating func unpacked<Value>(_ read: (inout Unpacker) -> Value?) -> Value? {
    withBytes { bytes in
      var unpacker = Unpacker(bytes)
      return read(&unpacker)
    }
  }
}
