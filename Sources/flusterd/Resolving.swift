import FlusterCore
import FlusterProtocol
import FlusterStore
import FlusterSystemd

/// A submit whose dependencies are being found.
struct Resolving {
  var submission: Submission
  /// Its list, if it has one.
  let entries: EntryFile?
  /// What names that no unfinished job has stand for.
  var named: [String: [JobID]] = [:]
  /// How that ended which is not among the unfinished.
  var past: [Selection: TaskState] = [:]
  /// What has still to be looked up.
  var names: [String] = []
  var selections: [Selection] = []

  init(_ submission: Submission, _ entries: EntryFile?) {
    self.submission = submission
    self.entries = entries
  }
}

/// From what a submit names to the jobs that it depends on. What has ended is looked up where
/// everything that was seen of it is durable, on the thread for that: names may be many.
extension Daemon {
  /// Goes on as soon as everything is known that is named.
  func resolve(_ state: Resolving, _ request: Request) throws(Refusal) {
    var state = state
    var found: [Dependency] = []
    state.names = []
    for order in state.submission.dependencies {
      for target in try targets(of: order.selector, in: &state, for: request.peer) {
        found.append(Dependency(order.kind, target))
      }
      guard found.count <= Dependency.most else {
        throw Refusal(
          .invalidArgument, "a job can wait for at most \(Dependency.most) jobs and tasks",
          wayOut: "let one job wait for some of them, and then another for that")
      }
    }
    state.selections = []
    for target in found.map(\.target) where state.past[target] == nil {
      guard let job = controller.state.jobs[target.job] else {
        state.selections.append(target)
        continue
      }
      guard maySee(job.request.owner, request.peer) else {
        throw .notYours(job.id, job.request.owner)
      }
    }
    guard state.names.isEmpty, state.selections.isEmpty else {
      keep(request, as: .read)
      resolving[request.id] = state
      turn.consequences.append(.lookUp(request.id))
      turnSource?.schedule()
      return
    }
    state.submission.request.options.dependencies = found
    try accept(state.submission, state.entries, request, past: state.past)
  }

  /// What one selector means now.
  private func targets(
    of selector: JobSelector, in state: inout Resolving, for peer: Peer
  ) throws(Refusal) -> [Selection] {
    switch selector {
    case .tasks(let selection): return [selection]
    case .newest: return [Selection(job: try newestJob(of: peer))]
    case .key(let key): return [Selection(job: try newestJob(under: key, of: peer))]
    case .name(let pattern):
      if let known = state.named[pattern] { return known.map { Selection(job: $0) } }
      let jobs = liveJobs(of: peer.uid, named: pattern)
      if jobs.isEmpty {
        state.names.append(pattern)
      } else {
        state.named[pattern] = jobs
      }
      return jobs.map { Selection(job: $0) }
    }
  }

  /// Everything that the submit saw is durable: asks the store.
  func lookUp(_ id: RequestID) {
    guard let state = resolving[id], let request = requests[id] else { return }
    let reader = DependencyReader(
      peer: request.peer.caller, seesOthers: settings.othersAreVisible)
    storage.history.ask(for: request.peer.uid) { store in
      Result { () throws(Refusal) in
        try reader.read(state.names, state.selections, from: store)
      }
    } then: { [unowned self] answer in
      guard var state = resolving.removeValue(forKey: id), let request = requests.remove(id) else {
        return
      }
      do throws(Refusal) {
        if let refusal = trouble?.refusal ?? ending.refusal { throw refusal }
        switch answer {
        case .success(.success(let found)):
          state.named.merge(found.named) { $1 }
          state.past.merge(found.past) { $1 }
        case .success(.failure(let refusal)): throw refusal
        case .failure(let error): throw Refusal(error)
        }
        try resolve(state, request)
      } catch {
        refuse(request, error)
      }
      turnSource?.schedule()
      clients.flush()
    }
  }
}

/// Reads how that ended which somebody depends on. Runs on the history thread.
private struct DependencyReader {
  struct Found: Sendable {
    var named: [String: [JobID]] = [:]
    var past: [Selection: TaskState] = [:]
  }

  let peer: Caller
  let seesOthers: Bool

  func read(
    _ names: [String], _ selections: [Selection], from reader: Reader
  ) throws(Refusal) -> Found {
    var found = Found()
    do throws(StoreError) {
      for name in names { found.named[name] = try newest(named: name, from: reader) }
    } catch {
      throw Refusal(error)
    }
    for (name, jobs) in found.named where jobs.isEmpty {
      throw Refusal(.notFound, "no job of yours is named \"\(name)\"")
    }
    for selection in selections { found.past[selection] = try end(of: selection, from: reader) }
    return found
  }

  /// The caller's newest ended job of each name that matches.
  private func newest(named pattern: String, from reader: Reader) throws(StoreError) -> [JobID] {
    var query = JobQuery()
    query.owner = peer.uid
    query.nameGlob = pattern
    query.order = .newestFirst
    var names: Set<String> = []
    var found: [JobID] = []
    repeat {
      let page = try reader.jobs(query)
      for job in page.jobs where names.insert(job.request.name).inserted { found.append(job.id) }
      query.after = page.next
    } while query.after != nil && found.count <= Dependency.most
    return found.sorted()
  }

  /// How a job ended, or those of its tasks: of several the first end without success.
  private func end(
    of selection: Selection, from reader: Reader
  ) throws(Refusal) -> TaskState {
    do {
      guard let job = try reader.job(selection.job) else { throw Refusal.noJob(selection.job) }
      guard seesOthers || peer.mayChange(job.request.owner) else {
        throw Refusal.notYours(job.id, job.request.owner)
      }
      guard job.progress.ended != nil else {
        throw Refusal(.unavailable, "job \(job.id) is about to end", wayOut: "submit it again")
      }
      guard let indices = selection.indices else { return job.progress.state }
      guard let positions = job.request.array.positions(within: indices) else {
        throw Refusal.noTask(selection)
      }
      if job.progress.state == .succeeded { return .succeeded }
      if let task = try reader.tasks(of: job.id, positions: positions, limit: 1).first {
        return task.state
      }
      if job.progress.killedTasks.meets(positions) { return .killed }
      return job.progress.unschedulableTasks.meets(positions) ? .unschedulable : .succeeded
    } catch let error as StoreError {
      throw Refusal(error)
    } catch let refusal as Refusal {
      throw refusal
    } catch {
      throw Refusal(.internal, "\(error)")
    }
  }
}
