import FlusterCore
import Testing

@Suite("Sets of positions")
struct PositionTests {
  private func set(_ random: inout Random) -> RangeSet<UInt32> {
    var set = RangeSet<UInt32>()
    for _ in 0..<Int.random(in: 0..<8, using: &random) {
      let first = UInt32.random(in: 0..<40, using: &random)
      set.insert(contentsOf: first..<(first + .random(in: 1..<9, using: &random)))
    }
    return set
  }

  @Test("a set meets a range unless they are disjoint")
  func meets() {
    var random = Random(seed: 7)
    for _ in 0..<500 {
      let set = set(&random)
      for first in UInt32(0)..<48 {
        for range in [first..<(first + 1), first..<(first + 5)] {
          #expect(set.meets(range) != set.isDisjoint(RangeSet(range)), "\(set) and \(range)")
        }
      }
    }
  }

  @Test("what is without another set is what the definition says")
  func without() {
    var random = Random(seed: 7)
    for _ in 0..<500 {
      let sets = [set(&random), set(&random)]
      #expect(sets[0].without(sets[1]) == sets[0].subtracting(sets[1]), "\(sets)")
    }
  }
}
