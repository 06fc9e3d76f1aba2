/// What stands in the way of a request whatever ends: the workers themselves.
extension Controller {
  /// Why no worker, even empty, could ever run this; nil if one could, or if there is none to ask
  /// (no worker yet is normal). Workers that are drained count, and expected ones whose size is
  /// known.
  package func obstacle(to request: JobRequest) -> String? {
    let needs = request.needs
    // Every submit asks, and nearly always somebody could run it.
    if request.options.gang == nil, hasConnected(for: request) { return nil }
    let workers = prospects(for: request.owner)
    let coming = missing.compactMap(\.capacity)
    guard !workers.isEmpty || !coming.isEmpty else { return nil }
    let expected = coming.filter { $0.covers(needs.charge(on: $0)) }
    let suitable = workers.filter { $0.meets(needs.constraints) }
    // What attributes those will have that never came, nobody knows.
    let isOpen = needs.constraints.contains(where: \.isHard) || request.options.gang?.groupBy != nil
    if !expected.isEmpty && (isOpen || request.options.gang == nil) { return nil }
    guard !suitable.isEmpty || !coming.isEmpty else {
      return unmet(needs.constraints, by: workers)
    }
    let large = suitable.filter { $0.capacity.covers(needs.charge(on: $0.capacity)) }
    guard !large.isEmpty || !expected.isEmpty else { return tooSmall(suitable, for: needs) }
    guard let gang = request.options.gang else { return nil }
    return tooFew(large, expected, for: gang, of: request.array.count, needs)
  }

  /// A connected worker could run a task of this if it were empty.
  private func hasConnected(for request: JobRequest) -> Bool {
    state.workers.values.contains { worker in
      worker.link != nil && worker.record.serves(request.owner)
        && worker.record.meets(request.needs.constraints)
        && worker.record.capacity.covers(request.needs.charge(on: worker.record.capacity))
    }
  }

  private func unmet(_ constraints: [Constraint], by workers: [WorkerRecord]) -> String {
    let hard = constraints.filter(\.isHard)
    // One that nobody meets says more than several that nobody meets together.
    let alone = hard.first { constraint in
      !workers.contains { constraint.holds(for: $0.attribute(constraint.key)) }
    }
    guard let alone else {
      let all = hard.map(\.description).joined(separator: ", ")
      return "no worker meets all of its constraints: \(all)"
    }
    let some = workers.prefix(3).map { worker in
      "worker \(worker.id) has "
        + (worker.attribute(alone.key).map { "\(alone.key) \($0)" }
          ?? "no attribute \(alone.key)")
    }
    let more = workers.count > 3 ? ", and \(workers.count - 3) more do not meet it either" : ""
    return "no worker meets its constraint \(alone): \(some.joined(separator: ", "))\(more)"
  }

  private func tooSmall(_ workers: [WorkerRecord], for needs: Requirement) -> String {
    var lacking = workers.map { worker in
      let short = worker.capacity.shortfall(of: needs, on: worker.capacity)
      return "worker \(worker.id) has only \(short.have)"
    }
    for worker in missing {
      guard let short = worker.capacity?.shortfall(of: needs, on: worker.capacity ?? .none) else {
        continue
      }
      lacking.append("worker \(worker.id), which is expected, has only \(short.have)")
    }
    let some = lacking.prefix(3).joined(separator: ", ")
    let more = lacking.count > 3 ? ", and \(lacking.count - 3) more are too small" : ""
    return "no worker could ever run a task that needs \(needs): \(some)\(more)"
  }

  private func tooFew(
    _ workers: [WorkerRecord], _ expected: [Amounts], for gang: Gang, of count: UInt32,
    _ needs: Requirement
  ) -> String? {
    let largest = gang.largestRoom(on: workers, worker: \.self) { $0.capacity.tasks(of: needs) }
    guard var most = largest else {
      return "no worker has the attribute \(gang.groupBy ?? "") that the gang is grouped by"
    }
    if gang.groupBy == nil {
      most = expected.map { gang.spread ? 1 : $0.tasks(of: needs) }.reduce(most, saturatingSum)
    }
    guard most < UInt64(count) else { return nil }
    let each = gang.spread ? " one a worker" : ""
    let place = gang.groupBy.map { "the largest group of one \($0)" } ?? "all workers together"
    return "a gang of \(count), each of which needs \(needs), never fits: "
      + "\(place) could take \(most)\(each)"
  }
}

extension Amounts {
  /// How many tasks with this requirement fit here, a worker of `capacity` having this much left;
  /// nil: the worker is empty.
  func tasks(of needs: Requirement, on capacity: Amounts? = nil) -> UInt64 {
    let charge = needs.charge(on: capacity ?? self)
    var most = charge.cpuMillis == 0 ? UInt64.max : cpuMillis / charge.cpuMillis
    if charge.memoryBytes > 0 { most = min(most, memoryBytes / charge.memoryBytes) }
    for amount in charge.named { most = min(most, count(of: amount.name) / amount.count) }
    return most
  }
}
