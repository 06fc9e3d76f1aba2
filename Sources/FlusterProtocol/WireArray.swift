package import FlusterCore

extension WireArray {
  /// A job's indices.
  package init(_ array: TaskArray) {
    self.init()
    first = array.first
    step = array.step
    count = array.count
    if let limit = array.throttle { throttle = limit }
    explicit = array.isExplicit
  }
}

extension TaskArray {
  /// Indices that came, checked: 1 to 10,000,000 tasks, none of them beyond 32 bits.
  package init(wire: WireArray) throws(Refusal) {
    guard wire.count >= 1, wire.count <= TaskArray.maximumCount else {
      throw .invalid(
        "an array has 1 to \(TaskArray.maximumCount) tasks, not \(wire.count)")
    }
    guard wire.step >= 1 else { throw .invalid("an array's step is at least 1") }
    let (distance, over) = wire.step.multipliedReportingOverflow(by: wire.count - 1)
    guard !over, !wire.first.addingReportingOverflow(distance).overflow else {
      throw .invalid("an array's last index is above the limit of \(UInt32.max)")
    }
    guard !wire.hasThrottle || wire.throttle >= 1 else {
      throw .invalid(
        "at most 0 tasks at once would never run", wayOut: "hold the job instead, or say 1 or more")
    }
    guard wire.explicit || (wire.first == 0 && wire.count == 1 && !wire.hasThrottle) else {
      throw .invalid("a job that is no array has the one task 0")
    }
    self.init(
      first: wire.first, step: wire.explicit ? wire.step : 1, count: wire.count,
      throttle: wire.hasThrottle ? wire.throttle : nil, isExplicit: wire.explicit)
  }
}
