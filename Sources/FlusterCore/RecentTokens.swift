/// The newest client tokens and the jobs they made; older ones are the store's to know.
///
/// The bound keeps memory flat; it only has to cover the submits that are not durable yet, which
/// the store cannot answer for.
package struct RecentTokens: Hashable, Sendable {
  /// More than a second of submits at the highest rate measured.
  package static let limit = 65_536

  struct Key: Hashable, Sendable {
    let owner: UserID
    let token: Token
  }

  private var jobs: [Key: JobID] = [:]
  /// A ring of the keys in order of arrival.
  private var order: [Key] = []
  private var oldest = 0

  /// No tokens.
  package init() {}

  /// The job that this token of this uid made, if it is remembered.
  package func job(for token: Token, of owner: UserID) -> JobID? {
    jobs[Key(owner: owner, token: token)]
  }

  mutating func remember(_ token: Token, of owner: UserID, made job: JobID) {
    let key = Key(owner: owner, token: token)
    guard jobs.updateValue(job, forKey: key) == nil else { return }
    if order.count < Self.limit {
      order.append(key)
    } else {
      jobs[order[oldest]] = nil
      order[oldest] = key
      oldest = (oldest + 1) % Self.limit
    }
  }
}
