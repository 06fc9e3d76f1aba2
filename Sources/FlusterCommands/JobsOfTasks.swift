import FlusterClient
import FlusterProtocol

/// The rows of the jobs whose tasks are listed: they tell what the row of a task does not. Asked
/// for page by page, over a connection of their own.
struct JobsOfTasks {
  private var session: Session
  private var list = WireList()
  private var known: [UInt64: WireJobRow] = [:]

  /// For the tasks of `list`; `session` tells which flusterd to ask, and is not used itself.
  init(_ list: WireList, session: Session, voice: Voice) {
    self.session = session.another(voice)
    self.list.allUsers = list.allUsers
    self.list.allAges = true
    self.list.detail = list.detail
  }

  /// The rows of these tasks' jobs, with detail with their attempts and no others.
  mutating func rows(for tasks: [WireTaskRow]) throws(Failure) -> [UInt64: WireJobRow] {
    let jobs = Set(tasks.map(\.job))
    // A page has many tasks of few jobs, or few of many.
    known = list.detail ? [:] : known.filter { jobs.contains($0.key) }
    list.selectors = tasks.filter { known[$0.job] == nil }.map(\.selector)
    if !list.detail {
      var asked = Set<UInt64>()
      list.selectors = list.selectors.map(\.wholeJob).filter { asked.insert($0.tasks.job).inserted }
    }
    guard !list.selectors.isEmpty else { return known }
    do throws(Failure) {
      for job in try session.listing(list).jobs { known[job.job] = job }
    } catch {
      // One has been forgotten since its tasks were told.
      guard error.status == .notFound else { throw error }
    }
    return known
  }
}

extension WireTaskRow {
  fileprivate var selector: WireSelector {
    var selector = WireSelector()
    selector.tasks.job = job
    selector.tasks.first = index
    selector.tasks.last = index
    return selector
  }
}
