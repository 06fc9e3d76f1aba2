import FlusterCore

/// What is stored of a job when it is submitted.
extension Store {
  func insert(
    _ job: Job, _ payload: Payload, _ token: Token?, _ entries: EntryFile?
  ) throws(StoreError) {
    let own = payload.ownBytes(of: job.request)
    try statements.insertJob.run { JobColumns.put(job, charged: own, into: &$0) }
    let contents = StoredContents(
      environment: try row(of: payload.environment),
      script: payload.script.isEmpty ? nil : try row(of: payload.script))
    try payload.launch.withUnsafeBufferPointer { (launch) throws(StoreError) in
      _ = try statements.insertLaunch.run { parameters in
        parameters.put(job.id.number)
        parameters.put(contents.environment)
        parameters.put(lent: launch)
        parameters.put(contents.script)
        parameters.put(payload.entryBytes)
      }
    }
    try entries?.eachBlock { (first, block) throws(StoreError) in
      _ = try statements.insertEntryBlock.run { parameters in
        parameters.put(job.id.number)
        parameters.put(first)
        parameters.put(lent: block)
      }
    }
    charges.add(own, to: job.request.owner, contents)
    if let token {
      try statements.insertToken.run { parameters in
        parameters.put(job.id.number)
        parameters.put(job.request.owner.number)
        parameters.put(token.value)
        parameters.put(job.submitted.milliseconds)
      }
    }
    if job.id.number >= nextJob.number { nextJob = JobID(job.id.number + 1) }
  }

  /// The row that holds this environment or script, made if it is new.
  private func row(of environment: [UInt8]) throws(StoreError) -> Int64 {
    if let known = environments.row(of: environment) { return known }
    let hash = SHA256.hash(environment)
    let known = try statements.findEnvironment.first {
      $0.put(hash)
    } _: {
      $0.integer()
    }
    let row = if let known { known } else { try insertEnvironment(environment, hash) }
    environments.remember(environment, row: row)
    return row
  }

  private func insertEnvironment(
    _ environment: [UInt8], _ hash: [UInt8]
  ) throws(StoreError) -> Int64 {
    let row = try environment.withUnsafeBufferPointer { (bytes) throws(StoreError) -> Int64? in
      try statements.insertEnvironment.first { parameters in
        parameters.put(hash)
        parameters.put(lent: bytes)
      } _: {
        $0.integer()
      }
    }
    guard let row else { throw .damaged(database.path, "it gives an environment no number") }
    return row
  }
}

/// The environments and scripts that came last: jobs come in streams from one shell, and comparing
/// is an order of magnitude cheaper than hashing.
struct EnvironmentCache {
  private static let limit = 8
  /// What is longer than this is rare, and not worth its memory.
  private static let byteLimit = 256 << 10
  private var entries: [(bytes: [UInt8], row: Int64)] = []

  func row(of bytes: [UInt8]) -> Int64? { entries.first { $0.bytes == bytes }?.row }

  mutating func remember(_ bytes: [UInt8], row: Int64) {
    guard bytes.count <= Self.byteLimit else { return }
    if entries.count == Self.limit { entries.removeLast() }
    entries.insert((bytes, row), at: 0)
  }

  /// Rows may have gone.
  mutating func forget() { entries.removeAll() }
}
