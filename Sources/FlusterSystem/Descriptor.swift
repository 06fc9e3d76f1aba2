import Glibc

/// An open file descriptor with one owner; it is closed when the last reference goes.
///
/// May be used from any thread: the number never changes.
package final class Descriptor: Sendable {
  /// The number that the kernel knows it by, good for as long as this object lives.
  package let raw: Int32

  /// Takes over an open descriptor, which nobody else may close from now on.
  package init(adopting raw: Int32) {
    precondition(raw >= 0, "only an open descriptor can be adopted")
    self.raw = raw
  }

  deinit { close(raw) }

  /// A second, close-on-exec descriptor of the same open file.
  package func duplicate() throws(SystemError) -> Descriptor {
    let copy = fcntl(raw, F_DUPFD_CLOEXEC, 3)
    guard copy >= 0 else { throw SystemError.last("duplicate descriptor \(raw)") }
    return Descriptor(adopting: copy)
  }
}
