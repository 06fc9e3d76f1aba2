package import FlusterCore

/// What a transaction changes of the bytes that users hold in the store: the names, launches,
/// options and entries of their jobs, a flat amount for each attempt, and once each environment and
/// script that any of the jobs refers to, whoever else does.
struct Charges {
  private struct Use: Hashable, Comparable {
    let owner: UserID
    let environment: Int64

    static func < (a: Use, b: Use) -> Bool {
      (a.owner, a.environment) < (b.owner, b.environment)
    }
  }

  private var bytes: [UserID: Int64] = [:]
  private var jobs: [Use: Int64] = [:]

  /// A job came.
  mutating func add(_ count: Int, to owner: UserID, _ contents: StoredContents) {
    change(owner, by: Int64(count), contents, jobs: 1)
  }

  /// So many attempts came; fewer than none have gone.
  mutating func add(attempts count: Int, to owner: UserID) {
    bytes[owner, default: 0] += Int64(count * AttemptCharge.bytes)
  }

  /// A job has gone.
  mutating func remove(_ count: Int64, from owner: UserID, _ contents: StoredContents) {
    change(owner, by: -count, contents, jobs: -1)
  }

  private mutating func change(
    _ owner: UserID, by count: Int64, _ contents: StoredContents, jobs change: Int64
  ) {
    bytes[owner, default: 0] += count
    for row in contents.rows { jobs[Use(owner: owner, environment: row), default: 0] += change }
  }

  /// Writes the changes, before environments that nobody uses any more are deleted.
  mutating func write(in store: Store) throws(StoreError) {
    let statements = store.statements
    for (use, change) in jobs.sorted(by: { $0.key < $1.key }) where change != 0 {
      let left = try statements.useEnvironment.first { parameters in
        parameters.put(use.owner.number)
        parameters.put(use.environment)
        parameters.put(change)
      } _: {
        $0.integer()
      }
      guard let left, left >= 0 else {
        throw .damaged(store.database.path, "it miscounts who uses environment \(use.environment)")
      }
      if left == change {
        bytes[use.owner, default: 0] += try size(of: use.environment, statements)
      } else if left == 0 {
        bytes[use.owner, default: 0] -= try size(of: use.environment, statements)
        try statements.forgetUse.run { parameters in
          parameters.put(use.owner.number)
          parameters.put(use.environment)
        }
      }
    }
    for (owner, change) in bytes.sorted(by: { $0.key < $1.key }) where change != 0 {
      try statements.chargeAccount.run { parameters in
        parameters.put(owner.number)
        parameters.put(change)
      }
    }
    self = Charges()
  }

  private func size(of environment: Int64, _ statements: StoreStatements) throws(StoreError)
    -> Int64
  {
    try statements.environmentSize.first {
      $0.put(environment)
    } _: {
      $0.integer()
    } ?? 0
  }
}

/// The rows of the table `environment` that a job refers to.
struct StoredContents {
  let environment: Int64
  /// Nil: the job has none.
  let script: Int64?

  /// One, if both have the same bytes: it is used once by the job.
  var rows: Set<Int64> { Set([environment, script].compactMap(\.self)) }
}

/// What attempts cost their owners.
package enum AttemptCharge {
  /// About what a row and its place in the index come to.
  package static let bytes = 128
  /// So many of a task are kept, the newest: a job may ask for a billion without a pause.
  static let kept: UInt32 = 1000
}

extension Payload {
  /// What a job with this request is charged for itself: all but its environment and script, which
  /// are charged once for all the owner's jobs that have the same.
  package func ownBytes(of request: JobRequest) -> Int {
    let options = Packed.options(request.options)?.count ?? 0
    let constraints = Packed.constraints(request.needs.constraints)?.count ?? 0
    let key = request.options.key?.name.utf8.count ?? 0
    return launch.count + request.name.utf8.count + Int(entryBytes ?? 0) + options + constraints
      + key
  }

  /// The most that it can come to.
  package func bytes(of request: JobRequest) -> Int {
    ownBytes(of: request) + environment.count + script.count
  }
}
