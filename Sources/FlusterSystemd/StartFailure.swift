import FlusterSystem
import Glibc

/// How the daemons end; the numbers are those of every program of Fluster.
package enum ExitStatus {
  /// Told to stop, or nothing left to do.
  package static let done: Int32 = 0
  /// The command line was not understood.
  package static let usage: Int32 = 64
  /// The configuration, or what is kept on the disk, cannot be used as it is.
  package static let unusable: Int32 = 65
  /// The system refused something that should work, or a bug.
  package static let fault: Int32 = 70
  /// Another one is in the way, the disk is full: try again.
  package static let tryAgain: Int32 = 75
  /// A file or directory may not be used by this user.
  package static let permission: Int32 = 77
}

/// The reason why a daemon does not start: printed once, at the top.
package struct StartFailure: Error {
  package let status: Int32
  /// One lower-case sentence that names the object; on a second line what to do about it.
  package let message: String

  /// A failure in the daemon's own words.
  package init(_ status: Int32, _ message: String) {
    self.status = status
    self.message = message
  }

  /// What one of the layers below threw.
  package init(describing error: any Error) {
    switch error {
    case let error as StartFailure: self = error
    case let error as SystemError: self.init(Self.status(of: error.errno), "cannot \(error)")
    case let error as PlaceError: self.init(ExitStatus.permission, "\(error)")
    case let error as ConfigurationError: self.init(ExitStatus.unusable, "\(error)")
    case let error: self.init(ExitStatus.fault, "\(error)")
    }
  }

  /// What a system call that failed with `errno` makes a daemon exit with.
  package static func status(of errno: Int32) -> Int32 {
    switch errno {
    case EACCES, EPERM, EROFS: ExitStatus.permission
    case EADDRINUSE, ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM, EAGAIN: ExitStatus.tryAgain
    case ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP, EINVAL: ExitStatus.unusable
    default: ExitStatus.fault
    }
  }

  /// Says why on standard error, in the name of the program; returns the status to exit with.
  package func report(by program: String) -> Int32 {
    let bytes = Array("\(program): \(message)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
    return status
  }
}
