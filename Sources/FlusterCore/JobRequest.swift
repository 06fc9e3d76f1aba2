/// What a user asks for, decoded and still unchecked.
///
/// All but the name stands in one allocation, which jobs that ask for the same share: a thousand
/// submits of one shell differ in little but the command, which the core does not hold.
package struct JobRequest: Hashable, Sendable {
  /// What a request asks for, all but its name.
  package struct Terms: Hashable, Sendable {
    package var owner: UserID
    package var array = TaskArray.plain
    package var needs = Requirement(cpuMillis: 1000)
    package var retries: UInt32 = 0
    package var retriesLost: UInt32 = 100
    package var backoff = Backoff.standard
    package var timeLimit: Span?
    package var grace = Span.seconds(5)
    package var held = false
    package var endChildren = false
    /// Most jobs have none, and pay one word for them.
    fileprivate var uncommon: [JobOptions] = []

    /// Those of a plain job with the defaults of fluster-submit(1).
    package init(owner: UserID) { self.owner = owner }

    /// What few jobs ask for.
    package var options: JobOptions {
      // Lent, not copied: they are asked for one at a time, and all together are large.
      _read {
        if uncommon.isEmpty {
          yield JobOptions.none
        } else {
          yield uncommon[0]
        }
      }
      set {
        if newValue == .none, uncommon.isEmpty { return }
        uncommon = newValue == .none ? [] : [newValue]
      }
    }
  }

  package var name: String
  /// Always one.
  private var terms: [Terms]

  /// A plain job with the defaults of fluster-submit(1).
  package init(name: String, owner: UserID) {
    self.init(name: name, terms: Terms(owner: owner))
  }

  /// A job that asks for this.
  package init(name: String, terms: Terms) {
    self.name = name
    self.terms = [terms]
  }

  package var owner: UserID {
    get { terms[0].owner }
    _modify { yield &terms[0].owner }
  }
  package var array: TaskArray {
    get { terms[0].array }
    _modify { yield &terms[0].array }
  }
  package var needs: Requirement {
    get { terms[0].needs }
    _modify { yield &terms[0].needs }
  }
  /// Failures that are forgiven; n retries are n + 1 attempts.
  package var retries: UInt32 {
    get { terms[0].retries }
    _modify { yield &terms[0].retries }
  }
  /// Losses that are forgiven.
  package var retriesLost: UInt32 {
    get { terms[0].retriesLost }
    _modify { yield &terms[0].retriesLost }
  }
  package var backoff: Backoff {
    get { terms[0].backoff }
    _modify { yield &terms[0].backoff }
  }
  package var timeLimit: Span? {
    get { terms[0].timeLimit }
    _modify { yield &terms[0].timeLimit }
  }
  package var grace: Span {
    get { terms[0].grace }
    _modify { yield &terms[0].grace }
  }
  package var held: Bool {
    get { terms[0].held }
    _modify { yield &terms[0].held }
  }
  /// Its children end with it even when it succeeds.
  package var endChildren: Bool {
    get { terms[0].endChildren }
    _modify { yield &terms[0].endChildren }
  }
  /// What few jobs ask for.
  package var options: JobOptions {
    _read { yield terms[0].options }
    set { terms[0].options = newValue }
  }

  /// Whether it asks for anything that few jobs do: one look, for those who look at every job.
  package var hasOptions: Bool { !terms[0].uncommon.isEmpty }

  /// Whether nothing but the name differs. At once, where the two share what they ask for.
  func hasSameTerms(as other: JobRequest) -> Bool { terms == other.terms }

  /// Shares what it asks for with a request that asks for the same.
  mutating func share(_ other: JobRequest) { terms = other.terms }
}

extension JobRequest {
  /// What submits the same once more. A key stands for one job, a hold, what it waited for and its
  /// times were meant for that one, and the command that it was tied to has gone.
  package var again: JobRequest {
    var request = self
    request.options.key = nil
    request.options.dependencies = []
    request.options.begin = nil
    request.options.deadline = nil
    request.options.isTied = false
    request.held = false
    return request
  }
}
