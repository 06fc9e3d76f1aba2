/// By when each peer must have done what it owes; only those that owe something are in it.
struct Deadlines {
  /// What a peer owes.
  enum Debt {
    /// A Hello, after connecting.
    case hello
    /// The rest of a frame, after its first byte.
    case frame
    /// To read what it is being sent.
    case reading
  }

  /// Nanoseconds a peer has for each.
  static func allowance(_ debt: Debt) -> Int64 {
    switch debt {
    case .hello: 10_000_000_000
    case .frame, .reading: 30_000_000_000
    }
  }

  private struct Key: Hashable {
    let peer: ConnectionID
    let debt: Debt
  }

  private var due: [Key: Int64] = [:]
  /// No later than the earliest entry; may be earlier, when that one was settled.
  private(set) var earliest: Int64?

  /// Starts the clock of a debt, unless it runs already.
  mutating func start(_ debt: Debt, of peer: ConnectionID, now: Int64) {
    let key = Key(peer: peer, debt: debt)
    guard due[key] == nil else { return }
    set(key, to: now + Self.allowance(debt))
  }

  /// The peer moved: its clock begins anew.
  mutating func restart(_ debt: Debt, of peer: ConnectionID, now: Int64) {
    set(Key(peer: peer, debt: debt), to: now + Self.allowance(debt))
  }

  /// The debt is settled.
  mutating func stop(_ debt: Debt, of peer: ConnectionID) {
    guard !due.isEmpty else { return }
    due[Key(peer: peer, debt: debt)] = nil
  }

  /// The peer is gone.
  mutating func forget(_ peer: ConnectionID) {
    for debt in [Debt.hello, .frame, .reading] { stop(debt, of: peer) }
  }

  /// Removes and returns who is over time, by id; brings `earliest` up to date.
  mutating func takeOverdue(now: Int64) -> [(peer: ConnectionID, debt: Debt)] {
    let overdue = due.filter { $0.value <= now }.map(\.key).sorted { $0.peer < $1.peer }
    for key in overdue { due[key] = nil }
    earliest = due.values.min()
    return overdue.map { ($0.peer, $0.debt) }
  }

  private mutating func set(_ key: Key, to time: Int64) {
    due[key] = time
    earliest = min(earliest ?? time, time)
  }
}
