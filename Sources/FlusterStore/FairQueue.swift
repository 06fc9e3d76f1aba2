import DequeModule
package import FlusterCore

/// What users wait for that one can have at a time: each user's in order of arrival, and the users
/// in turn, so that nobody waits longer for having a neighbour with a thousand wishes.
package struct FairQueue<Item> {
  private var items: [UserID: Deque<Item>] = [:]
  /// Users that have something waiting; who was served last stands last.
  private var order: Deque<UserID> = []

  /// Nothing waits.
  package init() {}

  /// Adds what a user waits for.
  package mutating func append(_ item: Item, of user: UserID) {
    if items[user] == nil { order.append(user) }
    items[user, default: []].append(item)
  }

  /// What is to be done next; nil when nothing waits.
  package mutating func popFirst() -> Item? {
    guard let user = order.popFirst() else { return nil }
    let item = items[user]?.popFirst()
    if items[user]?.isEmpty == true { items[user] = nil } else { order.append(user) }
    return item
  }
}
