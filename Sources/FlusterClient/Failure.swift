package import FlusterCore
package import FlusterSystem

/// Why a command cannot do what it was asked: one sentence, the way out, and the exit status.
package struct Failure: Error, Hashable, Sendable {
  package let status: ExitStatus
  /// One lower-case sentence that names the object.
  package let message: String
  /// What the caller can do about it; nil where there is nothing.
  package let wayOut: String?

  /// A failure with its sentence.
  package init(_ status: ExitStatus, _ message: String, wayOut: String? = nil) {
    self.status = status
    self.message = message
    self.wayOut = wayOut
  }

  /// The command line is wrong.
  package static func usage(_ message: String, wayOut: String? = nil) -> Failure {
    Failure(.usage, message, wayOut: wayOut)
  }

  /// What flusterd answered in place of what was asked.
  package init(_ refusal: Refusal) {
    self.init(
      ExitStatus(refusal.code), refusal.message,
      wayOut: refusal.wayOut.isEmpty ? nil : refusal.wayOut)
  }

  /// A call of this process that failed: what it was for, then the call.
  package init(_ status: ExitStatus, _ purpose: String, _ error: SystemError) {
    self.init(status, "\(purpose): \(SystemError.reason(error.errno))")
  }
}
