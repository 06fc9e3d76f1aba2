import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc
import Synchronization

/// A thread that follows the feed, and tells the loop what has happened.
///
/// It only keeps which jobs events were about; who wants to know more asks.
final class FeedWatch: Sendable {
  /// What has happened since the last time.
  struct News: Sendable {
    var jobs: Set<UInt64> = []
    /// Something else happened too, or so much that it was not kept.
    var others = false
    /// Why flusterd is away; nil: it is there.
    var trouble: String?
    /// It went away or came back.
    var hasTurned = false

    var isEmpty: Bool { jobs.isEmpty && !others && !hasTurned }
  }

  /// More jobs than this at once are all.
  private static let most = 4096

  private let news = Mutex(News())
  /// Readable when there is news.
  let wakeup: Wakeup
  private let instance: Instance

  /// Begins to follow the feed of `instance`.
  init(_ instance: Instance) throws(SystemError) {
    wakeup = try Wakeup()
    self.instance = instance
    Background.run { [self] in run() }
  }

  /// The news since the last time.
  func take() -> News {
    wakeup.drain()
    return news.withLock { news in
      defer {
        news.jobs = []
        news.others = false
        news.hasTurned = false
      }
      return news
    }
  }

  private func run() {
    var cursor: WireCursor?
    while true {
      do throws(CallError) {
        let connection = try Connection(to: instance, until: Pause.now + .seconds(30))
        try follow(connection, &cursor)
      } catch {
        turn(error.failure.message)
        if case .failed = error { cursor = nil }
      }
      Pause.until(Pause.now + Span(milliseconds: 250))
    }
  }

  private func follow(_ connection: Connection, _ cursor: inout WireCursor?) throws(CallError) {
    var watch = WireWatch()
    watch.allUsers = true
    watch.live = true
    if let cursor { watch.after = cursor }
    let number = try connection.ask(.watch(watch))
    while true {
      switch try connection.answer(to: number) {
      case .body(.feed(let page)):
        turn(nil)
        cursor = page.next
        tell(page)
      case .body(.done): return
      case .body, .timedOut: throw connection.unexpected()
      }
    }
  }

  private func tell(_ page: WireFeed) {
    guard !page.events.isEmpty || page.missing > 0 else { return }
    news.withLock { news in
      for event in page.events {
        // A new job may be anybody's child.
        if event.job == 0 || event.kind == FeedEntry.Kind.jobSubmitted.rawValue {
          news.others = true
        }
        if event.job != 0 { news.jobs.insert(event.job) }
      }
      if page.missing > 0 || news.jobs.count > Self.most {
        news.others = true
        news.jobs = []
      }
    }
    wakeup.signal()
  }

  /// flusterd is away because of this; nil: it is there.
  private func turn(_ trouble: String?) {
    let hasTurned = news.withLock { news in
      let isNew = (news.trouble == nil) != (trouble == nil)
      news.trouble = trouble
      if isNew {
        news.hasTurned = true
        news.others = true
      }
      return isNew
    }
    if hasTurned { wakeup.signal() }
  }
}
