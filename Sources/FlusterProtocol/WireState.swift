package import FlusterCore

extension WireState {
  /// The wire's number of a state.
  package init(_ state: TaskState) {
    switch state {
    case .pending: self = .pending
    case .building: self = .building
    case .running: self = .running
    case .succeeded: self = .succeeded
    case .failed: self = .failed
    case .killed: self = .killed
    case .workerFailed: self = .workerFailed
    case .unschedulable: self = .unschedulable
    case .assigned: self = .assigned
    case .preempted: self = .preempted
    case .gangFailed: self = .gangFailed
    }
  }
}

extension TaskState {
  /// The state with the wire's number; invalid-argument for one that there is not.
  package init(wire: WireState) throws(Refusal) {
    switch wire {
    case .pending: self = .pending
    case .building: self = .building
    case .running: self = .running
    case .succeeded: self = .succeeded
    case .failed: self = .failed
    case .killed: self = .killed
    case .workerFailed: self = .workerFailed
    case .unschedulable: self = .unschedulable
    case .assigned: self = .assigned
    case .preempted: self = .preempted
    case .gangFailed: self = .gangFailed
    case .unspecified, .UNRECOGNIZED:
      throw .invalid("there is no task state number \(wire.rawValue)")
    }
  }

  /// A filter as List and Kill carry it; empty means every state.
  package static func set(wire: [WireState]) throws(Refusal) -> Set<TaskState> {
    // Each once, and once more in case a client repeats itself.
    guard wire.count <= 2 * TaskState.allCases.count else {
      throw .invalid("\(wire.count) states are more than there are")
    }
    var states: Set<TaskState> = []
    for state in wire { states.insert(try TaskState(wire: state)) }
    return states
  }
}

extension StateCounts {
  /// Counts that came; what is not named counts nothing.
  package init(wire: [WireStateCount]) throws(Refusal) {
    self.init()
    for entry in wire { self[try TaskState(wire: entry.state)] = entry.count }
  }

  /// For the wire: the states that count something, by their number.
  package var wire: [WireStateCount] {
    TaskState.allCases.filter { self[$0] > 0 }.map { state in
      var entry = WireStateCount()
      entry.state = WireState(state)
      entry.count = self[state]
      return entry
    }
  }
}
