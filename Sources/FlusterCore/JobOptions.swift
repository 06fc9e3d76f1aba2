/// The coarse order of work; the number is the wire's. Lower goes first.
package enum Band: UInt8, Hashable, Comparable, Sendable, CaseIterable {
  case production = 1
  case interactive = 2
  case batch = 3

  /// The word for it, everywhere.
  package var word: String {
    switch self {
    case .production: "production"
    case .interactive: "interactive"
    case .batch: "batch"
    }
  }

  package static func < (a: Band, b: Band) -> Bool { a.rawValue < b.rawValue }
}

/// A job whose tasks all start together or not at all, and fail together.
package struct Gang: Hashable, Sendable {
  /// The most tasks a gang may have (DESIGN: compact arrays).
  package static let maximumCount: UInt32 = 1000

  /// All members stand on workers with the same value of this attribute; nil: anywhere.
  package let groupBy: String?
  /// No worker takes two of them.
  package let spread: Bool

  /// A gang placed by these rules.
  package init(groupBy: String? = nil, spread: Bool = false) {
    self.groupBy = groupBy?.lowercased()
    self.spread = spread
  }
}

/// What few jobs ask for.
package struct JobOptions: Hashable, Sendable {
  package var band = Band.interactive
  /// Within the band; higher goes first.
  package var priority: Int32 = 0
  /// The job fails when more of its attempts than this have failed; nil: no limit.
  package var maxFailures: UInt32?
  /// Exit statuses that count as success beside 0, sorted.
  package var okStatuses: [UInt8] = []
  /// Exit statuses that are never retried, sorted.
  package var finalStatuses: [UInt8] = []
  /// A task that has found no place so long after the submit is unschedulable; nil: it waits.
  package var scheduleTimeout: Span?
  package var gang: Gang?
  package var key: JobKey?
  /// What must have ended before it starts; what of this is unfinished is what it waits for.
  package var dependencies: [Dependency] = []
  /// Nothing of it starts before this.
  package var begin: WallTime?
  /// Nothing of it starts any more from this on.
  package var deadline: WallTime?
  /// Each attempt is warned once before its time limit.
  package var warning: Warning?
  /// The most processes and threads of an attempt; nil: what its worker allows.
  package var processLimit: UInt64?
  /// Ends when the command that submitted it has gone.
  package var isTied = false

  /// None of it.
  package init() {}

  static let none = JobOptions()
}

/// Where a job stands among those that wait: by band, by priority, by age.
package struct Rank: Hashable, Comparable, Sendable {
  package let band: Band
  package let priority: Int32
  package let job: JobID

  package static func < (a: Rank, b: Rank) -> Bool {
    if a.band != b.band { return a.band < b.band }
    if a.priority != b.priority { return a.priority > b.priority }
    return a.job < b.job
  }
}

extension Job {
  /// Where it stands among those that wait.
  package var rank: Rank {
    guard request.hasOptions else { return Rank(band: .interactive, priority: 0, job: id) }
    let options = request.options
    return Rank(band: options.band, priority: options.priority, job: id)
  }
}
