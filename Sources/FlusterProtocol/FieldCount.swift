/// How many fields a frame makes its reader build, found out without building them.
///
/// A frame of 16 MiB may hold eight million empty arguments or selectors, which take seconds and a
/// gigabyte to decode and would be refused right after. Only messages that repeat what has to be
/// allocated are walked into; lengths are jumped over, so the walk costs by the field, and ends at
/// the limit.
struct FieldCount {
  /// More than any lawful request has: `Limit.argv` allows 233,017 arguments, `Limit.selectors`
  /// fewer.
  static let limit = 250_000

  /// Numbers of fields that lead to lists: Envelope.submit, Submit.job, JobRequest.needs and
  /// JobRequest.launch, Needs.constraints; Envelope.register_endpoint, RegisterEndpoint.endpoint;
  /// Envelope.register, Register.capacity. Any other body of an envelope is counted, and not walked
  /// into.
  private static let paths: [[UInt64: Int]] = [
    [10: 1, 30: 6, 40: 7], [3: 2], [3: 5, 9: 3], [:], [:], [4: 3], [1: 3], [4: 3],
  ]
  /// Envelope.list, wait, kill and set: what is long in one of these is a packed list of numbers,
  /// and is charged by its length.
  private static let requests: Set<UInt64> = [12, 14, 16, 18]
  private static let requestDepth = 4
  private static let long = 64

  private let bytes: UnsafeRawBufferPointer
  private var left = FieldCount.limit

  /// Whether the payload of a frame stays within the limit. What is no protobuf at all does: the
  /// decoder says so itself.
  static func isBearable(_ payload: UnsafeRawBufferPointer) -> Bool {
    var count = FieldCount(bytes: payload)
    return count.walk(0..<payload.count, depth: 0)
  }

  private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private mutating func walk(_ range: Range<Int>, depth: Int) -> Bool {
    var place = range.lowerBound
    while place < range.upperBound {
      left -= 1
      guard left >= 0 else { return false }
      guard let tag = varint(&place, range.upperBound) else { return true }
      switch tag & 7 {
      case 0: guard varint(&place, range.upperBound) != nil else { return true }
      case 1: place += 8
      case 5: place += 4
      case 2:
        guard let length = varint(&place, range.upperBound).flatMap(Int.init(exactly:)),
          length <= range.upperBound - place
        else { return true }
        if depth == Self.requestDepth && length >= Self.long { left -= length / 8 }
        if let inner = Self.next(after: depth, tag >> 3) {
          guard walk(place..<(place + length), depth: inner) else { return false }
        }
        place += length
      case _: return true
      }
    }
    return left >= 0
  }

  /// The depth of what a field holds; nil if it is not walked into.
  private static func next(after depth: Int, _ field: UInt64) -> Int? {
    if let inner = paths[depth][field] { return inner }
    // Any other body of an envelope: its own fields are counted, as those of the innermost are.
    guard depth == 0 else { return nil }
    return requests.contains(field) ? requestDepth : 3
  }

  private func varint(_ place: inout Int, _ end: Int) -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while place < end, shift < 64 {
      let byte = bytes[place]
      place += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }
}
