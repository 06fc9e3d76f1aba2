import FlusterClient
import FlusterProtocol

/// Asks for the logs of many tasks and takes the answers in order; while one log is printed, the
/// questions about the next ones are on their way.
struct LogQuestions {
  /// Each answer holds a descriptor.
  private static let most = 16

  private struct Question {
    let task: LogTask
    let request: WireOpenLog
    /// Where it was asked; over a new connection it is asked again.
    var asked: (connection: Connection, number: UInt64)?
  }

  private var tasks: AnyIterator<LogTask>
  private let request: (LogTask) -> WireOpenLog
  private var open: [Question] = []

  /// About all of `tasks`, each by its `request`.
  init(_ tasks: some Sequence<LogTask>, request: @escaping (LogTask) -> WireOpenLog) {
    self.tasks = AnyIterator(tasks.makeIterator())
    self.request = request
  }

  /// The next task, and its log or why it cannot be had; nil after the last. Throws where there is
  /// nobody to ask.
  mutating func next(
    over session: inout Session
  ) throws(Failure) -> (task: LogTask, log: Result<OpenedLog, Failure>)? {
    while open.count < Self.most, let task = tasks.next() {
      open.append(Question(task: task, request: request(task)))
    }
    guard let task = open.first?.task else { return nil }
    var questions = open
    defer { open = Array(questions.dropFirst()) }
    do throws(Failure) {
      let log = try session.persist { (connection, _) throws(CallError) in
        for index in questions.indices where questions[index].asked?.connection !== connection {
          let number = try connection.askAhead(.openLog(questions[index].request))
          questions[index].asked = (connection, number)
        }
        guard let number = questions[0].asked?.number,
          case (.openedLog(let answer), let descriptors) = try connection.takeAhead(number)
        else { throw connection.unexpected() }
        return OpenedLog(answer: answer, descriptors: descriptors)
      }
      return (task, .success(log))
    } catch {
      guard error.status != .unreachable else { throw error }
      return (task, .failure(error))
    }
  }
}
