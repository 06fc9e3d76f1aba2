import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc
import Synchronization

/// Named pipes between the streams of this process and those of a job, in a directory of the
/// caller's own: the job opens them by name when it starts, as the same user.
///
/// Any thread.
final class JobPipes: Sendable {
  private let directory: String?
  private let input: Descriptor?
  /// Keeps the job's error from ending before the job; nil once that is over.
  private let errorEnd: Mutex<Descriptor?>
  /// Hung up when all of the job's error has been passed on.
  private let errorIsOver: Descriptor?

  /// Makes the pipes wanted, names them in `launch`, and begins to pass on what comes.
  ///
  /// Throws what keeps a directory or pipe from being made, with its path.
  init(input: Bool, error: Bool, for launch: inout WireLaunch) throws(Failure) {
    var made: (directory: String?, input: Descriptor?) = (nil, nil)
    var ends: (error: Descriptor?, isOver: Descriptor?) = (nil, nil)
    if input || error {
      do throws(SystemError) {
        let directory = try Self.makeDirectory()
        made.directory = directory
        if input {
          let path = "\(directory)/stdin"
          launch.stdin = .of(Self.pattern(path))
          made.input = try Self.passInput(to: path)
        }
        if error {
          let path = "\(directory)/stderr"
          launch.stderr = .of(Self.pattern(path))
          ends = try Self.passError(from: path)
        }
      } catch {
        if let directory = made.directory { Self.remove(directory) }
        throw Failure(.tryAgain, "\(error)")
      }
    }
    (directory, self.input) = made
    errorEnd = Mutex(ends.error)
    errorIsOver = ends.isOver
  }

  /// Takes the names away; what is open stays so.
  func remove() {
    if let directory { Self.remove(directory) }
  }

  private static func remove(_ directory: String) {
    for name in ["stdin", "stderr"] { unlink("\(directory)/\(name)") }
    rmdir(directory)
  }

  /// The job is over: waits until what it wrote has been passed on, but not for what it has left
  /// running.
  func finish() {
    errorEnd.withLock { $0 = nil }
    guard let errorIsOver else { return }
    var interests = [pollfd(fd: errorIsOver.raw, events: Int16(POLLIN), revents: 0)]
    _ = Pause.poll(&interests, until: Pause.now + .seconds(1))
  }

  private static func makeDirectory() throws(SystemError) -> String {
    let parent =
      ["XDG_RUNTIME_DIR", "TMPDIR"].compactMap(Environment.variable).first { $0.hasPrefix("/") }
    var template = "\(parent ?? "/tmp")/fluster-run.XXXXXX".utf8CString.map { $0 }
    guard mkdtemp(&template) != nil else {
      throw SystemError.last("make a directory in \(parent ?? "/tmp")")
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The path in a form in which nothing is a pattern.
  private static func pattern(_ path: String) -> [UInt8] {
    Array(path.replacing("%", with: "%%").utf8)
  }

  /// Returns the reading end: while it is open, what has been passed on waits for the job.
  private static func passInput(to path: String) throws(SystemError) -> Descriptor {
    let (reader, writer) = try makePipe(path)
    // In the background, and reading a terminal that is not ours: the end, and no stop.
    signal(SIGTTIN, SIG_IGN)
    Background.run { pump(from: 0, to: writer.raw) }
    return reader
  }

  /// Returns a writing end, which keeps the reading from its end, and what hangs up after it.
  private static func passError(
    from path: String
  ) throws(SystemError) -> (Descriptor?, Descriptor?) {
    let (reader, writer) = try makePipe(path)
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw SystemError.last("make a pipe") }
    let sign = Descriptor(adopting: ends[1])
    Background.run {
      pump(from: reader.raw, to: StandardStream.error.rawValue)
      withExtendedLifetime(sign) {}
    }
    return (writer, Descriptor(adopting: ends[0]))
  }

  private static func makePipe(
    _ path: String
  ) throws(SystemError) -> (reader: Descriptor, writer: Descriptor) {
    guard mkfifo(path, 0o600) == 0 else { throw SystemError.last("make the pipe \(path)") }
    // Without waiting for a writer; then there is a reader, and the writer waits for nobody.
    let reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard reader >= 0 else { throw SystemError.last("open \(path)") }
    let owned = Descriptor(adopting: reader)
    let writer = open(path, O_WRONLY | O_CLOEXEC)
    guard writer >= 0 else { throw SystemError.last("open \(path)") }
    guard fcntl(reader, F_SETFL, 0) == 0 else { throw SystemError.last("open \(path)") }
    return (owned, Descriptor(adopting: writer))
  }

  /// Copies until the end of what is read, or until nobody takes it.
  private static func pump(from source: Int32, to sink: Int32) {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(source, &buffer, buffer.count)
      if count < 0 && mayGoOn(source, Int16(POLLIN)) { continue }
      guard count > 0 else { return }
      var done = 0
      while done < count {
        let written = buffer.withUnsafeBytes { bytes in
          write(sink, bytes.baseAddress.map { $0 + done }, count - done)
        }
        guard written >= 0 || mayGoOn(sink, Int16(POLLOUT)) else { return }
        done += max(0, written)
      }
    }
  }

  /// Whether the call that failed is to be made again; at once, or when a terminal or pipe that
  /// somebody else made non-blocking is ready for it.
  private static func mayGoOn(_ descriptor: Int32, _ event: Int16) -> Bool {
    if errno == EINTR { return true }
    guard errno == EAGAIN else { return false }
    var interests = [pollfd(fd: descriptor, events: event, revents: 0)]
    return Pause.poll(&interests, until: nil)
  }
}

/// What this process was given to read.
enum StandardInput {
  /// Somebody may write there: it is open, and not the null device.
  static var isWorthPassing: Bool {
    let flags = fcntl(0, F_GETFL)
    var status = stat()
    var null = stat()
    guard flags >= 0, flags & O_ACCMODE != O_WRONLY, fstat(0, &status) == 0,
      stat("/dev/null", &null) == 0
    else { return false }
    return status.st_mode & S_IFMT != S_IFCHR || status.st_rdev != null.st_rdev
  }
}
