import Glibc

/// A system call that failed: which one, on what, and why.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The call and its object, as in `open /etc/hosts`.
  package let call: String
  /// The number that the kernel gave.
  package let errno: Int32

  /// A failure with the number `errno`.
  package init(call: String, errno: Int32) {
    self.call = call
    self.errno = errno
  }

  /// The failure that the calling thread's `errno` tells of; to be made before any other call.
  package static func last(_ call: @autoclosure () -> String) -> SystemError {
    let number = Glibc.errno
    return SystemError(call: call(), errno: number)
  }

  /// `open /etc/hosts: no such file or directory`.
  package var description: String { "\(call): \(SystemError.reason(errno))" }

  /// The C library's sentence for an error number, beginning in lower case.
  package static func reason(_ errno: Int32) -> String {
    let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      guard let start = buffer.baseAddress, strerror_r(errno, start, buffer.count) == 0 else {
        return "error \(errno)"
      }
      return String(cString: start)
    }
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}

/// Repeats a system call for as long as a signal interrupts it.
@inline(__always)
func uninterrupted<Number: SignedInteger>(_ call: () -> Number) -> Number {
  while true {
    let result = call()
    if result != -1 || Glibc.errno != EINTR { return result }
  }
}
