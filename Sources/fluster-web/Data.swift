import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol

/// What programs read. Under `/api/` each line is one that a command prints with `--json`.
enum Data: Hashable, Sendable {
  case health, metrics
  case jobs, workers, users, endpoints, events, status
  case job(UInt64)

  /// Rows that one answer holds at most.
  private static let most = 1000

  /// What `/api/` and this path stand for; nil: nothing.
  init?(path: [String]) {
    switch path {
    case ["jobs"]: self = .jobs
    case ["workers"]: self = .workers
    case ["users"]: self = .users
    case ["endpoints"]: self = .endpoints
    case ["events"]: self = .events
    case ["status"]: self = .status
    case _ where path.count == 2 && path[0] == "job":
      guard let job = UInt64(path[1]) else { return nil }
      self = .job(job)
    default: return nil
    }
  }

  /// The answer.
  func response(_ asker: inout Asker, _ request: Request) throws(Failure) -> Response {
    switch self {
    case .health: return Data.lines([Self.health(try Tally(&asker))], as: .json)
    case .metrics: return Response(.ok, .metrics, try Self.metrics(&asker))
    case .jobs:
      var names = UserNames()
      let jobs = try JobsPage.jobs(&asker, request, most: try Self.limit(request)).rows
      return Data.lines(jobs.reversed().map { $0.json(&names) })
    case .job(let number):
      var names = UserNames()
      let row = try asker.job(number, detail: false)
      let first = row.array.first
      let last = first + max(row.array.step, 1) * (min(row.array.count, UInt32(Self.most)) - 1)
      let isLong = row.array.count > UInt32(Self.most)
      return Data.lines([
        try asker.job(number, tasks: isLong ? [first...last] : []).json(&names)
      ])
    case .workers:
      var names = UserNames()
      let workers = try asker.workers(tasks: true)
      return Data.lines(workers.map { $0.json(withTasks: true, &names) })
    case .users:
      var names = UserNames()
      return Data.lines(try asker.users().map { $0.json(&names) })
    case .endpoints: return Data.lines(try asker.endpoints().map(\.json))
    case .status: return Data.lines([InstanceStatus.json(try asker.status())])
    case .events: return try Self.events(&asker, request)
    }
  }

  /// That flusterd is away is something to be told, too.
  private static func metrics(_ asker: inout Asker) throws(Failure) -> [UInt8] {
    do throws(Failure) {
      return Metrics.text(try Tally(&asker))
    } catch {
      guard [.unreachable, .tryAgain].contains(error.status) else { throw error }
      return Metrics.away
    }
  }

  private static func lines(_ objects: [JSONObject], as kind: Response.Kind = .lines) -> Response {
    Response(.ok, kind, objects.flatMap(\.lineBytes))
  }

  private static func limit(_ request: Request) throws(Failure) -> Int {
    guard let word = request.query["newest"] else { return most }
    return Int(try QuantityArgument.count("newest", word, in: 1...UInt32(most)))
  }

  private static func health(_ tally: Tally) -> JSONObject {
    var object = JSONObject.line
    object.set("status", .string(tally.trouble.isEmpty ? "ok" : "trouble"))
    object.set("workers", .unsigned(UInt64(tally.workers.count)))
    object.set("healthy_workers", .unsigned(UInt64(tally.healthyWorkers)))
    object.set("jobs", .unsigned(tally.allJobs))
    return object
  }

  /// As `fluster-ls -a --cursor CURSOR --json` or with `newest`, `-n` prints them.
  private static func events(
    _ asker: inout Asker, _ request: Request
  ) throws(Failure) -> Response {
    var cursor: WireCursor?
    if let word = request.query["cursor"] {
      guard let known = FeedCursor(text: word) else {
        throw .usage("\"\(word)\" is no cursor", wayOut: "take it from an event, or write start")
      }
      cursor = WireCursor(known)
    }
    let feed = try asker.events(newest: UInt32(try limit(request)), after: cursor)
    let next: FeedCursor
    do {
      next = try FeedCursor(wire: feed.next)
    } catch {
      throw Failure(error)
    }
    var printer = EventPrinter(.json)
    var bytes: [UInt8] = []
    if feed.missing > 0 {
      let behind = feed.events.first.map { $0.sequence - 1 } ?? next.sequence
      bytes += printer.gap(feed.missing, FeedCursor(store: next.store, sequence: behind)) ?? []
    }
    for event in feed.events {
      bytes += printer.line(event, FeedCursor(store: next.store, sequence: event.sequence))
    }
    return Response(.ok, .lines, bytes)
  }
}
