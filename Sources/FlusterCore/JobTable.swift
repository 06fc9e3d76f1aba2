/// Jobs by id, in order, at little more than their own size.
///
/// Ids only grow and are never used again, so jobs stand in pages of neighbours that come and go
/// together. A dictionary of jobs keeps up to two empty places beside each and moves all of them
/// whenever it grows.
package struct JobTable: Sendable {
  /// A lonely old job keeps this many places.
  private static let pageSize: UInt64 = 16
  /// So many requests are remembered: users submit in streams.
  private static let mostRecent = 8

  fileprivate struct Page: Hashable, Sendable {
    var places = ContiguousArray<Job?>(repeating: nil, count: Int(JobTable.pageSize))
    /// A bit for each place that is taken.
    var taken: UInt16 = 0

    /// Whether there was none in the place before.
    mutating func put(_ job: consuming Job, in place: Int) -> Bool {
      let isNew = taken & 1 << place == 0
      places[place] = job
      taken |= 1 << place
      return isNew
    }
  }

  /// By the first id of the page over its size; none is empty.
  private var pages: [UInt64: Page] = [:]
  /// How many jobs there are.
  package private(set) var count = 0
  /// What the last jobs asked for that differed, to be shared with those that ask for the same.
  private var recent: [JobRequest] = []

  /// No jobs.
  package init() {}

  /// There are none.
  package var isEmpty: Bool { count == 0 }

  /// The job with this id; nil takes it away. A job comes and goes by assignment only: what is
  /// changed in place stays a job, so that nobody has to look whether it still is one.
  package subscript(id: JobID) -> Job? {
    get { pages[id.number / Self.pageSize]?.places[Int(id.number % Self.pageSize)] }
    set {
      guard let newValue else { return remove(id) }
      put(newValue, id)
    }
    _modify {
      guard let page = pages.index(forKey: id.number / Self.pageSize) else {
        var nothing: Job?
        yield &nothing
        return
      }
      yield &pages.values[page].places[Int(id.number % Self.pageSize)]
    }
  }

  private mutating func put(_ job: consuming Job, _ id: JobID) {
    let page = page(id.number / Self.pageSize)
    if pages.values[page].put(job, in: Int(id.number % Self.pageSize)) { count += 1 }
  }

  private mutating func remove(_ id: JobID) {
    let place = Int(id.number % Self.pageSize)
    guard let page = pages.index(forKey: id.number / Self.pageSize),
      pages.values[page].taken & 1 << place != 0
    else { return }
    pages.values[page].places[place] = nil
    pages.values[page].taken ^= 1 << place
    count -= 1
    if pages.values[page].taken == 0 { pages.remove(at: page) }
  }

  private mutating func page(_ number: UInt64) -> Dictionary<UInt64, Page>.Index {
    while true {
      if let page = pages.index(forKey: number) { return page }
      pages[number] = Page()
    }
  }

  /// A job has come. It shares what it asks for with the last ones that asked for the same.
  mutating func insert(_ job: consuming Job) {
    if let place = recent.firstIndex(where: { $0.hasSameTerms(as: job.request) }) {
      job.request.share(recent[place])
    } else {
      if recent.count == Self.mostRecent { recent.removeLast() }
      recent.insert(job.request, at: 0)
    }
    let id = job.id
    put(job, id)
  }
}

/// What counting and sorting look at of a job. The job itself is many times as large, and copying
/// it took longer than all the rest of listing a hundred thousand.
package struct JobGlance: Sendable {
  package let owner: UserID
  package let rank: Rank
  package let state: TaskState
  package let counts: StateCounts
}

extension JobTable {
  /// A glance at the job with this id, if there is one.
  package func glance(at id: JobID) -> JobGlance? {
    pages[id.number / Self.pageSize]?.places[Int(id.number % Self.pageSize)]?.glance
  }
}

extension Job {
  fileprivate var glance: JobGlance {
    JobGlance(
      owner: request.owner, rank: rank, state: progress.state, counts: progress.counts)
  }
}

extension JobTable: Hashable {
  package static func == (a: JobTable, b: JobTable) -> Bool { a.pages == b.pages }

  package func hash(into hasher: inout Hasher) { hasher.combine(pages) }
}

extension JobTable {
  /// The ids in order.
  package var keys: [JobID] {
    var keys: [JobID] = []
    keys.reserveCapacity(count)
    for number in pages.keys.sorted() {
      var left = pages[number]?.taken ?? 0
      while left != 0 {
        keys.append(JobID(number * Self.pageSize + UInt64(left.trailingZeroBitCount)))
        left &= left - 1
      }
    }
    return keys
  }
}

/// The jobs by id.
extension JobTable: Sequence {
  /// Goes through the pages in order.
  package struct Iterator: IteratorProtocol {
    private let pages: [UInt64: Page]
    private var numbers: ArraySlice<UInt64>
    private var page = Page()
    /// The places of the page that have not been visited.
    private var left: UInt16 = 0

    fileprivate init(_ pages: [UInt64: Page]) {
      self.pages = pages
      numbers = pages.keys.sorted()[...]
    }

    /// The next job, by id.
    package mutating func next() -> Job? {
      while left == 0 {
        guard let number = numbers.popFirst() else { return nil }
        page = pages[number] ?? Page()
        left = page.taken
      }
      let place = left.trailingZeroBitCount
      left &= left - 1
      return page.places[place]
    }
  }

  /// Over all jobs.
  package func makeIterator() -> Iterator { Iterator(pages) }

  package var underestimatedCount: Int { count }
}
