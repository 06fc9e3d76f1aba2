import FlusterCore
import FlusterStore
import Testing

@Suite("Users who want something of one reader take turns")
struct FairQueueTests {
  @Test("each user's wishes stay in order, and no user waits for another's second one")
  func takesTurns() {
    var queue = FairQueue<String>()
    for wish in ["a1", "a2", "a3"] { queue.append(wish, of: UserID(1)) }
    queue.append("b1", of: UserID(2))
    #expect(queue.popFirst() == "a1")
    #expect(queue.popFirst() == "b1")
    queue.append("c1", of: UserID(3))
    queue.append("b2", of: UserID(2))
    #expect(["a2", "c1", "b2", "a3"].allSatisfy { $0 == queue.popFirst() })
    #expect(queue.popFirst() == nil)
  }
}
