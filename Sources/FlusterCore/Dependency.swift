/// What a job waits for before anything of it starts: the end of another job, or of some of that
/// job's tasks. All dependencies of a job must be met.
package struct Dependency: Hashable, Sendable {
  /// Which end it takes. The number is the wire's and the store's.
  package enum Kind: UInt8, Hashable, Comparable, Sendable, CaseIterable {
    /// Any.
    case after = 1
    /// The success of all.
    case afterOK = 2
    /// Of all that is named so, an end without success; the rest may end as it likes.
    case afterFail = 3

    /// The option that asks for it.
    package var option: String {
      switch self {
      case .after: "--after"
      case .afterOK: "--after-ok"
      case .afterFail: "--after-fail"
      }
    }

    package static func < (a: Kind, b: Kind) -> Bool { a.rawValue < b.rawValue }
  }

  /// The most jobs and tasks that one job may wait for.
  package static let most = 1000

  package let kind: Kind
  /// The job, or those of its tasks.
  package let target: Selection

  /// Waits for a job, or for some of its tasks.
  package init(_ kind: Kind, _ target: Selection) {
    self.kind = kind
    self.target = target
  }
}

extension Selection {
  /// As users write it: `42`, `42.7`, `42.1-9`.
  package var text: String { indices.map { "\(job).\($0.text)" } ?? "\(job)" }
}

extension JobRequest {
  /// Everything whose end the job waits for: what it depends on, and what it replaces.
  var awaited: [Dependency] {
    guard hasOptions else { return [] }
    guard let old = options.key?.replaces else { return options.dependencies }
    return options.dependencies + [Dependency(.after, Selection(job: old))]
  }
}
