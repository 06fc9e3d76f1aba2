/// A list of exit statuses on a command line: `3,5-7`.
package enum StatusListArgument {
  /// Each status once, in order. Throws usage for what is malformed or beyond `bounds`.
  package static func parse(
    _ option: String, _ text: String, in bounds: ClosedRange<UInt8>
  ) throws(Failure) -> [UInt8] {
    var statuses: Set<UInt8> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false)
      guard (1...2).contains(ends.count), let first = status(ends[0], bounds),
        let last = status(ends[ends.count - 1], bounds), first <= last
      else {
        throw .usage(
          "\(option): \"\(text)\" is no list of exit statuses",
          wayOut: "write 3 or 3,5-7, with numbers from \(bounds.lowerBound) to "
            + "\(bounds.upperBound)")
      }
      statuses.formUnion(first...last)
    }
    return statuses.sorted()
  }

  private static func status(_ digits: Substring, _ bounds: ClosedRange<UInt8>) -> UInt8? {
    SelectorArgument.number(digits).flatMap(UInt8.init(exactly:))
      .flatMap { bounds.contains($0) ? $0 : nil }
  }
}
