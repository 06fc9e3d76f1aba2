import DequeModule
import FlusterCore
import FlusterSystem
import FlusterSystemd
import Synchronization

/// Tells the journal what became of jobs and workers, on a thread of its own that exists while
/// there is something to tell: journald may be slow, and nobody waits for it. Any thread.
final class EventJournal: Sendable {
  /// Entries that wait at most; how many more there were is told when journald takes some again.
  private static let limit = 10_000
  /// Names of users that are remembered while the thread lives.
  private static let names = 1000

  private struct Contents {
    var entries: Deque<FeedEntry> = []
    var missing: UInt64 = 0
    var isRunning = false
  }

  private let contents = Mutex(Contents())

  /// Takes what is durable.
  func tell(_ entries: [FeedEntry]) {
    let mustStart = contents.withLock { contents in
      let room = Self.limit - contents.entries.count
      contents.entries.append(contentsOf: entries.prefix(room))
      contents.missing += UInt64(max(0, entries.count - room))
      defer { contents.isRunning = true }
      return !contents.isRunning
    }
    if mustStart { Background.run { [self] in run() } }
  }

  private func run() {
    var known: [UserID: String] = [:]
    while let (entries, missing) = next() {
      for entry in entries {
        let user = entry.subject.map { name(of: $0.owner, &known) }
        let by = entry.by.map { name(of: $0, &known) }
        Journal.send(EventMessage(entry: entry, user: user, by: by).fields)
      }
      if missing > 0 {
        let text = "\(missing) events were not told here, because journald was too slow"
        Journal.send(
          ["MESSAGE=\(text)", "PRIORITY=4", "SYSLOG_IDENTIFIER=flusterd"].map { Array($0.utf8) })
      }
    }
  }

  private func next() -> (Deque<FeedEntry>, missing: UInt64)? {
    contents.withLock { contents in
      guard !contents.entries.isEmpty else {
        contents.isRunning = false
        return nil
      }
      defer {
        contents.entries = []
        contents.missing = 0
      }
      return (contents.entries, contents.missing)
    }
  }

  private func name(of user: UserID, _ known: inout [UserID: String]) -> String {
    if let name = known[user] { return name }
    let name = Names.name(of: user) ?? "\(user)"
    if known.count < Self.names { known[user] = name }
    return name
  }
}
