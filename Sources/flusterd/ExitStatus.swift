import FlusterStore
import FlusterSystem
import Glibc

/// How flusterd ends; the numbers are those of every program of Fluster.
enum ExitStatus {
  static let done: Int32 = 0
  /// The command line was not understood.
  static let usage: Int32 = 64
  /// The configuration or the store cannot be used as it is.
  static let unusable: Int32 = 65
  /// The system refused something that should work, or a bug.
  static let fault: Int32 = 70
  /// Another flusterd runs, the disk is full: try again.
  static let tryAgain: Int32 = 75
  /// A file or directory may not be used by this user.
  static let permission: Int32 = 77
}

/// The reason why the daemon does not start: printed once, at the top.
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
    case let error as StoreError: self.init(Self.status(of: error.kind), "\(error)")
    case let error as SystemError: self.init(Self.status(of: error.errno), "cannot \(error)")
    case let error as PlaceError: self.init(ExitStatus.permission, "\(error)")
    case let error as ConfigurationError: self.init(ExitStatus.unusable, "\(error)")
    case let error: self.init(ExitStatus.fault, "\(error)")
    }
  }

  private static func status(of kind: StoreError.Kind) -> Int32 {
    switch kind {
    case .full, .locked: ExitStatus.tryAgain
    case .readOnly: ExitStatus.permission
    case .damaged, .newer: ExitStatus.unusable
    case .io(let code): code < 0 ? status(of: -code) : ExitStatus.unusable
    }
  }

  private static func status(of errno: Int32) -> Int32 {
    switch errno {
    case EACCES, EPERM, EROFS: ExitStatus.permission
    case EADDRINUSE, ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM, EAGAIN: ExitStatus.tryAgain
    case ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP, EINVAL: ExitStatus.unusable
    default: ExitStatus.fault
    }
  }
}
