/// How a worker stood with a controller, beside its registration: true of one life of the
/// controller only, and kept for those who look at its store when it is gone.
package struct WorkerStanding: Hashable, Sendable {
  package let worker: WorkerID
  package let isSilent: Bool
  /// Nil: it is well.
  package let ailment: String?

  /// How a worker with a connection stood.
  package init(worker: WorkerID, isSilent: Bool, ailment: String?) {
    self.worker = worker
    self.isSilent = isSilent
    self.ailment = ailment
  }
}

extension Controller {
  /// A controller to be looked at, and not to go on with: workers stand as they stood, and what the
  /// last placement pass had kept for the oldest work is kept.
  package init(examining restored: Restored, at now: Moment) {
    self.init(restored: restored, random: Random(seed: 0))
    stand(restored.standings)
    // A pass over work that finds no room changes nothing else. Where it would place something, the
    // last one has not been, and nothing was kept.
    var trial = self
    if trial.step(.schedule, at: now).events.isEmpty { self = trial }
  }
}

extension State {
  /// Has workers be connected, as they were.
  mutating func stand(_ standings: [WorkerStanding]) {
    for (place, standing) in standings.enumerated() where workers[standing.worker] != nil {
      // No connection of a shell has such a number.
      replay(.linked(standing.worker, LinkID(.max - UInt64(place))))
      if standing.isSilent { replay(.silent(standing.worker, true)) }
      if let ailment = standing.ailment { replay(.ailing(standing.worker, ailment)) }
    }
  }

  /// The workers with a connection, and how they stand, by id.
  var standings: [WorkerStanding] {
    connected.map { worker in
      WorkerStanding(
        worker: worker.record.id, isSilent: worker.isSilent, ailment: worker.ailment)
    }
  }
}
