import Glibc

/// The body of a test that runs in a process of its own.
enum Child {
  /// Runs it; the process ends with 1 if it throws. What it throws goes to the standard error of
  /// the process that waits, since that of an exit test goes nowhere.
  static func run(_ body: () throws -> Void) {
    let errors = open("/proc/\(getppid())/fd/2", O_WRONLY | O_APPEND | O_CLOEXEC)
    do {
      try body()
    } catch {
      let line = Array("in a child: \(error)\n".utf8)
      _ = write(errors, line, line.count)
      exit(1)
    }
  }
}
