import FlusterSystem
import Glibc

/// One of the two streams a command writes to, unbuffered: what is written is visible.
package enum StandardStream: Int32, Sendable {
  case output = 1
  case error = 2

  /// Takes the numbers 0, 1 and 2 where the caller left them closed, so that no socket gets them
  /// and a result cannot go to flusterd in place of its reader. Reading and writing there fails, as
  /// it would have. To be called before anything is opened.
  package static func reserve() {
    for number: Int32 in 0...2 where fcntl(number, F_GETFD) < 0 {
      // The lowest free number is this one.
      _ = open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY)
    }
  }

  /// Whether a person looks at it.
  package var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Nobody reads any more what it writes to a pipe or socket.
  package var hasLostReader: Bool {
    var interest = pollfd(fd: rawValue, events: 0, revents: 0)
    return poll(&interest, 1, 0) > 0 && interest.revents & Int16(POLLERR) != 0
  }

  /// Whether two streams write to one file, pipe or terminal.
  package static func areOne(_ one: StandardStream, _ other: StandardStream) -> Bool {
    var statuses = (stat(), stat())
    guard fstat(one.rawValue, &statuses.0) == 0, fstat(other.rawValue, &statuses.1) == 0 else {
      return false
    }
    return statuses.0.st_dev == statuses.1.st_dev && statuses.0.st_ino == statuses.1.st_ino
  }

  /// The width of the terminal in columns; nil if it is none or does not say.
  package var width: Int? {
    guard isTerminal else { return nil }
    var size = winsize()
    guard ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Writes everything. Returns the error number of the write that failed, else nil; a reader who
  /// has gone ends the process by SIGPIPE, as it does any filter.
  package func write(_ bytes: [UInt8]) -> Int32? {
    bytes.withUnsafeBytes { write($0) }
  }

  /// As the other, without a copy.
  package func write(_ bytes: UnsafeRawBufferPointer) -> Int32? {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = Glibc.write(
        rawValue, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if written >= 0 {
        rest = rest.dropFirst(written)
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        // Somebody made the shared terminal or pipe non-blocking: wait until it takes more.
        var interest = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
        _ = poll(&interest, 1, -1)
      default: return errno
      }
    }
    return nil
  }

  /// Writes a result to standard output; what cannot be written is a failure that says so.
  package static func print(_ bytes: [UInt8]) throws(Failure) {
    guard let number = StandardStream.output.write(bytes) else { return }
    throw Failure(.tryAgain, "cannot write to standard output: \(SystemError.reason(number))")
  }

  /// Writes one line to standard output.
  package static func print(_ line: String) throws(Failure) {
    try print(Array(line.utf8) + [UInt8(ascii: "\n")])
  }
}
