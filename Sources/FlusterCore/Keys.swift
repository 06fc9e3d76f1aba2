/// The unfinished jobs under each key, and the newest submits under keys.
///
/// Ended jobs are not in memory, and neither are their keys: what is kept of them is the store's to
/// know, which has an index over keys and forgets them with the job. Only a submit that names a key
/// pays for looking there. What the store cannot answer for yet is remembered here.
package struct Keys: Hashable, Sendable {
  /// In order. More than one only while a job waits for another one's end, which it replaces.
  private var unfinished: [OwnedKey: [JobID]] = [:]
  private var recent = RecentSubmits<OwnedKey, KeyHolder>()

  /// No job has a key.
  init() {}

  /// The unfinished jobs under a key, in order.
  package func unfinished(under key: OwnedKey) -> [JobID] { unfinished[key] ?? [] }

  /// The newest job under a key, if it is remembered. Whether its record is still kept the store
  /// knows, once it has it.
  func newest(under key: OwnedKey) -> KeyHolder? { recent.made(by: key) }

  /// An unfinished job is there.
  mutating func add(_ job: Job) {
    guard let key = job.request.ownedKey else { return }
    unfinished[key, default: []].append(job.id)
  }

  /// A job has been submitted.
  mutating func remember(_ job: Job) {
    guard let key = job.request.ownedKey, let digest = job.request.options.key?.digest else {
      return
    }
    recent.remember(key, made: KeyHolder(job: job.id, digest: digest))
  }

  /// A job has ended.
  mutating func remove(_ job: Job) {
    guard let key = job.request.ownedKey else { return }
    unfinished[key]?.removeAll { $0 == job.id }
    if unfinished[key]?.isEmpty == true { unfinished[key] = nil }
  }

  /// Whether both know the same of unfinished jobs.
  func hasSameJobs(as other: Keys) -> Bool { unfinished == other.unfinished }
}

extension State {
  /// The job that this one replaces, as long as it is unfinished.
  package func predecessor(of job: Job) -> JobID? {
    job.request.options.key?.replaces.flatMap { jobs[$0] == nil ? nil : $0 }
  }

  /// The newest job under a key, ended or not, whose record is kept: what the store knows, and
  /// what has not come there yet.
  package func holder(of key: OwnedKey, stored: StoredKey?) -> KeyHolder? {
    var recent = keys.newest(under: key)
    if let job = recent?.job, let stored, job < stored.next { recent = nil }
    return [newestUnfinished(under: key), recent, stored?.holder].compactMap(\.self)
      .max { $0.job < $1.job }
  }

  /// The newest unfinished job under a key.
  package func newestUnfinished(under key: OwnedKey) -> KeyHolder? {
    guard let id = keys.unfinished(under: key).last,
      let digest = jobs[id]?.request.options.key?.digest
    else { return nil }
    return KeyHolder(job: id, digest: digest)
  }
}
