import FlusterCore
import FlusterProtocol
import FlusterStore

/// One open Watch: how far it has been told the feed.
struct Follower {
  /// Where it goes on.
  enum Place: Hashable, Sendable {
    /// With what comes now.
    case end
    /// With the newest so many entries; their first is before the entry `before`.
    case newest(UInt64, before: UInt64?)
    /// Behind an entry.
    case after(UInt64)
  }

  /// Watches of one uid at a time: each is read for whenever something happens.
  static let limit = 64
  /// Entries of a page.
  static let page = 256
  /// A follower who is shown nothing for so many entries is told how far the feed has come: to
  /// resume from far behind would mean to read them all again.
  static let untold: UInt64 = 10_000

  let request: Request
  let jobs: [JobID: FeedFilter.Named]
  let patterns: [String]
  let isOfAllUsers: Bool
  let isLive: Bool
  let workers: Set<WorkerID>
  var place: Place
  /// What is missing before the oldest entry goes without saying.
  var beginsAnywhere: Bool
  /// There may be something to be read for it.
  var isDue = true
  /// The place of the last page that was sent; nil: none was.
  var told: UInt64?
}

/// What the store is asked for one follower.
struct FeedQuestion: Sendable {
  let place: Follower.Place
  let filter: FeedFilter
}

/// What it answers.
enum FeedAnswer: Sendable {
  case page(events: [WireEvent], next: UInt64, newest: UInt64, missing: UInt64)
  /// The beginning has been looked for, and is this or nearer to it.
  case place(Follower.Place)
}

/// Reads for several followers at once; who is at the same place shares a page.
struct FeedReader: Sendable {
  /// Entries that a search for the newest goes over at once.
  private static let stride = 4096

  let reader: Reader
  let keeping: UInt64

  /// What a page was read for.
  private struct PageKey: Hashable {
    let after: UInt64
    let scope: FeedScope
  }

  /// The answers in the order of the questions.
  func answers(to questions: [FeedQuestion]) throws(StoreError) -> [FeedAnswer] {
    var pages: [PageKey: FeedPage] = [:]
    var answers: [FeedAnswer] = []
    for question in questions {
      switch question.place {
      case .end:
        let end = try reader.feed(after: .max, limit: 0, keeping: keeping).newest
        answers.append(.place(.after(end)))
      case .newest(let count, let before):
        let found = try reader.feedStart(
          count, before: before, limit: Self.stride, keeping: keeping,
          of: question.filter.scope, where: question.filter.passes)
        switch found {
        case .found(let after): answers.append(.place(.after(after)))
        case .goOn(let before, let left): answers.append(.place(.newest(left, before: before)))
        }
      case .after(let sequence):
        let page: FeedPage
        let key = PageKey(after: sequence, scope: question.filter.scope)
        if let known = pages[key] {
          page = known
        } else {
          page = try reader.feed(
            after: sequence, limit: Follower.page, keeping: keeping, of: key.scope)
          pages[key] = page
        }
        answers.append(.page(page, question.filter))
      }
    }
    return answers
  }
}

extension FeedAnswer {
  fileprivate static func page(_ page: FeedPage, _ filter: FeedFilter) -> FeedAnswer {
    .page(
      events: page.entries.filter { filter.passes($0.entry) }
        .map { WireEvent($0.entry, sequence: $0.sequence) },
      next: page.next, newest: page.newest, missing: page.missing)
  }
}
