/// What there is to tell of tasks that ended without an attempt.
package struct EndStory: Hashable, Sendable {
  /// The cause, where there is one; the text tells the rest.
  package let outcome: Outcome?
  /// Else why, in one sentence; empty where the state says it all.
  package let reason: String

  /// By its cause, or by a sentence.
  package init(outcome: Outcome? = nil, reason: String = "") {
    self.outcome = outcome
    self.reason = reason
  }
}
