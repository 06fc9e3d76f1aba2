/// What can be changed of a job that has not ended.
package enum JobChange: Hashable, Sendable {
  case priority(Int32)
  case band(Band)
  /// Of each attempt, from its start; nil: none.
  case timeLimit(Span?)
  /// Bytes that each task needs, and may use.
  case memory(UInt64)

  /// What is changed, as one names it: "the priority of job 42".
  package var subject: String {
    switch self {
    case .priority: "priority"
    case .band: "band"
    case .timeLimit: "time limit"
    case .memory: "memory"
    }
  }

  /// What it is from then on; people read it in the feed.
  package var text: String {
    switch self {
    case .priority(let priority): "priority \(priority)"
    case .band(let band): "band \(band.word)"
    case .timeLimit(let limit?): "time limit \(Quantity.text(milliseconds: limit.milliseconds))"
    case .timeLimit(nil): "no time limit"
    case .memory(let bytes): "memory \(Quantity.text(bytes: bytes))"
    }
  }

  /// The request with this in place of what it said.
  package func applied(to request: JobRequest) -> JobRequest {
    var request = request
    switch self {
    case .priority(let priority): request.options.priority = priority
    case .band(let band): request.options.band = band
    case .timeLimit(let limit): request.timeLimit = limit
    case .memory(let bytes):
      let needs = request.needs
      request.needs = Requirement(
        cpuMillis: needs.cpuMillis, memoryBytes: bytes, named: needs.named,
        constraints: needs.constraints)
    }
    return request
  }
}
