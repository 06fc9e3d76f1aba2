/// Something that a worker counts: so many, or pieces with numbers of their own.
struct ResourceOffer: Equatable {
  /// The largest number of a piece: each that is held is a file.
  private static let largest: UInt32 = 4095

  let name: String
  let count: UInt64
  /// Which pieces there are; nil: they are all alike.
  let indices: [UInt32]?

  /// Reads the value of `NAME=VALUE`: `4`, or numbers such as `0-3,6`. GPUs have numbers in any
  /// case, from 0, because programs choose theirs by number. Nil for what is neither.
  init?(_ name: String, _ value: String) {
    self.name = name
    if let count = UInt64(value) {
      self.count = count
      guard name == GPUs.resource else {
        indices = nil
        return
      }
      guard count <= UInt64(Self.largest) + 1 else { return nil }
      indices = Array(0..<UInt32(count))
      return
    }
    var numbers: Set<UInt32> = []
    for part in value.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
        first <= last, last <= Self.largest
      else { return nil }
      for number in first...last where !numbers.insert(number).inserted { return nil }
    }
    indices = numbers.sorted()
    count = UInt64(numbers.count)
  }

  /// The numbers by name; what is offered twice has those of both.
  static func indices(of offers: [ResourceOffer]) -> [String: [UInt32]] {
    var indices: [String: [UInt32]] = [:]
    for offer in offers {
      guard let numbers = offer.indices else { continue }
      indices[offer.name] = Set(indices[offer.name, default: []] + numbers).sorted()
    }
    return indices
  }
}
