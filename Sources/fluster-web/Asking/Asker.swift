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

  /// Now, for what has not ended.
  var now: WallTime { WallTime(milliseconds: Clock.wallMilliseconds()) }

  mutating func name(of uid: UInt32) -> String { names.name(of: uid) }

  /// What is common to all listings here.
  func list(_ selectors: [WireSelector] = []) -> WireList {
    var list = WireList()
    list.selectors = selectors
    list.allUsers = true
    list.allAges = true
    if let user { list.user = user }
    return list
  }

  /// One job in full; not-found also if it is somebody's who is not to be shown.
  mutating func job(_ number: UInt64, detail: Bool = true) throws(Failure) -> WireJobRow {
    var list = list([.job(number)])
    list.clearUser()
    list.detail = detail
    guard let job = try session.listing(list).jobs.first, user.map({ $0 == job.uid }) ?? true else {
      throw Failure(.notFound, "job \(number) does not exist")
    }
    return job
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

  mutating func endpoints() throws(Failure) -> [WireEndpoint] {
    try session.endpoints(WireListEndpoints())
  }

  /// The newest `count` events, oldest first, or those behind a place.
  mutating func events(
    of selectors: [WireSelector] = [], newest count: UInt32, after cursor: WireCursor? = nil
  ) throws(Failure) -> WireFeed {
    var watch = WireWatch()
    watch.selectors = selectors
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
