/// What the worker's shell must do. Effects carry ids only.
package enum AgentEffect: Hashable, Sendable {
  /// Hand the attempt to the shim.
  case spawn(AttemptUID)
  case signal(AttemptUID, UInt8)
  /// Have it stand still, or go on.
  case freeze(AttemptUID, Bool)
  /// End every process of it.
  case kill(AttemptUID)
  /// The end is known for good: the shim may forget it.
  case acknowledge(AttemptUID)
  /// The shim is to end everything, `leaseGrace` after this time; nil: at no time.
  case lease(until: Instant?)
  /// The attempt is not held any more; nothing kept for it is needed.
  case forget(AttemptUID)
  /// Tell the controller: all that is held, answering the full set of this number, or news, with
  /// the number of what asked for a sign of life, or 0.
  case report([Observation], sequence: UInt64, full: Bool)
  /// Send `tick` at this time, and at no other; nil: not at all.
  case wake(at: Instant?)
  /// Worth a line in the log.
  case odd(AgentOddity)
}

/// Something that should not happen, and is survived.
package enum AgentOddity: Hashable, Sendable, CustomStringConvertible {
  /// The controller has another store than the one whose attempts are held.
  case foreignStore(held: StoreID, offered: StoreID)
  /// The attempt needs more than the whole worker has.
  case neverFits(AttemptUID)
  /// The shim lists or starts something that nobody wants.
  case unwanted(AttemptUID)
  /// The controller acknowledged the end of something that has not ended.
  case earlyAcknowledgement(AttemptUID)

  package var description: String {
    switch self {
    case .foreignStore(let held, let offered):
      "the controller's store is \(offered), but the attempts here are of store \(held)"
    case .neverFits(let uid): "attempt \(uid) needs more than this worker has"
    case .unwanted(let uid): "attempt \(uid) is not wanted by the controller"
    case .earlyAcknowledgement(let uid):
      "the controller acknowledged the end of attempt \(uid), which has not ended"
    }
  }
}
