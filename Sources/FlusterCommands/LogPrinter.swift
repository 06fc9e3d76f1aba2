import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem

/// An answer, and the descriptors that came with it.
struct OpenedLog {
  let answer: WireOpenedLog
  let descriptors: [Descriptor]
}

/// Prints the output of tasks, one after the other.
struct LogPrinter {
  private let wish: LogWish
  private let voice: Voice
  private var session: Session
  /// Files of owners that were printed: tasks may share one.
  private var printed: Set<[UInt8]> = []
  /// The worst that kept a task's output from being shown; nil: nothing did.
  private(set) var worst: ExitStatus?
  /// How the task followed last has ended, if that was told.
  private(set) var end: WireEnded?
  private var lastWayOut: String?

  init(_ wish: LogWish, session: Session, voice: Voice) {
    self.wish = wish
    self.session = session
    self.voice = voice
  }

  /// Prints what is wanted of tasks, in their order. A task whose output cannot be had is told of,
  /// and does not keep the others from being shown.
  mutating func print(_ tasks: some Sequence<LogTask>) throws(Failure) {
    if wish.follow {
      for task in tasks { try follow(task) }
      return
    }
    let first: UInt32? =
      switch wish.attempts {
      case .newest: nil
      case .all: 0
      case .one(let number): number
      }
    let wish = wish
    var questions = LogQuestions(tasks) { Self.request($0, first, wish) }
    while let (task, log) = try questions.next(over: &session) {
      switch log {
      case .success(let log): try print(log, of: task)
      case .failure(let failure): note(failure, of: task.name)
      }
    }
  }

  /// Tells why the output of what is called `name` is not shown.
  mutating func note(_ failure: Failure, of name: String) {
    let isNamed = failure.message.contains(name)
    // A worker that is away keeps the logs of thousands, and the way out is the same for all.
    let wayOut = failure.wayOut == lastWayOut ? nil : failure.wayOut
    lastWayOut = failure.wayOut
    voice.complain(
      Failure(
        failure.status,
        isNamed ? failure.message : "cannot show the output of \(name): \(failure.message)",
        wayOut: wayOut))
    if failure.status.rawValue > worst?.rawValue ?? 0 { worst = failure.status }
  }

  /// What `ask` gives of a task; nil, and told, if it cannot be had.
  private mutating func had<Result>(
    of task: LogTask, _ ask: (inout LogPrinter) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    do throws(Failure) {
      return try ask(&self)
    } catch {
      guard error.status != .unreachable else { throw error }
      note(error, of: task.name)
      return nil
    }
  }

  private mutating func print(_ opened: OpenedLog, of task: LogTask) throws(Failure) {
    try show(opened, of: task)
    var isWithout = opened.answer.pending
    if case .all = wish.attempts {
      for number in 1..<max(1, opened.answer.attempts) {
        let asked = try had(of: task) { (printer) throws(Failure) in
          try printer.open(task, number)
        }
        guard let next = asked else { continue }
        try show(next, of: task)
        isWithout = isWithout && next.answer.pending
      }
    }
    guard isWithout else { return }
    voice.notice(
      opened.answer.ended
        ? "\(task.name) did not start; there is no output"
        : "\(task.name) has not started; there is no output yet")
  }

  private static func request(
    _ task: LogTask, _ attempt: UInt32?, _ wish: LogWish
  ) -> WireOpenLog {
    var request = WireOpenLog()
    request.job = task.job
    request.index = task.index
    if let attempt { request.attempt = attempt }
    request.stderr = wish.isError
    request.follow = wish.follow
    return request
  }

  private mutating func open(_ task: LogTask, _ attempt: UInt32?) throws(Failure) -> OpenedLog {
    let request = Self.request(task, attempt, wish)
    return try session.persist { (connection, _) throws(CallError) in
      guard case .openedLog(let answer) = try connection.call(.openLog(request)) else {
        throw connection.unexpected()
      }
      return OpenedLog(
        answer: answer, descriptors: connection.takeDescriptors(Int(answer.descriptors)))
    }
  }

  private mutating func file(of opened: OpenedLog) throws(Failure) -> LogFile? {
    if opened.answer.pending { return nil }
    let path = opened.answer.path.array
    if path.isEmpty { return try LogFile(opened.descriptors) }
    guard printed.insert(path).inserted else { return nil }
    return try LogFile(path: path, follow: wish.follow && !opened.answer.ended)
  }

  private mutating func show(_ opened: OpenedLog, of task: LogTask) throws(Failure) {
    let found = try had(of: task) { (printer) throws(Failure) in try printer.file(of: opened) }
    guard var file = found.flatMap(\.self) else { return }
    if let lines = wish.lines { try file.seek(toLast: lines) }
    try file.copy()
  }

