import FlusterClient
import FlusterCore
import FlusterProtocol

/// What an address stands for.
enum Route {
  /// Known without asking anybody.
  case whole(Response)
  case page(any ShownPage)
  case data(Data)
  /// A page, kept up to date.
  case livePage(Request)
  /// The output of a job's task, as it comes.
  case liveLog(UInt64)
  /// There is nothing there; one sentence.
  case nothing(String)

  init(_ request: Request) {
    let path = request.path
    if path.first == "live" {
      self = Route.live(request)
      return
    }
    if path.first == "api" {
      self = Data(path: Array(path.dropFirst())).map { .data($0) } ?? .unknown(path)
      return
    }
    switch path.count {
    case 0: self = .page(OverviewPage())
    case 1: self = Route.place(path[0]) ?? .unknown(path)
    case 2 where path[0] == "job":
      self = Route.job(path[1]).map { .page(JobPage(job: $0)) } ?? .unknownJob(path[1])
    case 2 where path[0] == "worker": self = .page(WorkerPage(id: path[1]))
    case 3 where path[0] == "job" && path[2] == "log":
      self = Route.job(path[1]).map { .page(LogPage(job: $0)) } ?? .unknownJob(path[1])
    default: self = .unknown(path)
    }
  }

  private static func place(_ word: String) -> Route? {
    switch word {
    case "queue": .page(QueuePage())
    case "jobs": .page(JobsPage())
    case "workers": .page(WorkersPage())
    case "users": .page(UsersPage())
    case "endpoints": .page(EndpointsPage())
    case "health": .data(.health)
    case "metrics": .data(.metrics)
    case "style.css": .whole(Assets.style)
    case "script.js": .whole(Assets.script)
    case "icon.svg": .whole(Assets.icon)
    case "robots.txt": .whole(Assets.robots)
    default: nil
    }
  }

  private static func live(_ request: Request) -> Route {
    let inner = request.at(Array(request.path.dropFirst()))
    if inner.path.count == 3, inner.path[0] == "job", inner.path[2] == "log" {
      return job(inner.path[1]).map { .liveLog($0) } ?? .unknownJob(inner.path[1])
    }
    guard case .page = Route(inner) else { return .unknown(request.path) }
    return .livePage(inner)
  }

  /// The number of a job; nil for what is none.
  private static func job(_ word: String) -> UInt64? {
    guard SelectorArgument.isNumber(word), let job = UInt64(word), job > 0 else { return nil }
    return job
  }

  private static func unknown(_ path: [String]) -> Route {
    .nothing("there is no page /\(path.joined(separator: "/"))")
  }

  private static func unknownJob(_ word: String) -> Route {
    .nothing("job \(word) does not exist")
  }
}

/// A page that can be made again and again.
protocol ShownPage: Sendable {
  /// Whether a script keeps it up to date.
  var isLive: Bool { get }

  /// Asks for what it shows and puts it together.
  func make(_ asker: inout Asker, _ request: Request) throws(Failure) -> Page
}

extension ShownPage {
  var isLive: Bool { true }

  /// The whole document.
  func response(
    _ asker: inout Asker, _ request: Request, instance: String
  ) throws(Failure) -> Response {
    try asker.settleNow()
    let page = try make(&asker, request)
    return Response(
      .page, page.document(path: request.path, instance: instance, isLive: isLive).bytes)
  }
}

extension Response {
  fileprivate init(_ kind: Kind, _ body: [UInt8]) { self.init(.ok, kind, body) }
}
