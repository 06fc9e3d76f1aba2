import FlusterCore
import FlusterStore
import FlusterSystem
import FlusterSystemd
import Glibc
import Synchronization

/// Answers questions about what is on the disk on a thread of its own, one after the other, so
/// that no listing holds the loop up; users take turns. The thread exists while there are
/// questions.
///
/// Belongs to the loop's thread; only the questions themselves run on the other one.
final class History {
  private let thread: HistoryThread
  private var waiting: [UInt64: () -> Void] = [:]
  private var last: UInt64 = 0

  init(_ reader: Reader, loop: EventLoop) throws(SystemError) {
    let wakeup = try Wakeup()
    thread = HistoryThread(reader: reader, wakeup: wakeup)
    _ = try loop.watch(wakeup.descriptor, for: .readable) { [unowned self] _ in
      wakeup.drain()
      deliver()
    }
  }

  /// Whether nothing is being asked.
  var isIdle: Bool { waiting.isEmpty }

  /// Runs `question` on the other thread when it is the user's turn, and `then` with what it came
  /// to on the loop's.
  func ask<Answer: Sendable>(
    for user: UserID, _ question: @escaping @Sendable (Reader) throws(StoreError) -> Answer,
    then: @escaping (Result<Answer, StoreError>) -> Void
  ) {
    last += 1
    let number = last
    let box = Box<Answer>()
    waiting[number] = {
      if let answer = box.answer.withLock({ $0 }) { then(answer) }
    }
    thread.add(
      HistoryThread.Question(number: number) { reader in
        let answer = Result { () throws(StoreError) in try question(reader) }
        box.answer.withLock { $0 = answer }
      }, of: user)
  }

  private func deliver() {
    for number in thread.takeAnswered() { waiting.removeValue(forKey: number)?() }
  }

  /// Carries an answer from one thread to the other.
  private final class Box<Answer: Sendable>: Sendable {
    let answer = Mutex<Result<Answer, StoreError>?>(nil)
  }
}

/// The half of `History` that both threads see.
final class HistoryThread: Sendable {
  struct Question: Sendable {
    let number: UInt64
    let ask: @Sendable (Reader) -> Void
  }

  private struct Contents {
    var questions = FairQueue<Question>()
    var answered: [UInt64] = []
    var isRunning = false
  }

  private let reader: Reader
  private let wakeup: Wakeup
  private let contents = Mutex(Contents())

  init(reader: Reader, wakeup: Wakeup) {
    self.reader = reader
    self.wakeup = wakeup
  }

  func add(_ question: Question, of user: UserID) {
    let mustStart = contents.withLock { contents in
      contents.questions.append(question, of: user)
      defer { contents.isRunning = true }
      return !contents.isRunning
    }
    // Without room for a thread the question is answered here; slow, but not never.
    if mustStart && !start() { run() }
  }

  func takeAnswered() -> [UInt64] {
    contents.withLock { contents in
      defer { contents.answered = [] }
      return contents.answered
    }
  }

  private func start() -> Bool {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let body = Unmanaged.passRetained(self)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        Unmanaged<HistoryThread>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, body.toOpaque())
    if code != 0 { body.release() }
    return code == 0
  }

  private func run() {
    while let question = next() {
      question.ask(reader)
      contents.withLock { $0.answered.append(question.number) }
      wakeup.signal()
    }
  }

  private func next() -> Question? {
    contents.withLock { contents in
      let question = contents.questions.popFirst()
      contents.isRunning = question != nil
      return question
    }
  }
}
