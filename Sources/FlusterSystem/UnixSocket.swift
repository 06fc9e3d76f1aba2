import CFluster
import Glibc

/// The two kinds of Unix sockets in use.
package enum SocketKind: Hashable, Sendable {
  /// Bytes without boundaries.
  case stream
  /// Packets that arrive whole.
  case seqpacket

  var number: Int32 {
    switch self {
    case .stream: Int32(SOCK_STREAM.rawValue)
    case .seqpacket: Int32(SOCK_SEQPACKET.rawValue)
    }
  }
}

/// Unix-domain sockets by path. All of them are close-on-exec.
package enum UnixSocket {
  /// The longest path in bytes that a socket address holds.
  package static let maximumPathLength = 107

  /// A non-blocking listener at `path`, with exactly `mode`.
  ///
  /// The file of a listener that is gone is replaced; one that answers is left alone: EADDRINUSE.
  /// ENAMETOOLONG if the path is too long. An empty `PATH.lock` stays beside it.
  package static func listen(
    at path: String, kind: SocketKind, mode: UInt32
  ) throws(SystemError) -> Descriptor {
    let listener = try make(kind, flags: SOCK_NONBLOCK)
    try withAddress(of: path) { _, _ in }
    let lock = try lockFile(beside: path)
    defer { withExtendedLifetime(lock) {} }
    // The file is born with the socket's own mode: closed to others until it has the right one.
    guard fchmod(listener.raw, 0o600) == 0 else { throw SystemError.last("listen at \(path)") }
    var failure = try bind(listener, to: path)
    if let first = failure, first.errno == EADDRINUSE, isStale(path, kind: kind) {
      try Files.remove(path)
      failure = try bind(listener, to: path)
    }
    if let failure { throw failure }
    guard chmod(path, mode) == 0, Glibc.listen(listener.raw, 4096) == 0 else {
      throw SystemError.last("listen at \(path)")
    }
    return listener
  }

  /// Whether somebody listens at `path`, of the kind given, who does not notice that it was asked:
  /// a connection of the wrong kind is refused by the kernel, with a different word if nobody is
  /// there.
  package static func hasListener(at path: String, kind: SocketKind) -> Bool {
    do throws(SystemError) {
      let wrong: SocketKind =
        switch kind {
        case .stream: .seqpacket
        case .seqpacket: .stream
        }
      _ = try connect(to: path, kind: wrong)
      return false
    } catch {
      return error.errno == EPROTOTYPE
    }
  }

  /// A connection to the listener at `path`, blocking unless asked otherwise. ENAMETOOLONG if the
  /// path is too long; EAGAIN, without waiting, if too many wait there and it is not to block.
  package static func connect(
    to path: String, kind: SocketKind, isBlocking: Bool = true
  ) throws(SystemError) -> Descriptor {
    let socket = try isBlocking ? make(kind) : make(kind, flags: SOCK_NONBLOCK)
    let result = try withAddress(of: path) { address, length in
      uninterrupted { Glibc.connect(socket.raw, address, length) }
    }
    guard result == 0 else { throw SystemError.last("connect to \(path)") }
    return socket
  }

  /// The next connection, non-blocking; nil when nobody waits.
  package static func accept(_ listener: Descriptor) throws(SystemError) -> Descriptor? {
    while true {
      let raw = fl_accept(listener.raw)
      if raw >= 0 { return Descriptor(adopting: raw) }
      switch Glibc.errno {
      case EAGAIN: return nil
      case EINTR, ECONNABORTED: continue
      default: throw SystemError.last("accept a connection")
      }
    }
  }

  /// Two blocking sockets connected to each other.
  package static func pair(kind: SocketKind) throws(SystemError) -> (Descriptor, Descriptor) {
    var ends: [Int32] = [-1, -1]
    let flags = kind.number | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, flags, 0, &ends) == 0 else {
      throw SystemError.last("make a pair of sockets")
    }
    return (Descriptor(adopting: ends[0]), Descriptor(adopting: ends[1]))
  }

  /// Makes calls on a descriptor of any kind return at once.
  package static func setNonblocking(_ descriptor: Descriptor) throws(SystemError) {
    let flags = fcntl(descriptor.raw, F_GETFL)
    guard flags >= 0, fcntl(descriptor.raw, F_SETFL, flags | O_NONBLOCK) >= 0 else {
      throw SystemError.last("make descriptor \(descriptor.raw) non-blocking")
    }
  }

  /// Limits how long a send or a receive on a blocking socket waits; 0 is for ever.
  package static func setTimeouts(
    _ socket: Descriptor, milliseconds: Int64
  ) throws(SystemError) {
    var time = timeval(
      tv_sec: Int(milliseconds / 1000), tv_usec: Int(milliseconds % 1000) * 1000)
    let size = socklen_t(MemoryLayout<timeval>.size)
    guard setsockopt(socket.raw, SOL_SOCKET, SO_RCVTIMEO, &time, size) == 0,
      setsockopt(socket.raw, SOL_SOCKET, SO_SNDTIMEO, &time, size) == 0
    else {
      throw SystemError.last("set a time limit")
    }
  }

  /// Waits until nobody else is deciding whether the socket at `path` is stale: two that start
  /// together must not each remove the other's new one.
  ///
  /// The file stays. The directory itself would do without one, but whoever may read it could hold
  /// its lock for ever.
  private static func lockFile(beside path: String) throws(SystemError) -> Descriptor {
    let lock = try Files.open("\(path).lock", O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
    guard uninterrupted({ flock(lock.raw, LOCK_EX) }) == 0 else {
      throw SystemError.last("lock \(path).lock")
    }
    return lock
  }

  private static func make(
    _ kind: SocketKind, flags: __socket_type = SOCK_CLOEXEC
  ) throws(SystemError) -> Descriptor {
    let type = kind.number | Int32(SOCK_CLOEXEC.rawValue) | Int32(flags.rawValue)
    let raw = socket(AF_UNIX, type, 0)
    guard raw >= 0 else { throw SystemError.last("make a socket") }
    return Descriptor(adopting: raw)
  }

  private static func bind(
    _ socket: Descriptor, to path: String
  ) throws(SystemError) -> SystemError? {
    let result = try withAddress(of: path) { Glibc.bind(socket.raw, $0, $1) }
    return result == 0 ? nil : SystemError.last("listen at \(path)")
  }

  /// Whether the file is a socket at which nobody listens any more.
  private static func isStale(_ path: String, kind: SocketKind) -> Bool {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return false }
    do throws(SystemError) {
      // Non-blocking: a listener whose queue is full is alive.
      let probe = try make(kind, flags: SOCK_NONBLOCK)
      let result = try withAddress(of: path) { Glibc.connect(probe.raw, $0, $1) }
      return result != 0 && Glibc.errno == ECONNREFUSED
    } catch {
      return false
    }
  }

  private static func withAddress<Result>(
    of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) throws(SystemError) -> Result {
    let bytes = Array(path.utf8)
    guard !bytes.isEmpty, !bytes.contains(0) else {
      throw SystemError(call: "use \"\(path)\" as a socket path", errno: EINVAL)
    }
    guard bytes.count <= maximumPathLength else {
      let rule = "\(bytes.count) bytes, and a socket path has at most \(maximumPathLength)"
      throw SystemError(call: "use \(path) (\(rule))", errno: ENAMETOOLONG)
    }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
