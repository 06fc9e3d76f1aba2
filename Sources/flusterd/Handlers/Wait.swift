import FlusterCore
import FlusterProtocol

extension Daemon {
  /// Wait: tells how each selected task ends, those that have ended at once (`Watch`).
  func wait(_ wire: WireWait, _ request: Request) {
    do throws(Refusal) {
      let order = try WaitOrder(wire: wire)
      var plan = WaitPlan()
      for selector in order.selectors { try add(selector, to: &plan, for: request.peer) }
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
      turn.consequences.append(.beginWait(request.id))
    } catch {
      refuse(request, error)
    }
  }

  private func add(
    _ selector: JobSelector, to plan: inout WaitPlan, for peer: Peer
  ) throws(Refusal) {
    switch selector {
    case .tasks(let selection): try add(selection, to: &plan, for: peer)
    case .newest: try add(Selection(job: try newestJob(of: peer)), to: &plan, for: peer)
    case .name(let pattern):
      for id in liveJobs(of: peer.uid, named: pattern) {
        try add(Selection(job: id), to: &plan, for: peer)
      }
      let hour = Int64(3_600_000)
      let since = WallTime(milliseconds: now.wall.milliseconds - hour)
      plan.past.append(.named(pattern, since: since))
    }
  }

  private func add(
    _ selection: Selection, to plan: inout WaitPlan, for peer: Peer
  ) throws(Refusal) {
    guard let job = controller.state.jobs[selection.job] else {
      plan.past.append(.gone(selection))
      return
    }
    guard maySee(job.request.owner, peer) else { throw .notYours(job.id, job.request.owner) }
    guard let positions = job.request.array.chosen(by: selection.indices) else {
      throw .noTask(selection)
    }
    plan.add(job, RangeSet(positions))
  }
}

/// What a Wait came to when its selectors were resolved.
private struct WaitPlan {
  var past: [PastTasks] = []
  var left: [JobID: RangeSet<UInt32>] = [:]
  var arrays: [JobID: TaskArray] = [:]
  var total: UInt64 = 0
  private var counted: [JobID: RangeSet<UInt32>] = [:]

  /// Splits tasks of an unfinished job into those that have ended and those that have not. A task
  /// selected twice is told once.
  mutating func add(_ job: Job, _ selected: RangeSet<UInt32>) {
    let new = selected.subtracting(counted[job.id] ?? RangeSet())
    guard !new.isEmpty else { return }
    counted[job.id, default: RangeSet()].formUnion(new)
    total += UInt64(new.elementCount)
    let open = job.unfinishedTasks.intersection(new)
    if !open.isEmpty {
      left[job.id, default: RangeSet()].formUnion(open)
      arrays[job.id] = job.request.array
    }
    let ended = new.subtracting(open)
    guard !ended.isEmpty else { return }
    var ranges = PastTasks.Ranges()
    ranges.killed = job.progress.killedTasks.intersection(ended)
    for positions in job.failedTasks.values {
      ranges.failed.formUnion(positions.intersection(ended))
    }
    ranges.succeeded = ended.subtracting(ranges.killed).subtracting(ranges.failed)
    past.append(.unfinished(job.id, job.request.array, ranges))
  }
}

extension Job {
  /// Positions that something may still happen to.
  fileprivate var unfinishedTasks: RangeSet<UInt32> {
    var open = progress.pending.union(progress.heldTasks)
    for position in records.keys { open.insert(contentsOf: position..<(position + 1)) }
    return open
  }
}
