import FlusterCore
import FlusterProtocol

extension Daemon {
  /// Wait: tells how each selected task ends, those that have ended at once (`Watch`).
  func wait(_ wire: WireWait, _ request: Request) {
    do throws(Refusal) {
      let order = try WaitOrder(wire: wire)
      var plan = WaitPlan()
      var selections: [Selection] = []
      for selector in order.selectors {
        try add(selector, to: &selections, and: &plan, for: request.peer)
      }
      for selection in JobSelection.merging(selections) {
        try add(selection, to: &plan, for: request.peer)
      }
      guard waits.weight(of: request.peer.uid) + plan.left.count <= Waits.limit else {
        throw Refusal(
          .resourceExhausted, "uid \(request.peer.uid) waits for \(Waits.limit) jobs already",
          wayOut: "end some of the commands that wait")
      }
      keep(request, as: .read)
      waits.insert(
        Waiter(
          request: request, isForAny: order.isForAny, past: plan.past, left: plan.left,
          arrays: plan.arrays, total: plan.total))
      if order.ties { hold(selections, for: request) }
      turn.consequences.append(.beginWait(request.id))
    } catch {
      refuse(request, error)
    }
  }

  /// From now on the connection holds those of the jobs that are the caller's and tied.
  private func hold(_ selections: [Selection], for request: Request) {
    for job in Set(selections.map(\.job)).sorted()
    where controller.state.jobs[job]?.request.owner == request.peer.uid {
      hold(job, by: request.connection)
    }
  }

  private func add(
    _ selector: JobSelector, to selections: inout [Selection], and plan: inout WaitPlan,
    for peer: Peer
  ) throws(Refusal) {
    switch selector {
    case .tasks(let selection): selections.append(selection)
    case .newest: selections.append(Selection(job: try newestJob(of: peer)))
    case .key(let key): selections.append(Selection(job: try newestJob(under: key, of: peer)))
    case .name(let pattern):
      let jobs = liveJobs(of: peer.uid, named: pattern)
      selections.append(contentsOf: jobs.map { Selection(job: $0) })
      let hour = Int64(3_600_000)
      let since = WallTime(milliseconds: now.wall.milliseconds - hour)
      plan.past.append(.named(pattern, since: since))
    }
  }

  private func add(
    _ selection: JobSelection, to plan: inout WaitPlan, for peer: Peer
  ) throws(Refusal) {
    guard let job = controller.state.jobs[selection.job] else {
      plan.past.append(.gone(selection))
      return
    }
    guard maySee(job.request.owner, peer) else { throw .notYours(job.id, job.request.owner) }
    if let missing = selection.missing(from: job.request.array) { throw .noTask(missing) }
    plan.add(job, selection.all(in: job.request.array))
  }
}

/// What a Wait came to when its selectors were resolved.
private struct WaitPlan {
  var past: [PastTasks] = []
  var left: [JobID: RangeSet<UInt32>] = [:]
  var arrays: [JobID: TaskArray] = [:]
  var total: UInt64 = 0

  /// Splits tasks of an unfinished job into those that have ended and those that have not.
  mutating func add(_ job: Job, _ selected: RangeSet<UInt32>) {
    total += UInt64(selected.elementCount)
    let open = job.unfinishedTasks().intersection(selected)
    if !open.isEmpty {
      left[job.id] = open
      arrays[job.id] = job.request.array
    }
    let ended = selected.without(open)
    guard !ended.isEmpty else { return }
    past.append(.unfinished(job, ended))
  }
}
