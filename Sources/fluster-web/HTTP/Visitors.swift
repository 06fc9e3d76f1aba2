import FlusterClient
import FlusterSystem
import FlusterSystemd
import Glibc
import Logging

/// All visitors, and the doors they come through. Belongs to the loop's thread.
final class Visitors {
  /// What is done with a request.
  protocol Host: AnyObject {
    /// Answers it, now or later, by `answer` or `follow`.
    func receive(_ request: Request, from visitor: Visitor)
  }

  /// Nanoseconds that a head may take to come whole, that nothing may come between two requests,
  /// and that a reader may take without reading.
  static let headPatience: Int64 = 10_000_000_000
  static let idlePatience: Int64 = 75_000_000_000
  static let writePatience: Int64 = 30_000_000_000
  /// How long an answer may take to be worked out before somebody is told that it does not come.
  static let answerPatience: Int64 = 15_000_000_000

  let loop: EventLoop
  private let log: Logger
  weak var host: (any Host)?
  /// What a visitor is told whose request came to nothing.
  var apology: (RequestError) -> Response = { Response($0.status, .text, Array($0.sentence.utf8)) }
  private let most: Int
  private var visitors: [UInt64: Visitor] = [:]
  private var requests: [UInt64: Request] = [:]
  private var doors: [(socket: Descriptor, door: Visitor.Door, source: Source)] = []
  private var last: UInt64 = 0
  private var sweep: Timer?
  private var isResting = false
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)

  /// At most `most` at once; more are let in when others have gone.
  init(_ loop: EventLoop, log: Logger, most: Int) {
    self.loop = loop
    self.log = log
    self.most = most
  }

  deinit { buffer.deallocate() }

  /// How many there are, and how many of them follow something.
  var counts: (all: Int, following: Int) {
    (
      visitors.count,
      visitors.values.count {
        if case .following = $0.phase { true } else { false }
      }
    )
  }

  /// Begins to let in who comes to a listening socket.
  func open(_ socket: Descriptor) throws(SystemError) {
    let door: Visitor.Door = Loopback.url(of: socket) == nil ? .file : .port
    let source = try loop.watch(socket, for: .readable, priority: 10) { [unowned self] _ in
      letIn(from: socket, at: door)
    }
    doors.append((socket, door, source))
    guard sweep == nil else { return }
    let timer = try loop.timer { [unowned self] in lookAround() }
    sweep = timer
    timer.set(at: Clock.monotonicNanoseconds() + 1_000_000_000)
  }

  /// Lets nobody in any more, and sees everybody out.
  func close() {
    for door in doors { door.source.cancel() }
    doors = []
    for visitor in visitors.values { drop(visitor) }
  }

  private func letIn(from socket: Descriptor, at door: Visitor.Door) {
    for _ in 0..<64 {
      guard visitors.count < most else { return rest() }
      do throws(SystemError) {
        guard let peer = try UnixSocket.accept(socket) else { return }
        try add(peer, at: door)
      } catch {
        // No descriptor is left, or no memory: who waits goes on waiting, and we do not spin.
        log.warning("cannot let a visitor in: \(error)")
        return rest()
      }
    }
  }

  private func add(_ socket: Descriptor, at door: Visitor.Door) throws(SystemError) {
    last += 1
    let visitor = Visitor(
      last, socket, at: door, deadline: Clock.monotonicNanoseconds() + Self.headPatience)
    visitors[last] = visitor
    do throws(SystemError) {
      visitor.source = try loop.watch(socket, for: .readable, priority: 5) {
        [unowned self, unowned visitor] readiness in
        serve(visitor, readiness)
      }
    } catch {
      visitors[visitor.number] = nil
      throw error
    }
  }

  /// Looks away from the doors until the next look around.
  private func rest() {
    guard !isResting else { return }
    isResting = true
    for door in doors { door.source.interest = [] }
  }

  private func serve(_ visitor: Visitor, _ readiness: Readiness) {
    if readiness.contains(.readable) || readiness.contains(.hangUp) {
      let isUp = visitor.read(into: buffer)
      // Half a connection is one that is gone: no browser closes its half and reads on.
      guard isUp else { return drop(visitor) }
    }
    if case .reading = visitor.phase { readRequest(of: visitor) }
    proceed(visitor)
  }

  private func readRequest(of visitor: Visitor) {
    do throws(RequestError) {
      guard let request = try RequestHead.take(from: &visitor.input) else { return }
      if visitor.door == .port { try checkHost(request) }
      visitor.phase = .waiting
      visitor.deadline = Clock.monotonicNanoseconds() + Self.answerPatience
      requests[visitor.number] = request
      host?.receive(request, from: visitor)
    } catch {
      give(apology(error), to: visitor, request: nil)
    }
  }

  /// A page of somebody else's can send a browser to a name of its own that means 127.0.0.1, and
  /// would be shown what comes back: such a request carries that name.
  private func checkHost(_ request: Request) throws(RequestError) {
    guard let host = request.host, !["localhost", "127.0.0.1", "[::1]"].contains(host) else {
      return
    }
    throw RequestError(.misdirected, "this is not \(host)")
  }

  /// The visitor of that number, if it is still there.
  func visitor(_ number: UInt64) -> Visitor? { visitors[number] }

  /// Every visitor that follows something.
  func eachFollower(_ body: (Visitor, any Stream) -> Void) {
    for visitor in visitors.values {
      if case .following(let stream) = visitor.phase { body(visitor, stream) }
    }
  }

  /// Answers the request that a visitor waits with.
  func answer(_ visitor: Visitor, _ response: Response) {
    guard case .waiting = visitor.phase else { return }
    give(response, to: visitor, request: requests.removeValue(forKey: visitor.number))
    proceed(visitor)
  }

  private func give(_ response: Response, to visitor: Visitor, request: Request?) {
    visitor.queue(response.bytes(to: request, date: HTTPDate.now))
    visitor.phase = .answering(thenReads: request?.staysOpen ?? false)
    visitor.deadline = Clock.monotonicNanoseconds() + Self.writePatience
  }

  /// From now on the visitor is told what happens.
  func follow(_ visitor: Visitor, _ stream: any Stream) {
    guard case .waiting = visitor.phase else { return stream.end() }
    requests[visitor.number] = nil
    visitor.phase = .following(stream)
    visitor.queue(Response.streamHead(date: HTTPDate.now))
    visitor.deadline = .max
    proceed(visitor)
  }

  /// Goes on as far as the visitor takes it.
  func proceed(_ visitor: Visitor) {
    while visitors[visitor.number] === visitor {
      let wasIdle = visitor.isIdle
      guard let hasWritten = visitor.flush() else { return drop(visitor) }
      if hasWritten { visitor.deadline = Clock.monotonicNanoseconds() + Self.writePatience }
      guard visitor.isIdle else { return visitor.updateInterest() }
      switch visitor.phase {
      case .reading, .waiting: return visitor.updateInterest()
      case .answering(let thenReads):
        guard thenReads else { return bidFarewell(visitor) }
        visitor.phase = .reading
        visitor.deadline = Clock.monotonicNanoseconds() + Self.idlePatience
        readRequest(of: visitor)
        if case .reading = visitor.phase { return visitor.updateInterest() }
      case .following(let stream):
        guard let (bytes, isOver) = stream.next() else {
          if !wasIdle || hasWritten { visitor.deadline = .max }
          return visitor.updateInterest()
        }
        visitor.queue(bytes)
        visitor.deadline = Clock.monotonicNanoseconds() + Self.writePatience
        if isOver {
          stream.end()
          visitor.phase = .answering(thenReads: false)
        }
      }
    }
  }

  /// Ends our half: what was written still arrives, even if the visitor has said more than was
  /// read. It closes then; the deadline sees to it.
  private func bidFarewell(_ visitor: Visitor) {
    shutdown(visitor.socket.raw, Int32(SHUT_WR))
    visitor.phase = .waiting
    visitor.deadline = Clock.monotonicNanoseconds() + 2_000_000_000
    visitor.updateInterest()
  }

  func drop(_ visitor: Visitor) {
    if case .following(let stream) = visitor.phase { stream.end() }
    requests[visitor.number] = nil
    visitor.cancel()
    visitors[visitor.number] = nil
  }

  /// Once a second: who has run out of time, and whether the doors can be opened again.
  private func lookAround() {
    let now = Clock.monotonicNanoseconds()
    for visitor in Array(visitors.values) where visitor.deadline <= now {
      switch visitor.phase {
      case .waiting where requests[visitor.number] != nil:
        answer(visitor, apology(RequestError(.unavailable, "flusterd does not answer")))
      case .reading where !visitor.input.isEmpty:
        give(
          apology(RequestError(.requestTimeout, "the request did not come whole")), to: visitor,
          request: nil)
        proceed(visitor)
      case .reading, .waiting, .answering, .following: drop(visitor)
      }
    }
    if isResting, visitors.count < most {
      isResting = false
      for door in doors { door.source.interest = .readable }
    }
    sweep?.set(at: now + 1_000_000_000)
  }
}

/// The time as headers have it (RFC 9110, 5.6.7).
enum HTTPDate {
  static var now: String {
    var moment = time(nil)
    var parts = tm()
    guard gmtime_r(&moment, &parts) != nil else { return "" }
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let day = "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)])"
    let clock = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    return "\(day) \(parts.tm_year + 1900) \(clock) GMT"
  }
}
