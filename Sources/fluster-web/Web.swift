import FlusterClient
import FlusterSystem
import FlusterSystemd

/// The program: visitors in front, flusterd behind. Belongs to the loop's thread.
final class Web: Visitors.Host {
  private let visitors: Visitors
  private let askers: Askers
  private let feed: FeedWatch
  private let instance: String
  private var open: [UInt64: (Askers.Result) -> Void] = [:]
  private var pages: LivePages?
  private var logs: LogTails?
  private var pulse: Timer?

  /// Serves what `from` says, asking what listens at its socket.
  init(_ loop: EventLoop, from instance: Instance, user: UInt32?, most: Int) throws {
    self.instance = instance.title
    visitors = Visitors(loop, most: most)
    askers = try Askers(instance, user: user)
    feed = try FeedWatch(instance)
    let title = instance.title
    visitors.apology = { ErrorPage.response($0.status, $0.sentence, instance: title) }
    pages = try LivePages(visitors) { [unowned self] request, then in make(request, then) }
    logs = try LogTails(visitors) { [unowned self] request, place, then in
      reopen(request, place, then)
    }
    visitors.host = self
    _ = try loop.watch(askers.finished.descriptor, for: .readable, priority: 1) {
      [unowned self] _ in takeAnswers()
    }
    _ = try loop.watch(feed.wakeup.descriptor, for: .readable, priority: 2) { [unowned self] _ in
      takeNews()
    }
    pulse = try loop.timer { [unowned self] in beat() }
    beat()
  }

  /// Lets visitors in by this socket.
  func open(_ socket: Descriptor) throws(SystemError) { try visitors.open(socket) }

  /// Sees everybody out.
  func close() { visitors.close() }

  func receive(_ request: Request, from visitor: Visitor) {
    switch Route(request) {
    case .whole(let response): visitors.answer(visitor, response)
    case .page(let page):
      let instance = instance
      ask(for: visitor) { asker in
        Self.caught(request, instance) { () throws(Failure) in
          .response(try page.response(&asker, request, instance: instance))
        }
      }
    case .data(let data):
      ask(for: visitor) { asker in
        do throws(Failure) {
          return .response(try data.response(&asker, request))
        } catch {
          return .response(ErrorText.response(error))
        }
      }
    case .livePage(let inner):
      guard !request.isHead else { return visitors.answer(visitor, .emptyStream) }
      pages?.follow(visitor, inner, digest: request.query["digest"] ?? "")
    case .liveLog(let job):
      guard !request.isHead else { return visitors.answer(visitor, .emptyStream) }
      followLog(of: job, request, visitor)
    case .nothing(let sentence):
      visitors.answer(
        visitor, ErrorPage.response(.notFound, sentence, instance: instance))
    }
  }

  // MARK: Asking

  private func ask(for visitor: Visitor, _ work: @escaping Askers.Work) {
    let number = visitor.number
    let ticket = askers.ask(.now, work)
    guard let ticket else {
      return visitors.answer(visitor, busy)
    }
    open[ticket] = { [unowned self] result in
      guard let visitor = visitors.visitor(number), case .response(let response) = result else {
        return
      }
      visitors.answer(visitor, response)
    }
  }

  private var busy: Response {
    ErrorPage.response(
      .unavailable, "too many ask at once; try again in a moment", instance: instance)
  }

  private func takeAnswers() {
    for (ticket, result) in askers.take() { open.removeValue(forKey: ticket)?(result) }
  }

  private func takeNews() {
    let news = feed.take()
    guard !news.isEmpty else { return }
    pages?.tell(news)
    logs?.tell(news)
  }

  /// What cannot be shown becomes a page that says why.
  private static func caught(
    _ request: Request, _ instance: String, _ body: () throws(Failure) -> Askers.Result
  ) -> Askers.Result {
    do throws(Failure) {
      return try body()
    } catch {
      return .response(ErrorPage.response(error, path: request.path, instance: instance))
    }
  }

  // MARK: Following

  private func make(_ request: Request, _ then: @escaping (RenderedPage?) -> Void) {
    guard case .page(let page) = Route(request) else { return then(nil) }
    let ticket = askers.ask(.soon) { asker in
      do throws(Failure) {
        try asker.settleNow()
        let made = try page.make(&asker, request)
        return .page(
          RenderedPage(
            digest: made.digest, event: EventText.event("page", made.main.bytes, id: made.digest),
            jobs: made.jobs))
      } catch {
        return .failed(error)
      }
    }
    guard let ticket else { return then(nil) }
    open[ticket] = { result in
      if case .page(let page) = result { then(page) } else { then(nil) }
    }
  }

  private func followLog(of job: UInt64, _ request: Request, _ visitor: Visitor) {
    let number = visitor.number
    let place = (request.lastEvent ?? request.query["from"]).flatMap { LogPlace($0) }
    let ticket = askers.ask(.now) { asker in LogPage.openResult(&asker, job, request, place) }
    guard let ticket else { return visitors.answer(visitor, busy) }
    open[ticket] = { [unowned self] result in
      guard let visitor = visitors.visitor(number) else { return }
      switch result {
      case .log(let log): logs?.follow(visitor, request, job: job, log)
      case .failed(let failure): visitors.answer(visitor, ErrorText.response(failure))
      case .response, .page: visitors.answer(visitor, .emptyStream)
      }
    }
  }

  private func reopen(
    _ request: Request, _ place: LogPlace, _ then: @escaping (OpenLog?) -> Void
  ) {
    guard case .liveLog(let job) = Route(request) else { return then(nil) }
    let ticket = askers.ask(.soon) { asker in LogPage.openResult(&asker, job, request, place) }
    guard let ticket else { return then(nil) }
    open[ticket] = { result in
      if case .log(let log) = result { then(log) } else { then(nil) }
    }
  }

  /// Every 20 seconds a word that says nothing, so that connections that have gone are noticed
  /// and proxies do not take a quiet one for dead.
  private func beat() {
    visitors.whisper()
    pulse?.set(at: Clock.monotonicNanoseconds() + 20_000_000_000)
  }
}

extension Response {
  /// What HEAD is told of a stream.
  static let emptyStream = Response(.ok, .events, [])
}
