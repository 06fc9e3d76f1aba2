import CMicrohttpd
import FlusterSystem
import FlusterSystemd
import Glibc

/// All visitors: between libmicrohttpd, which speaks HTTP, and the host, who knows the answers.
///
/// One thread for everything: the library's epoll descriptor is one of the loop's. A request that
/// waits for its answer, and a stream that has nothing to say, is suspended and costs no time.
/// Belongs to the loop's thread.
final class Visitors {
  /// What is done with a request.
  protocol Host: AnyObject {
    /// Answers it, now or later, by `answer` or `follow`.
    func receive(_ request: Request, from visitor: Visitor)
  }

  /// How long an answer may take to be worked out before somebody is told that it does not come,
  /// in nanoseconds.
  private static let patience: Int64 = 15_000_000_000

  /// Connections beyond those of visitors, at which is said that there are too many.
  private static let spare = 16
  /// Nanoseconds between two looks for streams whose readers have gone, while there are too many.
  private static let lookPause: Int64 = 1_000_000_000

  /// The library's word for the end of a stream, which is a cast in C and not imported.
  private static let endOfStream = -1

  let loop: EventLoop
  weak var host: (any Host)?
  /// What a visitor is told whose request came to nothing.
  var apology: (RequestError) -> Response = { Response($0.status, .text, Array($0.sentence.utf8)) }
  private let most: Int
  private var doors: [WebDoor] = []
  private var visitors: [UInt64: Visitor] = [:]
  private var last: UInt64 = 0
  /// How many requests there have been that are over.
  private(set) var left: UInt64 = 0
  private var sweep: Timer?
  private var isSweeping = false
  private var nextLook: Int64 = 0

  /// At most `most` requests at once, streams among them; more are told to come again.
  init(_ loop: EventLoop, most: Int) {
    self.loop = loop
    self.most = most
  }

  /// Begins to let in who comes to a listening socket.
  func open(_ socket: Descriptor) throws(SystemError) {
    doors.append(try WebDoor(socket, visitors: self, most: most + min(most, Self.spare)))
  }

  /// Lets nobody in any more, and sees everybody out.
  func close() {
    let doors = doors
    self.doors = []
    // The library ends no connection that is suspended.
    for visitor in visitors.values where visitor.isSuspended { resume(visitor) }
    for door in doors { door.close() }
  }

  /// Whether connections become scarce.
  var isCrowded: Bool { doors.contains(where: \.isCrowded) }

  /// The visitor of that number, if it is still there.
  func visitor(_ number: UInt64) -> Visitor? { visitors[number] }

  /// Answers the request that a visitor waits with.
  func answer(_ visitor: Visitor, _ response: Response) {
    switch visitor.phase {
    case .asking, .waiting: visitor.phase = .answered(response)
    case .arriving, .answered, .following, .over: return
    }
    resume(visitor)
  }

  /// From now on the visitor is told what happens.
  func follow(_ visitor: Visitor, _ stream: any Stream) {
    switch visitor.phase {
    case .asking, .waiting: visitor.phase = .following(stream)
    case .arriving, .answered, .following, .over: return stream.end()
    }
    visitor.queue(EventText.beginning)
    resume(visitor)
  }

  /// There may be something new for who follows.
  func proceed(_ visitor: Visitor) {
    if case .following = visitor.phase { resume(visitor) }
  }

  /// Every visitor that follows something may have something new.
  func proceedAll() { for visitor in visitors.values { proceed(visitor) } }

  /// Says something that means nothing to all who follow: connections that have gone are noticed,
  /// and proxies do not take a quiet one for dead.
  func whisper() {
    for visitor in visitors.values where visitor.isSuspended && visitor.isIdle {
      guard case .following = visitor.phase else { continue }
      visitor.queue(EventText.nothing)
      resume(visitor)
    }
  }

  private func resume(_ visitor: Visitor) {
    guard visitor.isSuspended, let connection = visitor.connection else { return }
    visitor.isSuspended = false
    MHD_resume_connection(connection)
    for door in doors { door.runSoon() }
  }

