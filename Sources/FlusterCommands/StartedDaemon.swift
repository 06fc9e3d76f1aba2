import FlusterClient
import FlusterSystem
import Glibc

/// A daemon that `fluster up` has started and is still the parent of.
struct StartedDaemon {
  let name: String
  let pid: Int32
  let process: Descriptor
  /// Where its part of the log begins.
  let logStart: Int64

  /// glibc's number of this flag, which it shows only to programs that ask for GNU's names.
  private static let setsid: Int16 = 0x80

  /// Starts the daemon called `name` in a session of its own, with nothing of the caller's
  /// terminal, service or job. `keeping` stays open in it for as long as it lives.
  init(_ name: String, log: Descriptor, keeping: Descriptor?) throws(Failure) {
    guard let path = Successor.find(name) else {
      throw Failure(
        .notFound, "cannot find \(name) beside fluster or in PATH",
        wayOut: "install all programs of fluster into one directory")
    }
    logStart = Int64(lseek(log.raw, 0, SEEK_END))
    self.name = name
    pid = try StartedDaemon.spawn(path, name, log: log, keeping: keeping)
    do {
      process = try PidFD.open(pid: pid)
    } catch {
      throw Failure(.internal, "cannot watch \(name)", error)
    }
  }

  /// It has ended, and been reaped.
  var hasEnded: Bool {
    var status: Int32 = 0
    return waitpid(pid, &status, WNOHANG) != 0
  }

  /// Ends it.
  func end() { try? PidFD.send(signal: SIGTERM, to: process) }

  private static func spawn(
    _ path: String, _ name: String, log: Descriptor, keeping: Descriptor?
  ) throws(Failure) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, log.raw, 1)
    posix_spawn_file_actions_adddup2(&actions, log.raw, 2)
    // Onto itself: that clears close-on-exec.
    if let keeping { posix_spawn_file_actions_adddup2(&actions, keeping.raw, keeping.raw) }
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    let flags = setsid | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF)
    posix_spawnattr_setflags(&attributes, flags)

    var argv: [UnsafeMutablePointer<CChar>?] = [strdup(name), nil]
    var environment = environment()
    defer { for word in argv + environment { free(word) } }
    var pid: pid_t = 0
    let number = posix_spawn(&pid, path, &actions, &attributes, &argv, &environment)
    guard number == 0 else {
      throw Failure(.internal, "cannot execute \(path): \(SystemError.reason(number))")
    }
    return pid
  }

  /// The caller's environment without what is its terminal's, session's or service's alone: a
  /// daemon outlives all of them.
  private static func environment() -> [UnsafeMutablePointer<CChar>?] {
    let entries = Environment.entries().filter { entry in
      CapturedEnvironment.name(of: entry).map { !CapturedEnvironment.isOfSession($0) } ?? false
    }
    return entries.map { strdup($0.map { CChar(bitPattern: $0) } + [0]) } + [nil]
  }
}
