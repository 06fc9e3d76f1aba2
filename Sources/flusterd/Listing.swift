import DequeModule
import FlusterCore
import FlusterProtocol
import FlusterStore

/// A List that is being answered: unfinished jobs from memory, ended ones from the store, merged in
/// the order of ids.
struct Listing {
  /// What the store has to be asked before it can go on.
  enum Need {
    /// The next page of ended jobs.
    case page(JobQuery)
    /// The newest so many ended jobs, in one go.
    case newest(JobQuery, count: Int)
    /// A job that is not in memory.
    case job(JobID)
    /// With the attempts of these tasks; nil: of all.
    case detail(JobID, RangeSet<UInt32>?)
    case tasks(JobID, Range<UInt32>)
  }

  /// Listings of one uid at a time.
  static let limit = 64

  let request: Request
  let order: ListOrder
  /// Jobs to be shown from memory, or if they have ended since, from the store; in order.
  var ids: ArraySlice<JobID>
  /// Those that the client named, with the tasks it named of them; it is an error if there is none
  /// such, and their age does not matter.
  let named: [JobID: RangeSet<UInt32>?]
  /// Where the ended jobs come from; nil: there are no more of them.
  var query: JobQuery?
  /// Only names that match one of these; empty: all.
  let patterns: [String]
  /// Ended jobs that have been read and not shown.
  var ended: Deque<EndedJob> = []
  /// Jobs that ended while the listing was being answered.
  var endedMeanwhile: Set<JobID> = []
  /// The job whose tasks are being shown.
  var tasks: TaskCursor?
  /// The store is being asked.
  var need: Need?
  /// The page that is being filled.
  var page = ListingPage()
  /// Rows that have got the whole account of why they wait.
  var explained = 0

  init(
    request: Request, order: ListOrder, ids: [JobID], named: [JobID: RangeSet<UInt32>?],
    query: JobQuery?, patterns: [String]
  ) {
    self.request = request
    self.order = order
    self.ids = ids[...]
    self.named = named
    self.query = query
    self.patterns = patterns
    if let query, let count = order.newest { need = .newest(query, count: Int(count)) }
  }

  /// Whether jobs are shown with more than their row.
  var needsMore: Bool { order.hasTasks || order.hasDetail }

  /// Whether a job of this state passes; of tasks, each is judged by itself.
  func shows(_ state: TaskState) -> Bool {
    order.states.isEmpty || order.states.contains(state)
  }

  /// Keeps the newest so many of what memory and store have.
  mutating func trim(to count: Int) {
    var excess = ids.count + ended.count - count
    while excess > 0 {
      if let first = ids.first, first < (ended.first?.job.id ?? JobID(.max)) {
        ids.removeFirst()
      } else if ended.popFirst() == nil {
        return
      }
      excess -= 1
    }
  }
}

/// An ended job and what a listing shows of it beside its row.
struct EndedJob: Sendable {
  let job: StoredJob
  /// Of a job of one task.
  let outcome: Outcome?
}

/// The tasks of one job that have not been shown yet.
struct TaskCursor {
  /// So many positions are looked up at once.
  static let page: UInt32 = 256

  let job: StoredJob
  var left: RangeSet<UInt32>

  /// The next positions.
  var next: Range<UInt32>? {
    guard let range = left.ranges.first else { return nil }
    return range.lowerBound..<min(range.upperBound, range.lowerBound + Self.page)
  }
}
