import FlusterCore
import FlusterSystemd
import Logging

/// Tied jobs, each with the connections that hold it. One that nobody holds any more is due to end
/// after a while.
struct Ties {
  /// From the end of the last connection that held a job.
  static let grace = Span.seconds(5)
  /// For a holder to come back, after this flusterd began or the job was made.
  static let patience = Span.seconds(30)

  private var holders: [JobID: Set<ConnectionID>] = [:]
  private var held: [ConnectionID: Set<JobID>] = [:]
  private var due: [JobID: Instant] = [:]

  /// A tied job that has to be held by then, unless it is held already.
  mutating func expect(_ job: JobID, by deadline: Instant) {
    if holders[job] == nil { due[job] = deadline }
  }

  /// Holds a job for as long as the connection lasts.
  mutating func hold(_ job: JobID, by connection: ConnectionID) {
    due[job] = nil
    holders[job, default: []].insert(connection)
    held[connection, default: []].insert(job)
  }

  /// A connection has ended. Returns whether a job has lost its last holder.
  mutating func release(_ connection: ConnectionID, at now: Instant) -> Bool {
    var isLast = false
    for job in held.removeValue(forKey: connection) ?? [] {
      holders[job]?.remove(connection)
      guard holders[job]?.isEmpty == true else { continue }
      holders[job] = nil
      due[job] = now + Self.grace
      isLast = true
    }
    return isLast
  }

  /// A job has ended.
  mutating func forget(_ job: JobID) {
    due[job] = nil
    for connection in holders.removeValue(forKey: job) ?? [] {
      held[connection]?.remove(job)
      if held[connection]?.isEmpty == true { held[connection] = nil }
    }
  }

  /// When the next job is due; nil: none is.
  var earliest: Instant? { due.values.min() }

  /// The jobs that are due, in order.
  func overdue(at now: Instant) -> [JobID] {
    due.filter { $0.value <= now }.map(\.key).sorted()
  }
}

extension Daemon {
  /// The holders of tied jobs that were restored may come back.
  func expectHolders() {
    for job in controller.state.jobs
    where job.request.hasOptions && job.request.options.isTied {
      ties.expect(job.id, by: now.monotonic + Ties.patience)
    }
    setTieTimer()
  }

  /// A tied job has been made; whoever submitted it holds it as soon as there is an answer.
  func expectHolder(of job: Job) {
    guard job.request.options.isTied else { return }
    ties.expect(job.id, by: now.monotonic + Ties.patience)
    setTieTimer()
  }

  /// Has `connection` hold a job, if it is tied and unfinished.
  func hold(_ job: JobID, by connection: ConnectionID) {
    guard controller.state.jobs[job]?.request.options.isTied == true else { return }
    ties.hold(job, by: connection)
  }

  /// A connection has ended, and holds nothing any more.
  func releaseTies(of connection: ConnectionID) {
    if ties.release(connection, at: now.monotonic) { setTieTimer() }
  }

  /// Ends the tied jobs that nobody holds.
  func endUnheld() {
    for id in ties.overdue(at: now.monotonic) {
      ties.forget(id)
      guard let job = controller.state.jobs[id], job.request.options.isTied else { continue }
      log.info("job \(id) ends: the command that it is tied to has gone")
      step(
        .kill(
          [Selection(job: id)], reason: "the command that it is tied to has gone",
          belowFinished: false, from: Caller(uid: job.request.owner, isAdministrator: false),
          ownRequest()))
    }
    setTieTimer()
  }

  private func setTieTimer() {
    if let next = ties.earliest { tieTimer?.set(at: next.nanoseconds) }
  }
}
