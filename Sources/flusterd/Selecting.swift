import FlusterCore
import FlusterProtocol
import FlusterStore
import Glibc

/// From what a client names to jobs.
extension Daemon {
  /// The selections of a request that changes something: names and "newest" are about the caller's
  /// unfinished jobs, names of another `user` about that user's. Ids are taken as they are; the
  /// core judges them.
  func selections(
    _ selectors: [JobSelector], for peer: Peer, of user: UserID? = nil
  ) throws(Refusal) -> (found: [Selection], missing: [String]) {
    var found: [Selection] = []
    var missing: [String] = []
    for selector in selectors {
      switch selector {
      case .tasks(let selection): found.append(selection)
      case .newest: found.append(Selection(job: try newestJob(of: peer)))
      case .key(let key): found.append(Selection(job: try newestJob(under: key, of: peer)))
      case .name(let pattern):
        let jobs = liveJobs(of: user ?? peer.uid, named: pattern)
        if jobs.isEmpty { missing.append(pattern) }
        found.append(contentsOf: jobs.map { Selection(job: $0) })
      }
    }
    return (found, missing)
  }

  /// The unfinished jobs of a user whose names match, in order.
  func liveJobs(of owner: UserID, named pattern: String) -> [JobID] {
    live.ids(of: owner).filter { isNamed($0, by: [pattern]) }
  }

  /// Whether the name of an unfinished job matches one of the patterns.
  func isNamed(_ id: JobID, by patterns: [String]) -> Bool {
    guard let name = controller.state.jobs[id]?.request.name else { return false }
    return patterns.contains { fnmatch($0, name, 0) == 0 }
  }

  /// The job the caller submitted last.
  func newestJob(of peer: Peer) throws(Refusal) -> JobID {
    if let id = newest[peer.uid] { return id }
    do throws(StoreError) {
      if let id = try storage.newestJob(of: peer.uid) {
        newest[peer.uid] = id
        return id
      }
    } catch {
      throw Refusal(error)
    }
    throw Refusal(.notFound, "you have not submitted a job yet")
  }

  /// The caller's newest job under a key.
  func newestJob(under name: String, of peer: Peer) throws(Refusal) -> JobID {
    let key = OwnedKey(owner: peer.uid, name: name)
    let state = controller.state
    if let job = state.holder(of: key, stored: try stored(key))?.job { return job }
    throw Refusal(.notFound, "no job of yours has the key \"\(name)\"")
  }

  /// What the store knows of a key.
  func stored(_ key: OwnedKey) throws(Refusal) -> StoredKey {
    do throws(StoreError) {
      return try storage.stored(key)
    } catch {
      throw Refusal(error)
    }
  }

  /// A job as the store has it.
  func storedJob(_ id: JobID) throws(Refusal) -> StoredJob {
    do throws(StoreError) {
      if let job = try storage.job(id) { return job }
    } catch {
      throw Refusal(error)
    }
    throw Refusal.noJob(id)
  }

  /// What was asked for with a job, unfinished or not.
  func request(of id: JobID) throws(Refusal) -> JobRequest {
    if let job = controller.state.jobs[id] { return job.request }
    return try storedJob(id).request
  }

  /// Whether the peer may look at what belongs to `owner`.
  func maySee(_ owner: UserID, _ peer: Peer) -> Bool {
    settings.othersAreVisible || peer.caller.mayChange(owner)
  }
}

extension Refusal {
  /// The store has never heard of it, or has forgotten it.
  static func noJob(_ id: JobID) -> Refusal { Refusal(.notFound, "there is no job \(id)") }

  /// Somebody else's.
  static func notYours(_ id: JobID, _ owner: UserID) -> Refusal {
    Refusal(.permissionDenied, "job \(id) belongs to uid \(owner)")
  }

  /// There is a job, but it has no such task.
  static func noTask(_ selection: Selection) -> Refusal {
    guard let indices = selection.indices else { return noJob(selection.job) }
    let text =
      indices.count == 1
      ? "\(indices.lowerBound)" : "\(indices.lowerBound)-\(indices.upperBound)"
    return Refusal(.notFound, "job \(selection.job) has no task \(text)")
  }
}
