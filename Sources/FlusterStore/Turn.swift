package import FlusterCore

/// What one turn of the daemon came to: all of it is stored, or nothing.
package struct Turn: Sendable {
  /// Counted up by the daemon; names the turn when it is durable.
  package let number: UInt64
  /// The turn's events, in order.
  package let events: [Event]
  /// The rows of the unfinished jobs that it changed.
  package let progress: [JobProgress]
  /// What of it the feed tells.
  package let entries: [FeedEntry]
  /// How many entries the feed keeps from now on.
  package let keeping: UInt64
  /// The lists of jobs that it submits.
  package let entryFiles: [JobID: EntryFile]

  /// The turn `number`.
  package init(
    number: UInt64, events: [Event], progress: [JobProgress], entries: [FeedEntry] = [],
    keeping: UInt64 = Feed.usualLimit, entryFiles: [JobID: EntryFile] = [:]
  ) {
    self.number = number
    self.events = events
    self.progress = progress
    self.entries = entries
    self.keeping = keeping
    self.entryFiles = entryFiles
  }
}
