/// The newest submits by the names that they came under; older ones are the store's to know.
///
/// The bound keeps memory flat; it only has to cover the submits that are not durable yet, which
/// the store cannot answer for.
package struct RecentSubmits<Name: Hashable & Sendable, Made: Hashable & Sendable>: Hashable,
  Sendable
{
  private struct Entry: Hashable {
    let name: Name
    let made: Made
  }

  private var made: [Name: Made] = [:]
  /// A ring of the submits in order of arrival.
  private var order: [Entry] = []
  private var oldest = 0

  /// More than a second of submits at the highest rate measured.
  private static var limit: Int { 65_536 }

  /// No submits.
  package init() {}

  /// What was made under a name last, if it is remembered.
  package func made(by name: Name) -> Made? { made[name] }

  mutating func remember(_ name: Name, made new: Made) {
    made[name] = new
    let entry = Entry(name: name, made: new)
    guard order.count == Self.limit else { return order.append(entry) }
    let gone = order[oldest]
    // Another may have come under the name since.
    if made[gone.name] == gone.made { made[gone.name] = nil }
    order[oldest] = entry
    oldest = (oldest + 1) % Self.limit
  }
}

/// A client's token, by which it may send a submit again.
package struct OwnedToken: Hashable, Sendable {
  package let owner: UserID
  package let token: Token

  /// A user's token.
  package init(owner: UserID, token: Token) {
    self.owner = owner
    self.token = token
  }
}
