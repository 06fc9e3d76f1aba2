import FlusterCore
import FlusterProtocol

/// Why a job waits, with numbers and holders.
extension Daemon {
  /// Counting turns costs as much as there are jobs: so many rows of one listing get the whole
  /// account.
  static let mostExplained = 100

  /// Adds to the reason of a row of `job` what stands behind it.
  func explain(_ row: inout WireJobRow, _ job: JobID, in listing: inout Listing) {
    guard listing.order.isWhy, listing.explained < Daemon.mostExplained,
      let explanation = controller.explanation(for: job, at: now)
    else { return }
    listing.explained += 1
    row.reason = WireReason(explanation.reason)
    add(explanation, to: &row.reason, for: listing.request.peer)
  }

  /// The same for a task, whose own reason stays.
  func explain(_ row: inout WireTaskRow, _ job: JobID, in listing: inout Listing) {
    guard listing.order.isWhy, row.hasReason, listing.explained < Daemon.mostExplained,
      let explanation = controller.explanation(for: job, at: now)
    else { return }
    listing.explained += 1
    add(explanation, to: &row.reason, for: listing.request.peer)
  }

  private func add(_ explanation: Explanation, to reason: inout WireReason, for peer: Peer) {
    reason.needs = WireNeeds(explanation.needs)
    reason.sinceMs = explanation.since.milliseconds
    reason.band = explanation.band.word
    if let turn = explanation.turn {
      reason.place = UInt32(clamping: turn.place)
      reason.count = UInt32(clamping: turn.count)
    }
    reason.rooms = explanation.rooms.map { room in
      var wire = WireRoom()
      wire.worker = room.worker.name
      wire.free = WireNeeds(room.free)
      let isVisible = { (holder: Explanation.Holder) in self.maySee(holder.owner, peer) }
      wire.holders = room.holders.filter(isVisible).map(WireHolder.init)
      let others = room.holders.filter { !isVisible($0) }
      if !others.isEmpty { wire.holders.append(WireHolder(ofOthers: others)) }
      return wire
    }
  }
}

extension WireHolder {
  /// A job whose owner the caller may see.
  fileprivate init(_ holder: Explanation.Holder) {
    self.init()
    job = holder.job.number
    uid = holder.owner.number
    tasks = UInt32(clamping: holder.tasks)
    charge = WireNeeds(holder.charge)
    if let ends = holder.ends { endsMs = ends.milliseconds }
  }

  /// Jobs that the caller may not see, taken together.
  fileprivate init(ofOthers holders: [Explanation.Holder]) {
    self.init()
    tasks = UInt32(clamping: holders.reduce(0) { $0 + $1.tasks })
    var sum = Amounts.none
    for holder in holders { sum.add(holder.charge) }
    charge = WireNeeds(sum)
    let ends = holders.map(\.ends)
    if !ends.contains(nil), let last = ends.compactMap(\.self).max() { endsMs = last.milliseconds }
  }
}
