import FlusterCore
import FlusterStore
import FlusterSystem
package import FlusterSystemd
import Glibc
import Synchronization

/// A store without its flusterd: answers what that would answer to those who only ask, with the
/// same code, over a socket of this process. The store is never written.
///
/// It works on a thread of its own for as long as this lives, and may be used from any.
package final class StoreView: Sendable {
  /// The database, by a path without symbolic links.
  package let path: String
  /// Where to connect to, as commands do; processes of other users are turned away.
  package let socket: String
  private let door: Descriptor
  private let life: ViewLife

  /// Opens the store at `path`: the database, of a flusterd that runs or not, or a copy, or the
  /// directory that it is in. The user of this process is shown all of it.
  ///
  /// Throws why it cannot be read.
  package static func open(_ path: String) throws(StartFailure) -> StoreView {
    do {
      return try StoreView(try ExaminedFile(path))
    } catch {
      throw StartFailure(of: error)
    }
  }

  private init(_ file: ExaminedFile) throws {
    path = file.path
    let listener: Descriptor
    (listener, door) = try Self.listen()
    // The kernel finds the socket by the descriptor, though no directory has it any more.
    socket = "/proc/self/fd/\(door.raw)"
    life = try ViewLife(of: file, at: listener)
    try life.begin()
  }

  deinit { life.end() }

  /// O_PATH (open(2)), which Glibc does not hand out to Swift.
  private static let byName: Int32 = 0o10000000

  /// A listening socket without a name, and a descriptor by which this process finds it.
  private static func listen() throws -> (Descriptor, door: Descriptor) {
    let above = Environment.variable("TMPDIR") ?? "/tmp"
    var name = Array("\(above)/fluster-XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else { throw SystemError.last("make a directory in \(above)") }
    let directory = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    let path = "\(directory)/control.sock"
    defer {
      unlink(path)
      unlink(path + ".lock")
      rmdir(directory)
    }
    let listener = try UnixSocket.listen(at: path, kind: .stream, mode: 0o600)
    let door = Glibc.open(path, byName | O_CLOEXEC)
    guard door >= 0 else { throw SystemError.last("open \(path)") }
    return (listener, Descriptor(adopting: door))
  }
}

/// The thread of a view.
private final class ViewLife: Sendable {
  private let file: ExaminedFile
  private let listener: Descriptor
  private let hasBegun: Wakeup
  private let isOver: Wakeup
  private let failure = Mutex<StartFailure?>(nil)

  init(of file: ExaminedFile, at listener: Descriptor) throws(SystemError) {
    self.file = file
    self.listener = listener
    hasBegun = try Wakeup()
    isOver = try Wakeup()
  }

  /// Starts it, and waits until it serves, or throws why it does not.
  func begin() throws {
    // What the process is told by signals is not for this thread, nor for those that it starts.
    var all = sigset_t()
    var own = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, &own)
    Background.run { [self] in run() }
    pthread_sigmask(SIG_SETMASK, &own, nil)
    var interest = pollfd(fd: hasBegun.descriptor.raw, events: Int16(POLLIN), revents: 0)
    while poll(&interest, 1, -1) <= 0 {}
    if let failure = failure.withLock({ $0 }) { throw failure }
  }

  /// Has it end; it may take a moment.
  func end() { isOver.signal() }

  private func run() {
    do {
      let loop = try EventLoop()
      let daemon = try Daemon.examining(file, at: listener, loop: loop)
      _ = try loop.watch(isOver.descriptor, for: .readable) { _ in loop.exit(ExitStatus.done) }
      hasBegun.signal()
      _ = try loop.run()
      withExtendedLifetime(daemon) {}
    } catch {
      failure.withLock { $0 = StartFailure(of: error) }
      hasBegun.signal()
    }
  }
}
