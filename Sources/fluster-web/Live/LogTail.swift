import FlusterClient
import FlusterCommands
import FlusterSystem
import FlusterSystemd

/// Output of a task, opened by flusterd.
struct OpenLog: Sendable {
  /// Nil: there is none yet, or none is kept.
  var file: LogFile?
  let attempt: UInt32
  let attempts: UInt32
  /// Nothing more will come of this attempt.
  let hasEnded: Bool
  /// Nor of another.
  let isOver: Bool
}

/// Where a reader of a log stands: the attempt, and how many bytes of it were given.
struct LogPlace: Hashable, Sendable {
  let attempt: UInt32
  let offset: Int64

  /// `ATTEMPT:OFFSET`.
  init?(_ text: String) {
    let parts = text.split(separator: ":")
    guard parts.count == 2, let attempt = UInt32(parts[0]), let offset = Int64(parts[1]),
      offset >= 0
    else { return nil }
    self.attempt = attempt
    self.offset = offset
  }

  init(attempt: UInt32, offset: Int64) {
    self.attempt = attempt
    self.offset = offset
  }

  var text: String { "\(attempt):\(offset)" }
}

/// Gives a visitor what a task writes, as it is written, from the file itself: nothing is kept
/// here, and a slow reader is simply further behind. Belongs to the loop's thread.
final class LogTail: Stream {
  private let visitor: UInt64
  private let logs: LogTails
  let job: UInt64
  let request: Request
  private var log: OpenLog
  private var source: Source?
  /// Bytes of a character whose rest has not come.
  private var rest: [UInt8] = []
  private var isAsked = false

  init(_ visitor: UInt64, _ logs: LogTails, _ request: Request, job: UInt64, _ log: OpenLog) {
    self.visitor = visitor
    self.logs = logs
    self.request = request
    self.job = job
    self.log = log
    watch()
  }

  var place: LogPlace {
    LogPlace(attempt: log.attempt, offset: (log.file?.offset ?? 0) - Int64(rest.count))
  }

  /// Whether nothing tells us when it grows.
  var isUnwatched: Bool { log.file != nil && !log.hasEnded && log.file?.changes == nil }

  func next() -> (bytes: [UInt8], isOver: Bool)? {
    if let piece = try? log.file?.piece() {
      rest += piece
      let whole = rest.count - Self.openEnd(of: rest)
      let text = String(decoding: rest[..<whole], as: UTF8.self)
      rest.removeFirst(whole)
      var json: [UInt8] = []
      JSON.string(text).write(to: &json)
      return (EventText.event("log", json, id: place.text), false)
    }
    // The file has been read after the end was known.
    return log.isOver ? (EventText.event("end", []), true) : nil
  }

  func end() {
    source?.cancel()
    source = nil
    logs.leave(visitor)
  }

  /// Something has happened to the job: another attempt may have begun, or this one ended.
  func look() {
    guard !isAsked else { return }
    isAsked = true
    logs.reopen(request, place) { [weak self] log in
      guard let self else { return }
      isAsked = false
      take(log)
    }
  }

  private func take(_ new: OpenLog?) {
    guard let new else { return }
    if new.attempt != log.attempt || log.file == nil {
      source?.cancel()
      source = nil
      rest = []
      log = new
      watch()
    } else {
      log = OpenLog(
        file: log.file, attempt: log.attempt, attempts: new.attempts, hasEnded: new.hasEnded,
        isOver: new.isOver)
    }
    proceed()
  }

  func proceed() { logs.proceed(visitor) }

  private func watch() {
    guard !log.hasEnded, let changes = log.file?.changes else { return }
    source = try? logs.loop.watch(changes, for: .readable, priority: 6) { [weak self] _ in
      LogFile.drain(changes)
      self?.proceed()
    }
  }

  /// How many bytes at the end belong to a character that is not whole.
  private static func openEnd(of bytes: [UInt8]) -> Int {
    for back in 1...min(4, max(1, bytes.count)) where back <= bytes.count {
      let byte = bytes[bytes.count - back]
      if byte < 0x80 { return 0 }
      guard byte >= 0xc0 else { continue }
      let length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
      return back < length ? back : 0
    }
    return 0
  }
}

/// All logs that are followed. Belongs to the loop's thread.
final class LogTails {
  let loop: EventLoop
  private let visitors: Visitors
  private var tails: [UInt64: LogTail] = [:]
  private var timer: Timer?
  let reopen: (Request, LogPlace, _ then: @escaping (OpenLog?) -> Void) -> Void

  /// `reopen` asks for the log once more.
  init(
    _ visitors: Visitors,
    reopen: @escaping (Request, LogPlace, _ then: @escaping (OpenLog?) -> Void) -> Void
  ) throws(SystemError) {
    loop = visitors.loop
    self.visitors = visitors
    self.reopen = reopen
    timer = try loop.timer { [unowned self] in lookAgain() }
  }

  func follow(_ visitor: Visitor, _ request: Request, job: UInt64, _ log: OpenLog) {
    let tail = LogTail(visitor.number, self, request, job: job, log)
    tails[visitor.number] = tail
    visitors.follow(visitor, tail)
    if tail.isUnwatched { timer?.set(at: Clock.monotonicNanoseconds() + 1_000_000_000) }
  }

  func tell(_ news: FeedWatch.News) {
    for tail in tails.values
    where news.jobs.contains(tail.job) || (news.others && news.jobs.isEmpty) {
      tail.look()
    }
  }

  func leave(_ visitor: UInt64) { tails[visitor] = nil }

  func proceed(_ number: UInt64) {
    if let visitor = visitors.visitor(number) { visitors.proceed(visitor) }
  }

  /// The kernel has no more watches for this user: then files are looked at.
  private func lookAgain() {
    let unwatched = tails.values.filter(\.isUnwatched)
    for tail in unwatched { tail.proceed() }
    if !unwatched.isEmpty { timer?.set(at: Clock.monotonicNanoseconds() + 1_000_000_000) }
  }
}