  // MARK: Called by libmicrohttpd

  /// A request begins.
  func arrive(at door: Visitor.Door, asksFor target: [UInt8]) -> Visitor {
    last += 1
    let visitor = Visitor(last, of: self, at: door, asksFor: target)
    visitors[last] = visitor
    return visitor
  }

  /// The headers have come, or the connection goes on after it was suspended.
  func handle(_ visitor: Visitor, _ head: RequestHead) -> MHD_Result {
    switch visitor.phase {
    case .arriving:
      // The first of two calls comes before a body would; what has one is refused with it unread.
      if visitor.connection == nil {
        visitor.connection = head.connection
        do throws(RequestError) {
          visitor.request = try head.request(visitor)
        } catch {
          return WebDoor.queue(apology(error), to: nil, of: visitor)
        }
        return MHD_Result.YES
      }
      guard let request = visitor.request else { return MHD_Result.NO }
      guard visitors.count <= most else { return turnAway(visitor, request) }
      visitor.phase = .asking
      host?.receive(request, from: visitor)
      return goOn(visitor)
    case .asking, .waiting, .answered, .following: return goOn(visitor)
    case .over: return MHD_Result.NO
    }
  }

  /// Who has gone while nothing was to be said is not known to have: the next one may find room.
  private func turnAway(_ visitor: Visitor, _ request: Request) -> MHD_Result {
    let now = Clock.monotonicNanoseconds()
    if now >= nextLook {
      nextLook = now + Self.lookPause
      whisper()
    }
    let error = RequestError(.unavailable, "too many look at once; try again in a moment")
    return WebDoor.queue(apology(error), to: request, of: visitor)
  }

  private func goOn(_ visitor: Visitor) -> MHD_Result {
    switch visitor.phase {
    case .arriving, .over: return MHD_Result.NO
    case .asking, .waiting:
      visitor.phase = .waiting
      visitor.deadline = Clock.monotonicNanoseconds() + Self.patience
      visitor.isSuspended = true
      MHD_suspend_connection(visitor.connection)
      keepWatch()
      return MHD_Result.YES
    case .answered(let response):
      visitor.phase = .over
      return WebDoor.queue(response, to: visitor.request, of: visitor)
    case .following: return WebDoor.queueStream(of: visitor)
    }
  }

  /// What a follower is to be given next: bytes, 0 for nothing now, -1 at the end.
  func read(_ visitor: Visitor, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    while visitor.isIdle {
      guard case .following(let stream) = visitor.phase else {
        return Self.endOfStream
      }
      guard let (bytes, isOver) = stream.next() else {
        visitor.isSuspended = true
        MHD_suspend_connection(visitor.connection)
        return 0
      }
      visitor.queue(bytes)
      if isOver {
        visitor.phase = .over
        stream.end()
      }
    }
    return visitor.take(into: buffer)
  }

  /// The request is over, one way or another.
  func leave(_ visitor: Visitor) {
    if case .following(let stream) = visitor.phase { stream.end() }
    visitor.phase = .over
    visitor.isSuspended = false
    visitor.connection = nil
    visitors[visitor.number] = nil
    left += 1
  }

  // MARK: Patience

  private func keepWatch() {
    guard !isSweeping else { return }
    // Without a timer whoever waits for a flusterd that stands still waits with it.
    sweep = sweep ?? (try? loop.timer { [unowned self] in lookAround() })
    sweep?.set(at: Clock.monotonicNanoseconds() + 1_000_000_000)
    isSweeping = sweep != nil
  }

  /// Tells those whose answer does not come.
  private func lookAround() {
    isSweeping = false
    let now = Clock.monotonicNanoseconds()
    var isAnyLeft = false
    for visitor in Array(visitors.values) {
      guard case .waiting = visitor.phase else { continue }
      if visitor.deadline <= now {
        answer(visitor, apology(RequestError(.unavailable, "flusterd does not answer")))
      } else {
        isAnyLeft = true
      }
    }
    if isAnyLeft { keepWatch() }
  }
}
