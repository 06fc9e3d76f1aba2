/// The attempts that count against a job's failure limit: how many, and which the first were, so
/// that the job's error can name them.
package struct FailureTally: Hashable, Sendable {
  /// One attempt that failed.
  package struct Attempt: Hashable, Sendable {
    package let position: UInt32
    package let number: UInt32

    /// The attempt `number` of the task at `position`.
    package init(position: UInt32, number: UInt32) {
      self.position = position
      self.number = number
    }
  }

  /// An error that names more is not read.
  package static let most = 10

  package private(set) var count: UInt32 = 0
  /// The first of them, at most `most`.
  package private(set) var first: [Attempt] = []

  /// None.
  package init() {}

  /// As a store read it back.
  package init(count: UInt32, first: [Attempt]) {
    self.count = count
    self.first = first
  }

  mutating func add(_ attempt: OpenAttempt) {
    count += 1
    guard first.count < Self.most else { return }
    first.append(Attempt(position: attempt.task.position, number: attempt.number))
  }
}
