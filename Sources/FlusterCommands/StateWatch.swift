import FlusterClient
import FlusterCore
import FlusterProtocol

/// Waiting until jobs or tasks are in a state: what flusterd tells of them is the sign to look
/// again, over as many connections as it takes.
struct StateWatch {
  private let wanted: Set<WireState>
  private let any: Bool
  private let deadline: Instant?
  private let isJSON: Bool
  private let voice: Voice
  private var selectors: [WireSelector]
  /// What has been told, by id.
  private var told: Set<String> = []
  private var hasFailed = false

  /// A wait for what `selectors` name: whole jobs, or tasks.
  init(
    for selectors: [WireSelector], _ wanted: [WireState], any: Bool, deadline: Instant?,
    isJSON: Bool, voice: Voice
  ) {
    self.selectors = selectors
    self.wanted = Set(wanted)
    self.any = any
    self.deadline = deadline
    self.isJSON = isJSON
    self.voice = voice
  }

  /// Waits, prints what each is, and returns the status to exit with: 0 if all were seen in the
  /// state, 1 if one was over without that.
  mutating func run(over session: inout Session) throws(Failure) -> Int32 {
    selectors = try session.settle(selectors, until: deadline)
    var looking = session.another(voice.silenced)
    var watch = self
    defer { self = watch }
    var isOver = false
    do throws(Failure) {
      isOver = try session.persist(patience: .seconds(3600), until: deadline) {
        (connection, _) throws(CallError) in try watch.follow(connection, &looking)
      }
    } catch {
      // In vain because the time is over, and not because of an answer.
      guard let deadline, Pause.now >= deadline, [.unreachable, .tryAgain].contains(error.status)
      else { throw error }
    }
    guard isOver else {
      voice.say("\(selectors.map(\.text).joined(separator: " ")) is not so in time")
      return CarriedStatus.timeout
    }
    return watch.hasFailed ? ExitStatus.no.rawValue : ExitStatus.done.rawValue
  }

  /// Looks, and again after each sign; false if the deadline came first.
  private mutating func follow(
    _ connection: Connection, _ looking: inout Session
  ) throws(CallError) -> Bool {
    var request = WireWatch()
    request.selectors = selectors
    request.live = true
    let number = try connection.ask(.watch(request))
    // The first page says where the feed begins: what happens from there on is a sign.
    while case .body(let body) = try connection.answer(to: number, until: deadline) {
      guard case .feed = body else { throw connection.unexpected() }
      do throws(Failure) {
        if try look(&looking) { return true }
      } catch {
        throw .failed(error)
      }
    }
    return false
  }

  /// Tells of those that are in the state now, or over; true when nothing is left to wait for.
  private mutating func look(_ session: inout Session) throws(Failure) -> Bool {
    var list = WireList()
    list.selectors = selectors
    list.allAges = true
    list.tasks = selectors.contains(where: \.namesTasks)
    let listing = try session.listing(list, until: deadline)
    let rows = listing.tasks.map { Row($0) } + listing.jobs.map { Row($0) }
    var isLeft = false
    for row in rows where !told.contains(row.id) {
      let isReached = row.isIn(wanted)
      guard isReached || row.isOver else {
        isLeft = true
        continue
      }
      told.insert(row.id)
      if !isReached { hasFailed = true }
      if !isReached, rows.count == 1 { voice.notice("\(row.id) is over: \(row.state.word)") }
      try print(row, isOnly: rows.count == 1)
      if any { return true }
    }
    return !isLeft
  }

  private func print(_ row: Row, isOnly: Bool) throws(Failure) {
    if isJSON {
      try StandardStream.print(row.json.lineBytes)
    } else if !isOnly {
      try StandardStream.print("\(row.id) \(row.state.word)")
    }
  }
}

/// What is looked at of a job or of a task, whichever was named.
private struct Row {
  let id: String
  let state: WireState
  let json: JSONObject
  private let hasStarted: Bool

  init(_ job: WireJobRow) {
    var users = UserNames()
    (id, state, hasStarted) = ("\(job.job)", job.state, job.hasStartedMs)
    json = job.json(&users)
  }

  init(_ task: WireTaskRow) {
    var users = UserNames()
    id = task.explicit ? "\(task.job).\(task.index)" : "\(task.job)"
    (state, hasStarted) = (task.state, task.hasStartedMs)
    json = task.json(of: nil, &users)
  }

  var isOver: Bool { (try? TaskState(wire: state))?.isFinal == true }

  /// What was over before anybody could look was running all the same.
  func isIn(_ states: Set<WireState>) -> Bool {
    states.contains(state) || isOver && hasStarted && states.contains(.running)
  }
}
