package import FlusterClient
package import FlusterCore
package import FlusterProtocol

/// Waiting for tasks to end, over as many connections as it takes, and the exit status that makes.
package struct Waiting {
  /// What is printed of each end.
  package enum Output {
    /// Nothing: standard output belongs to something else.
    case none
    /// `ID STATE STATUS`, if there are several tasks.
    case lines
    case json
  }

  /// How long flusterd is given to say what it knows, however short the wait.
  static let leastTime = Span(milliseconds: 500)

  package var output = Output.none
  private var selectors: [WireSelector]
  private let any: Bool
  private let deadline: Instant?
  private let voice: Voice
  /// How many tasks it is about; nil until the first has ended.
  private var total: UInt64?
  /// The indices of each job whose end was told: after a reconnect they are told again.
  private var seen: [UInt64: RangeSet<UInt64>] = [:]
  private var first: WireEnded?
  private var hasFailure = false

  /// A wait for the tasks of `selectors`, or for one of them, until `deadline`.
  package init(for selectors: [WireSelector], any: Bool, deadline: Instant?, voice: Voice) {
    self.selectors = selectors
    self.any = any
    self.deadline = deadline
    self.voice = voice
  }

  /// Waits, prints, and returns the status to exit with.
  mutating func run(over session: inout Session) throws(Failure) -> Int32 {
    do throws(Failure) {
      if try hasEnded(over: &session) { return status }
      voice.say("\(names) has not ended in time")
    } catch {
      // In vain because the time is over, and not because of an answer.
      guard let deadline, Pause.now >= deadline, [.unreachable, .tryAgain].contains(error.status)
      else { throw error }
      voice.say("\(names) is not known to have ended in time: \(error.message)")
    }
    return CarriedStatus.timeout
  }

  private var names: String { selectors.map(\.text).joined(separator: " ") }

  private mutating func hasEnded(over session: inout Session) throws(Failure) -> Bool {
    selectors = try session.settle(selectors, until: deadline)
    var waiting = self
    defer { self = waiting }
    // A restart of flusterd, an upgrade or a reboot of its unit must not end a wait.
    return try session.persist(patience: .seconds(3600), until: deadline) {
      (connection, _) throws(CallError) in try waiting.follow(connection)
    }
  }

  /// The status that the ends seen make: a single task's own, else 0 if all succeeded.
  package var status: Int32 {
    if let only = first, isSingle { return Int32(only.status) }
    return hasFailure ? ExitStatus.no.rawValue : ExitStatus.done.rawValue
  }

  private var isSingle: Bool { total == 1 }

  /// Takes ends until there are no more; false if the deadline came first.
  private mutating func follow(_ connection: Connection) throws(CallError) -> Bool {
    var request = WireWait()
    request.selectors = selectors
    request.any = any
    let number = try connection.ask(.wait(request))
    while true {
      switch try connection.answer(to: number, until: deadline) {
      case .timedOut: return false
      case .body(.ended(let ended)):
        do {
          try take(ended)
        } catch {
          throw .failed(error)
        }
      case .body(.done(let done)):
        for notice in done.notices { voice.notice(notice) }
        return true
      case .body: throw connection.unexpected()
      }
    }
  }

  /// Notes and prints one end.
  package mutating func take(_ ended: WireEnded) throws(Failure) {
    if total == nil { total = ended.total }
    if first == nil { first = ended }
    if ended.state != .succeeded { hasFailure = true }
    let known = seen[ended.job, default: RangeSet()]
    var lines: [UInt8] = []
    var isTold = false
    for index in ended.indices where !known.contains(UInt64(index)) {
      // What ended without an attempt ended for one reason, and may be millions.
      if ended.isOneByOne || !isTold { explain(ended, index) }
      isTold = true
      switch output {
      case .none: break
      case .json: lines += ended.json(index).lineBytes
      case .lines:
        if !isSingle { lines += "\(ended.name(index)) \(ended.state.word) \(ended.status)\n".utf8 }
      }
      if lines.count > 64 << 10 {
        try StandardStream.print(lines)
        lines = []
      }
    }
    try StandardStream.print(lines)
    let indices = UInt64(ended.firstIndex)..<(UInt64(ended.index) + 1)
    seen[ended.job, default: RangeSet()].insert(contentsOf: indices)
  }

  /// Says why a task ended that did not simply exit: its status alone does not tell.
  private func explain(_ ended: WireEnded, _ index: UInt32) {
    guard isSingle || ended.status == UInt32(CarriedStatus.none) else { return }
    let last = index < ended.index && !ended.isOneByOne ? "-\(ended.index)" : ""
    let what = "\(ended.name(index))\(last) \(ended.state.word)"
    guard ended.hasOutcome, let outcome = try? Outcome(wire: ended.outcome) else {
      if !ended.error.isEmpty {
        return voice.notice("\(what): \(ended.error)")
      }
      if ended.state != .succeeded && isSingle { voice.notice(what) }
      return
    }
    guard outcome.cause != .exit else { return }
    let phrase = outcome.phrase
    // "killed: killed" says nothing twice.
    voice.notice(
      phrase.hasPrefix(ended.state.word)
        ? "\(ended.name(index))\(last) \(phrase)" : "\(what): \(phrase)")
  }
}

extension WireEnded {
  /// Its tasks ended each in a way of its own.
  fileprivate var isOneByOne: Bool {
    switch outcome.cause {
    case .dependency, .deadline: false
    case _: hasOutcome
    }
  }

  fileprivate var firstIndex: UInt32 { count > 1 && hasFirst ? min(first, index) : index }

  /// The indices of the tasks it stands for: from the first by the job's step.
  fileprivate var indices: StrideThrough<UInt32> {
    let step = count > 1 ? (index - firstIndex) / (count - 1) : 1
    return stride(from: firstIndex, through: index, by: Int(max(1, step)))
  }

  /// `42` or `42.7`.
  fileprivate func name(_ index: UInt32) -> String { explicit ? "\(job).\(index)" : "\(job)" }

  /// A line of `--json`.
  fileprivate func json(_ index: UInt32) -> JSONObject {
    var object = JSONObject.line
    object.set("id", .string(name(index)))
    object.set("job", .unsigned(job))
    if explicit { object.set("task", .unsigned(UInt64(index))) }
    object.set("state", .string(state.word))
    object.set("status", .unsigned(UInt64(status)))
    if hasOutcome { object.add(outcome) }
    if !error.isEmpty { object.set("error", .string(error)) }
    return object
  }
}
