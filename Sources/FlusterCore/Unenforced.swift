/// What is asked for that nobody could hold a job to.
extension Controller {
  /// What of a request no connected worker could enforce, in a sentence; nil if one could, if
  /// nothing of the kind is asked for, or if there is no worker to ask.
  package func unenforced(of request: JobRequest) -> String? {
    let asked = request.limits
    guard !asked.isEmpty else { return nil }
    var lacking: WorkerRecord?
    for worker in state.workers.values
    where worker.link != nil && worker.record.serves(request.owner)
      && worker.record.meets(request.needs.constraints)
    {
      guard asked.contains(where: { worker.record.lacks($0.controller) }) else { return nil }
      if lacking.map({ worker.record.id < $0.id }) ?? true { lacking = worker.record }
    }
    guard let lacking, let first = asked.first(where: { lacking.lacks($0.controller) }) else {
      return nil
    }
    return "no worker can enforce \(first.option): worker \(lacking.id) has no control group "
      + "for \(first.controller)"
  }

  /// Why a request is refused for that; nil if it is not.
  func refusalOfUnenforced(_ request: JobRequest) -> Refusal? {
    guard refusesUnenforced, let text = unenforced(of: request) else { return nil }
    return Refusal(
      .invalidArgument, text,
      wayOut: "leave the limit out, or see `fluster-ctl check` for what the worker's machine needs")
  }
}

extension JobRequest {
  /// The limits that it sets itself, and what a worker needs to enforce them.
  fileprivate var limits: [(option: String, controller: String)] {
    var limits: [(option: String, controller: String)] = []
    if needs.memoryBytes != nil { limits.append(("--mem", "memory")) }
    if options.processLimit != nil { limits.append(("--pids", "pids")) }
    return limits
  }
}

extension WorkerRecord {
  fileprivate func lacks(_ controller: String) -> Bool {
    lacks.contains { $0 == controller || $0 == "cgroup" }
  }
}
