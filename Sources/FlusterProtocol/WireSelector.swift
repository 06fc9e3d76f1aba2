package import FlusterCore

/// What a request is about, as the client named it; flusterd finds the jobs.
package enum JobSelector: Hashable, Sendable {
  case tasks(Selection)
  /// A shell pattern over the names of the caller's jobs.
  case name(String)
  /// The caller's newest job under a key.
  case key(String)
  /// The caller's newest job.
  case newest
}

extension JobSelector {
  /// A selector that came, checked.
  package init(wire: WireSelector) throws(Refusal) {
    switch wire.kind {
    case .tasks(let tasks):
      guard tasks.job > 0, tasks.job <= Limit.number else {
        throw Refusal(.notFound, "there is no job \(tasks.job)")
      }
      guard tasks.hasFirst == tasks.hasLast else {
        throw .invalid("a selector of job \(tasks.job) has one end only")
      }
      guard tasks.first <= tasks.last else {
        throw .invalid("the tasks \(tasks.job).\(tasks.first)-\(tasks.last) run backwards")
      }
      self = .tasks(
        Selection(
          job: JobID(tasks.job), indices: tasks.hasFirst ? tasks.first...tasks.last : nil))
    case .nameGlob(let pattern):
      guard !pattern.isEmpty else { throw .invalid("the pattern of a selector is empty") }
      try Limit.text(pattern, to: Limit.pattern, "the pattern of a selector")
      self = .name(pattern)
    case .key(let key):
      guard !key.isEmpty else { throw .invalid("the key of a selector is empty") }
      try Limit.text(key, to: Limit.name, "the key of a selector")
      self = .key(key)
    case .newest(true): self = .newest
    case .newest(false), nil: throw .invalid("a selector selects nothing")
    }
  }

  /// All selectors of a request, checked; at most `Limit.selectors`, and of names
  /// and keys `Limit.patterns`.
  package static func list(wire: [WireSelector]) throws(Refusal) -> [JobSelector] {
    guard wire.count <= Limit.selectors else {
      throw .invalid(
        "\(wire.count) selectors are above the limit of \(Limit.selectors)",
        wayOut: "ask in several requests")
    }
    var selectors: [JobSelector] = []
    selectors.reserveCapacity(wire.count)
    var patterns = 0
    for selector in wire {
      let selector = try JobSelector(wire: selector)
      switch selector {
      case .name, .key: patterns += 1
      case .tasks, .newest: break
      }
      guard patterns <= Limit.patterns else {
        throw .invalid(
          "more than \(Limit.patterns) names and keys are above the limit",
          wayOut: "ask in several requests")
      }
      selectors.append(selector)
    }
    return selectors
  }

  /// The same of a request that is about nothing without them.
  package static func someList(wire: [WireSelector]) throws(Refusal) -> [JobSelector] {
    guard !wire.isEmpty else { throw .invalid("the request selects no job") }
    return try list(wire: wire)
  }
}

extension WireSelector {
  /// A selector for the wire.
  package init(_ selector: JobSelector) {
    self.init()
    switch selector {
    case .tasks(let selection):
      var tasks = Tasks()
      tasks.job = selection.job.number
      if let indices = selection.indices {
        tasks.first = indices.lowerBound
        tasks.last = indices.upperBound
      }
      kind = .tasks(tasks)
    case .name(let pattern): kind = .nameGlob(pattern)
    case .key(let key): kind = .key(key)
    case .newest: kind = .newest(true)
    }
  }
}
