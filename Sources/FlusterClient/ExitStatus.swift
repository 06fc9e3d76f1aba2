package import FlusterCore

/// The exit statuses of every command; the table of fluster(1).
package enum ExitStatus: Int32, Sendable, CaseIterable {
  /// Done; ending something that has already ended is done.
  case done = 0
  /// The answer is no.
  case no = 1
  /// The command line is wrong (EX_USAGE).
  case usage = 64
  /// A request that can never be satisfied, or malformed input.
  case data = 65
  /// No such job, task, worker or file.
  case notFound = 66
  /// flusterd cannot be reached.
  case unreachable = 69
  /// A bug.
  case `internal` = 70
  /// Try again: a limit is reached, the disk is full, the daemon is busy.
  case tryAgain = 75
  /// Permission denied.
  case permission = 77

  /// What a refusal of flusterd makes a command exit with.
  package init(_ code: RefusalCode) {
    switch code {
    case .invalidArgument, .alreadyExists, .failedPrecondition: self = .data
    case .notFound: self = .notFound
    case .unavailable, .resourceExhausted, .deadlineExceeded: self = .tryAgain
    case .permissionDenied: self = .permission
    case .unimplemented, .internal: self = .internal
    }
  }
}

/// The statuses that a command adds while it carries the status of a task, so that none of its own
/// can be taken for the task's.
package enum CarriedStatus {
  /// The wait took longer than allowed.
  package static let timeout: Int32 = 124
  /// Any failure of Fluster itself.
  package static let failure: Int32 = 125
  /// The task ended without a status of its own.
  package static let none: Int32 = 126
}
