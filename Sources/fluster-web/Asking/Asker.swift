import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol
import FlusterSystem

/// Asks flusterd for what pages show. Belongs to one thread.
struct Asker {
  /// How long a page waits for a flusterd that is being restarted.
  private static let patience = Span.seconds(2)

  var session: Session
  /// Of what flusterd is asked: all that this program may see, or only this user's.
  let user: UInt32?
  private(set) var names = UserNames()

  init(_ instance: Instance, user: UInt32?) {
    session = Session(
      with: instance, voice: Voice(program: "fluster-web", isQuiet: true), patience: Self.patience)
    self.user = user
  }

  /// Whether a store is shown without a flusterd; nil: nobody has asked yet.
  private var isStore: Bool?
  /// When something last happened in that.
  private var examined: WallTime?

  /// Now, for what has not ended; in a store without a flusterd, when something last happened.
  var now: WallTime { examined ?? WallTime(milliseconds: Clock.wallMilliseconds()) }

  /// Finds out what stands for now. To be called before a page is made.
  mutating func settleNow() throws(Failure) {
    guard isStore != false else { return }
    let status = try status()
    isStore = status.hasExaminedMs
    examined = status.hasExaminedMs ? WallTime(milliseconds: status.examinedMs) : nil
  }

  /// Whether time goes on for what has not ended.
  var timePasses: Bool { examined == nil }

  mutating func name(of uid: UInt32) -> String { names.name(of: uid) }

  /// What is common to all listings here.
  func list(_ selectors: [WireSelector] = []) -> WireList {
    var list = WireList()
    list.selectors = selectors
    list.allUsers = true
    list.allAges = true
    // What is named is judged by itself.
    if let user, selectors.isEmpty { list.user = user }
    return list
  }

  /// One job, and with `detail` its request and attempts: those of these tasks, or all. Throws
  /// not-found also if it is somebody's who is not to be shown.
  mutating func job(
    _ number: UInt64, detail: Bool = true, tasks: [ClosedRange<UInt32>] = []
  ) throws(Failure) -> WireJobRow {
    let selectors = tasks.map { range in
      var selector = WireSelector.job(number)
      selector.tasks.first = range.lowerBound
      selector.tasks.last = range.upperBound
      return selector
    }
    var list = list(selectors.isEmpty ? [.job(number)] : selectors)
    list.detail = detail
    do throws(Failure) {
      let job = try session.listing(list).jobs.first
      if let job, user.map({ $0 == job.uid }) ?? true { return job }
    } catch {
      guard error.status == .notFound else { throw error }
    }
    throw Failure(.notFound, "job \(number) does not exist")
  }

  /// Tasks of a job from an index on, as many as fit on a page and one more.
  mutating func tasks(
    of job: UInt64, in indices: ClosedRange<UInt32>, state: WireState?, most: Int
  ) throws(Failure) -> [WireTaskRow] {
    var selector = WireSelector.job(job)
    selector.tasks.first = indices.lowerBound
    selector.tasks.last = indices.upperBound
    var list = list([selector])
    list.tasks = true
    if let state { list.states = [state] }
    let question = list
    var isCut = false
    let rows = try session.persist { (connection, _) throws(CallError) in
      let number = try connection.ask(.list(question))
      var rows: [WireTaskRow] = []
      while rows.count <= most {
        switch try connection.answer(to: number, promptly: true) {
        case .body(.listing(let page)): rows += page.tasks
        case .body(.done): return rows
        case .timedOut: throw connection.silent()
        case .body: throw connection.unexpected()
        }
      }
      isCut = true
      return rows
    }
    // The rest is not wanted, and would come over this connection.
    if isCut { session.drop() }
    return rows
  }

  mutating func status() throws(Failure) -> WireStatus {
    guard case .status(let status) = try session.call(.getStatus(WireGetStatus())) else {
      throw Failure(.internal, "flusterd answered something else than its status")
    }
    return status
  }

  mutating func workers(
    _ ids: [String] = [], tasks: Bool
  ) throws(Failure) -> [WireWorkerRow] {
    var request = WireListWorkers()
    request.ids = ids
    request.tasks = tasks
    var workers = try session.workers(request)
    guard let user else { return workers }
    for index in workers.indices { workers[index].tasks.removeAll { $0.uid != user } }
    return workers
  }

  mutating func users() throws(Failure) -> [WireUserRow] {
    let rows = try session.users()
    return user.map { user in rows.filter { $0.uid == user } } ?? rows
  }

  /// Where tasks can be reached; of one user's if only that user is to be shown.
  mutating func endpoints() throws(Failure) -> [WireEndpoint] {
    let all = try session.endpoints(WireListEndpoints())
    guard user != nil, !all.isEmpty else { return all }
    let own = Set(
      try session.listing(list(Set(all.map(\.job)).sorted().map { .job($0) })).jobs
        .filter { $0.uid == user }.map(\.job))
    return all.filter { own.contains($0.job) }
  }

  /// What went on in a stretch of time; in one job or, of those that are to be shown, in all.
  mutating func history(_ past: Past, job: UInt64? = nil) throws(Failure) -> WireHistory {
    var question = past.question
    if let job { question.job = job } else if let user { question.user = user }
    guard case .history(let history) = try session.call(.readHistory(question)) else {
      throw Failure(.internal, "flusterd answered something else than its history")
    }
    return history
  }

  /// The newest `count` events, oldest first, or those behind a place: of some jobs, of a worker
  /// itself, or of all.
  mutating func events(
    of selectors: [WireSelector] = [], worker: String? = nil, newest count: UInt32,
    after cursor: WireCursor? = nil
  ) throws(Failure) -> WireFeed {
    var watch = WireWatch()
    watch.selectors = selectors
    if let worker { watch.workers = [worker] }
    watch.allUsers = true
    if let cursor { watch.after = cursor } else { watch.newest = count }
    let question = watch
    let user = user
    return try session.persist { (connection, _) throws(CallError) in
      let number = try connection.ask(.watch(question))
      var feed = WireFeed()
      while true {
        switch try connection.answer(to: number, promptly: true) {
        case .body(.feed(let page)):
          if feed.events.count < Int(count) {
            feed.events += page.events.filter { event in
              user.map { event.job == 0 || event.uid == $0 } ?? true
            }
            feed.next = page.next
            feed.missing += page.missing
          }
        case .body(.done): return feed
        case .timedOut: throw connection.silent()
        case .body: throw connection.unexpected()
        }
      }
    }
  }
}

extension WireSelector {
  /// A whole job.
  static func job(_ number: UInt64) -> WireSelector {
    var selector = WireSelector()
    selector.tasks.job = number
    return selector
  }

  /// One task of a job.
  static func task(_ number: UInt64, _ index: UInt32) -> WireSelector {
    var selector = job(number)
    selector.tasks.first = index
    selector.tasks.last = index
    return selector
  }
}
