import FlusterCore
import Testing

@Suite("Sets of positions")
struct PositionTests {
  @Test("what is without another set is what the definition says")
  func without() {
    var random = Random(seed: 7)
    for _ in 0..<500 {
      var sets: [RangeSet<UInt32>] = [RangeSet(), RangeSet()]
      for index in [0, 1] {
        for _ in 0..<Int.random(in: 0..<8, using: &random) {
          let first = UInt32.random(in: 0..<40, using: &random)
          sets[index].insert(contentsOf: first..<(first + .random(in: 1..<9, using: &random)))
        }
      }
      #expect(sets[0].without(sets[1]) == sets[0].subtracting(sets[1]), "\(sets)")
    }
  }
}
