import FlusterCore
import FlusterSystem
import Glibc

/// How fluster-worker ends; the numbers are those of every program of Fluster.
enum ExitStatus {
  static let done: Int32 = 0
  /// The command line was not understood.
  static let usage: Int32 = 64
  /// The configuration cannot be used as it is.
  static let unusable: Int32 = 65
  /// The system refused something that should work, or a bug.
  static let fault: Int32 = 70
  /// Another worker goes by our name: try again.
  static let tryAgain: Int32 = 75
}

/// The reason why the worker does not start: printed once, at the top.
struct StartFailure: Error {
  let status: Int32
  /// One lower-case sentence that names the object; on a second line what to do about it.
  let message: String

  init(_ status: Int32, _ message: String) {
    self.status = status
    self.message = message
  }

  /// What one of the layers below threw.
  init(describing error: any Error) {
    switch error {
    case let error as StartFailure: self = error
    case let error as SystemError: self.init(ExitStatus.fault, "cannot \(error)")
    case let error as PlaceError: self.init(ExitStatus.unusable, "\(error)")
    case let error as ConfigurationError: self.init(ExitStatus.unusable, "\(error)")
    case let error as Refusal:
      let wayOut = error.wayOut.isEmpty ? "" : "\n\(error.wayOut)"
      self.init(ExitStatus.unusable, error.message + wayOut)
    case let error: self.init(ExitStatus.fault, "\(error)")
    }
  }
}
