/// Processors by their numbers, as the kernel lists them: `0-3,8`.
package struct ProcessorSet: Sendable, Hashable {
  /// Above this no kernel numbers a processor.
  private static let most = 8192

  /// In order, each once.
  package let numbers: [Int]

  /// These.
  package init(_ numbers: some Sequence<Int>) { self.numbers = Set(numbers).sorted() }

  /// What a list of the kernel says; nil for what is none.
  package init?(list: String) {
    var numbers: [Int] = []
    let words = list.filter { !$0.isWhitespace }.split(separator: ",")
    for word in words {
      let ends = word.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
        0 <= first, first <= last, last < Self.most
      else { return nil }
      numbers += first...last
    }
    self.init(numbers)
  }

  /// The same as a list: ranges where numbers follow each other; empty for none.
  package var list: String {
    var ranges: [(first: Int, last: Int)] = []
    for number in numbers {
      if let last = ranges.last?.last, last + 1 == number {
        ranges[ranges.count - 1].last = number
      } else {
        ranges.append((number, number))
      }
    }
    return ranges.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }
      .joined(separator: ",")
  }

  /// Those of these that are not among `others`.
  package func without(_ others: some Sequence<Int>) -> ProcessorSet {
    ProcessorSet(Set(numbers).subtracting(others))
  }

  /// The first so many; nil if there are fewer.
  package func first(_ count: UInt64) -> ProcessorSet? {
    guard count <= UInt64(numbers.count) else { return nil }
    return ProcessorSet(numbers.prefix(Int(count)))
  }
}
