import FlusterClient
import FlusterSystem
import FlusterSystemd

/// Pages that browsers have open, each worked out once for all who look at it, and again when
/// something has happened that may have changed it.
///
/// However much happens, a page is not made more often than every `pause`, nor for more than a
/// tenth of the time; and a reader is given the newest only. Belongs to the loop's thread.
final class LivePages {
  /// Nanoseconds between two makings of a page.
  private static let pause: Int64 = 250_000_000

  /// A page that somebody follows.
  private final class Entry {
    let request: Request
    var followers: Set<UInt64> = []
    var page: RenderedPage?
    var version: UInt64 = 0
    var isStale = true
    var isAsked = false
    /// Not again before this.
    var next: Int64 = 0
    var askedAt: Int64 = 0

    init(_ request: Request) { self.request = request }
  }

  /// One reader of a page.
  private final class Reader: Stream {
    let number: UInt64
    let pages: LivePages
    let entry: Entry
    /// What it has.
    var digest: String
    private var version: UInt64 = 0
    private var trouble: UInt64 = 0

    init(_ number: UInt64, _ pages: LivePages, _ entry: Entry, digest: String) {
      self.number = number
      self.pages = pages
      self.entry = entry
      self.digest = digest
    }

    func next() -> (bytes: [UInt8], isOver: Bool)? {
      if trouble != pages.turns {
        trouble = pages.turns
        return (pages.troubleEvent, false)
      }
      guard let page = entry.page, version != entry.version else { return nil }
      version = entry.version
      guard page.digest != digest else { return (pages.currentEvent, false) }
      digest = page.digest
      return (page.event, false)
    }

    func end() { pages.leave(self) }
  }

  private let visitors: Visitors
  private let render: (Request, _ then: @escaping (RenderedPage?) -> Void) -> Void
  private var entries: [Request: Entry] = [:]
  private var timer: Timer?
  private(set) var trouble: String?
  /// How often flusterd has gone or come back.
  fileprivate var turns: UInt64 = 0

  /// `render` works a page out, or gives nil when that cannot be done now.
  init(
    _ visitors: Visitors,
    render: @escaping (Request, _ then: @escaping (RenderedPage?) -> Void) -> Void
  ) throws(SystemError) {
    self.visitors = visitors
    self.render = render
    timer = try visitors.loop.timer { [unowned self] in renew() }
  }

  fileprivate let currentEvent = EventText.event("current", [])

  fileprivate var troubleEvent: [UInt8] {
    trouble.map { EventText.event("away", $0.utf8) } ?? EventText.event("back", [])
  }

  /// Keeps a visitor's page up to date; `digest` is that of the page it has.
  func follow(_ visitor: Visitor, _ request: Request, digest: String) {
    let key = Request(path: request.path, query: request.query.with("digest", nil))
    let entry = entries[key] ?? Entry(key)
    entries[key] = entry
    entry.followers.insert(visitor.number)
    visitors.follow(visitor, Reader(visitor.number, self, entry, digest: digest))
    // What it has may have changed since it was made, before anybody followed it.
    entry.isStale = true
    renew()
  }

  /// Something has happened to these jobs; `others`: to anything else too.
  func tell(_ news: FeedWatch.News) {
    if news.hasTurned {
      trouble = news.trouble
      turns += 1
      visitors.proceedAll()
    }
    for entry in entries.values {
      let jobs = entry.page?.jobs
      if news.others || jobs.map({ !$0.isDisjoint(with: news.jobs) }) ?? true {
        entry.isStale = true
      }
    }
    renew()
  }

  private func leave(_ reader: Reader) {
    reader.entry.followers.remove(reader.number)
    if reader.entry.followers.isEmpty { entries[reader.entry.request] = nil }
  }

  /// Has what is stale made anew, as far as it is time, and comes back for the rest.
  private func renew() {
    let now = Clock.monotonicNanoseconds()
    var next = Int64.max
    for entry in entries.values where entry.isStale && !entry.isAsked && trouble == nil {
      guard entry.next <= now else {
        next = min(next, entry.next)
        continue
      }
      entry.isStale = false
      entry.isAsked = true
      entry.askedAt = now
      render(entry.request) { [unowned self, weak entry] page in
        guard let entry else { return }
        take(page, for: entry)
      }
    }
    if next < .max { timer?.set(at: next) }
  }

  private func take(_ page: RenderedPage?, for entry: Entry) {
    let now = Clock.monotonicNanoseconds()
    entry.isAsked = false
    entry.next = now + max(Self.pause, 9 * (now - entry.askedAt))
    if let page {
      entry.page = page
      entry.version += 1
      for number in entry.followers {
        if let visitor = visitors.visitor(number) { visitors.proceed(visitor) }
      }
    } else {
      entry.isStale = true
    }
    if entry.isStale { renew() }
  }
}