  /// Prints a task's output as it comes, attempt after attempt, until the task has ended.
  private mutating func follow(_ task: LogTask) throws(Failure) {
    var watch = EndWatch(task, voice: voice, session: session)
    var next: UInt32?
    var isOnlyOne = false
    switch wish.attempts {
    case .newest: break
    case .all: next = 0
    case .one(let number):
      next = number
      isOnlyOne = true
    }
    var pause = GrowingPause()
    var isFirst = true
    while true {
      let wasOver = watch.isOver
      let asked = try had(of: task) { (printer) throws(Failure) in
        try printer.patiently(&watch) { (printer, watch) throws(Failure) in
          try printer.started(task, next, &watch)
        }
      }
      guard let answer = asked else { return }
      guard let opened = answer else {
        if wasOver { break }
        // flusterd could not keep the question; the end wakes us sooner.
        try watch.wait(nil, for: pause.take())
        continue
      }
      pause = GrowingPause()
      next = opened.answer.attempt + 1
      if opened.answer.pending {
        if isOnlyOne || opened.answer.last { break }
        continue
      }
      let found = try had(of: task) { (printer) throws(Failure) in try printer.file(of: opened) }
      if var file = found.flatMap(\.self) {
        if isFirst, let lines = wish.lines { try file.seek(toLast: lines) }
        try file.copy()
        if !opened.answer.ended { try follow(&file, opened.answer.attempt, of: task, &watch) }
      }
      isFirst = false
      if isOnlyOne || opened.answer.last { break }
    }
    // It is on its way, if not there: the last attempt is over.
    while !isOnlyOne && !watch.isOver { try watch.wait(nil, for: nil) }
    end = watch.end
    guard isFirst else { return }
    if case .one(let number) = wish.attempts, next == number {
      return note(Failure(.notFound, "\(task.name) has no attempt \(number)"), of: task.name)
    }
    voice.notice("\(task.name) did not start; there is no output")
  }

  /// Asks again what cannot be answered now: the worker that keeps a log may not have come back.
  /// While the task is not over it is waited for; then for a while.
  private mutating func patiently<Result>(
    _ watch: inout EndWatch,
    _ ask: (inout LogPrinter, inout EndWatch) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var pause = GrowingPause()
    var end: Instant?
    while true {
      do throws(Failure) {
        return try ask(&self, &watch)
      } catch {
        guard error.status == .tryAgain, end.map({ Pause.now < $0 }) ?? true else { throw error }
      }
      guard watch.isOver else {
        try watch.wait(nil, for: pause.take())
        continue
      }
      end = end ?? Pause.now + Session.patience
      Pause.until(Pause.now + pause.take())
    }
  }

  /// Prints what is added to a file until its attempt is over.
  private mutating func follow(
    _ file: inout LogFile, _ attempt: UInt32, of task: LogTask, _ watch: inout EndWatch
  ) throws(Failure) {
    while !watch.isOver {
      let isClosed = try watch.wait(file.changes, for: nil)
      try file.copy()
      // Whoever closed it may have been the last; asked for by name, so that the answer is about
      // this attempt.
      guard isClosed else { continue }
      let isOver = try patiently(&watch) { (printer, _) throws(Failure) in
        try printer.open(task, attempt).answer.ended
      }
      if isOver { break }
    }
    try file.copy()
  }

  /// The log of an attempt, once it has started; nil if the task is over without it, or if nobody
  /// knows yet.
  private mutating func started(
    _ task: LogTask, _ attempt: UInt32?, _ watch: inout EndWatch
  ) throws(Failure) -> OpenedLog? {
    var request = Self.request(task, attempt, wish)
    request.whenStarted = !watch.isOver
    do throws(Failure) {
      return try session.persist { (connection, _) throws(CallError) in
        let number = try connection.ask(.openLog(request))
        while true {
          let deadline = watch.isOver ? Pause.now + .seconds(5) : Pause.now
          switch try connection.answer(to: number, until: deadline) {
          case .body(.openedLog(let answer)):
            let descriptors = connection.takeDescriptors(Int(answer.descriptors))
            // An attempt that never got as far as its command is passed over.
            let isKnown = !answer.pending || answer.attempts > 0
            return isKnown ? OpenedLog(answer: answer, descriptors: descriptors) : nil
          case .body: throw connection.unexpected()
          case .timedOut where watch.isOver: return nil
          case .timedOut:
            do throws(Failure) {
              try watch.wait(connection.descriptor, for: nil)
            } catch {
              throw .failed(error)
            }
          }
        }
      }
    } catch {
      // There is no such attempt, or not yet.
      if error.status == .notFound, attempt != nil, attempt != 0 { return nil }
      throw error
    }
  }
}
