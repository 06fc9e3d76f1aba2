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
  private var asked: [ConnectionID: Set<UInt64>] = [:]
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
  /// to on the loop's; neither once `connection` has been forgotten.
  func ask<Answer: Sendable>(
    for user: UserID, on connection: ConnectionID? = nil,
    _ question: @escaping @Sendable (Reader) throws(StoreError) -> Answer,
    then: @escaping (Result<Answer, StoreError>) -> Void
  ) {
    last += 1
    let number = last
    let box = Box<Answer>()
    if let connection { asked[connection, default: []].insert(number) }
    waiting[number] = { [unowned self] in
      if let connection { settle(number, of: connection) }
      if let answer = box.answer.withLock({ $0 }) { then(answer) }
    }
    thread.add(number, of: user) { reader in
      let answer = Result { () throws(StoreError) in try question(reader) }
      box.answer.withLock { $0 = answer }
    }
  }

  /// Nobody is there for the answers any more: what has not been begun is not asked.
  func forget(_ connection: ConnectionID) {
    for number in asked.removeValue(forKey: connection) ?? [] {
      waiting[number] = nil
      thread.cancel(number)
    }
  }

  private func settle(_ number: UInt64, of connection: ConnectionID) {
    asked[connection]?.remove(number)
    if asked[connection]?.isEmpty == true { asked[connection] = nil }
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
  private typealias Question = @Sendable (Reader) -> Void

  private struct Contents {
    /// Their numbers in order; one that was cancelled has no question any more.
    var order = FairQueue<UInt64>()
    var questions: [UInt64: Question] = [:]
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

  func add(
    _ number: UInt64, of user: UserID, _ question: @escaping @Sendable (Reader) -> Void
  ) {
    let mustStart = contents.withLock { contents in
      contents.order.append(number, of: user)
      contents.questions[number] = question
      defer { contents.isRunning = true }
      return !contents.isRunning
    }
    // Without room for a thread the question is answered here; slow, but not never.
    if mustStart && !start() { run() }
  }

  /// The question is not asked, unless that has begun.
  func cancel(_ number: UInt64) {
    contents.withLock { _ = $0.questions.removeValue(forKey: number) }
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
    while let (number, question) = next() {
      question(reader)
      contents.withLock { $0.answered.append(number) }
      wakeup.signal()
    }
  }

  private func next() -> (UInt64, Question)? {
    contents.withLock { contents in
      while let number = contents.order.popFirst() {
        if let question = contents.questions.removeValue(forKey: number) {
          return (number, question)
        }
      }
      contents.isRunning = false
      return nil
    }
  }
}
