import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc

/// Following the feed over as many connections as it takes: each line once.
struct EventFeed {
  private var request: WireWatch
  private var printer: EventPrinter
  private let voice: Voice
  /// Behind everything that has been printed.
  private var cursor: FeedCursor?

  /// Asks for what `request` says.
  init(_ request: WireWatch, _ form: EventPrinter.Form, voice: Voice) {
    self.request = request
    printer = EventPrinter(form)
    self.voice = voice
  }

  /// Prints until there is no more to come, or nobody to print for.
  mutating func run(over session: inout Session) throws(Failure) {
    // "The newest job" must be the same one after a reconnect; a pattern is for jobs to come, too.
    request.selectors =
      try session.settle(request.selectors.filter(\.newest))
      + request.selectors.filter { !$0.newest }
    var feed = self
    defer { self = feed }
    try session.persist(patience: .seconds(3600)) { (connection, _) throws(CallError) in
      try feed.follow(connection)
    }
  }

  private mutating func follow(_ connection: Connection) throws(CallError) {
    if let cursor {
      request.after = WireCursor(cursor)
      request.newest = 0
    }
    let number = try connection.ask(.watch(request))
    while true {
      switch try connection.answer(to: number, until: Pause.now) {
      case .timedOut: guard awaitMore(connection) else { return }
      case .body(.feed(let page)):
        do {
          try print(page)
        } catch {
          throw .failed(error)
        }
      case .body(.done): return
      case .body: throw connection.unexpected()
      }
    }
  }

  /// Waits for more to come; false when whoever reads what we print has gone, which a pipe only
  /// tells to those who ask.
  private func awaitMore(_ connection: Connection) -> Bool {
    var interests = [
      pollfd(fd: connection.descriptor.raw, events: Int16(POLLIN), revents: 0),
      pollfd(fd: StandardStream.output.rawValue, events: 0, revents: 0),
    ]
    _ = Pause.poll(&interests, until: nil)
    return interests[1].revents & Int16(POLLERR) == 0
  }

  private mutating func print(_ page: WireFeed) throws(Failure) {
    let next: FeedCursor
    do {
      next = try FeedCursor(wire: page.next)
    } catch {
      throw Failure(error)
    }
    var lines: [UInt8] = []
    if page.missing > 0 { lines += gap(page, next) }
    for event in page.events {
      lines += printer.line(event, FeedCursor(store: next.store, sequence: event.sequence))
    }
    if !lines.isEmpty { try StandardStream.print(lines) }
    if cursor == nil { voice.detail("following behind cursor \(next.text)") }
    cursor = next
  }

  private func gap(_ page: WireFeed, _ next: FeedCursor) -> [UInt8] {
    let behind = page.events.first.map { $0.sequence - 1 } ?? next.sequence
    let line = printer.gap(page.missing, FeedCursor(store: next.store, sequence: behind))
    if line == nil { voice.say("\(page.missing) events are not kept any more") }
    return line ?? []
  }
}
