extension RangeSet<UInt32> {
  /// What lies in any of the ranges. In order each is added at the end, which costs next to
  /// nothing; out of order each would move half of the others.
  package init(joining ranges: [Range<UInt32>]) {
    self.init()
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      insert(contentsOf: range)
    }
  }

  /// How many positions there are.
  package var elementCount: UInt32 {
    ranges.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) }
  }

  /// Whether some of the positions are in it. `isDisjoint` looks at all of its ranges, which takes
  /// milliseconds where there are a hundred thousand.
  package func meets(_ positions: Range<UInt32>) -> Bool {
    let ranges = ranges
    var (lower, upper) = (0, ranges.count)
    while lower < upper {
      let middle = (lower + upper) / 2
      if ranges[middle].upperBound <= positions.lowerBound {
        lower = middle + 1
      } else {
        upper = middle
      }
    }
    return lower < ranges.count && ranges[lower].lowerBound < positions.upperBound
  }

  /// What is not in `other`, in one pass over both. `subtract` moves half of its ranges for each
  /// of the other's, which takes seconds where every second of a million tasks stands apart.
  package func without(_ other: RangeSet<UInt32>) -> RangeSet<UInt32> {
    var rest = RangeSet<UInt32>()
    let cuts = other.ranges
    var next = cuts.startIndex
    for range in ranges {
      var lower = range.lowerBound
      while next < cuts.endIndex, cuts[next].lowerBound < range.upperBound {
        let cut = cuts[next]
        if lower < cut.lowerBound { rest.insert(contentsOf: lower..<cut.lowerBound) }
        lower = Swift.max(lower, cut.upperBound)
        // It may reach into the next range, too.
        guard cut.upperBound <= range.upperBound else { break }
        next += 1
      }
      if lower < range.upperBound { rest.insert(contentsOf: lower..<range.upperBound) }
    }
    return rest
  }
}
