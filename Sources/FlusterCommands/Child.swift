import FlusterClient
import FlusterSystem
import Glibc

/// A process that this command has started, in a session of its own.
struct Child {
  let pid: Int32

  /// glibc's number of this flag, which it shows only to programs that ask for GNU's names.
  private static let setsid: Int16 = 0x80

  /// Starts the program at `path` with nothing of the caller's terminal, service or job: standard
  /// output and error go to `output`. `keeping` stays open in it for as long as it lives.
  init(
    _ path: String, _ arguments: [String], environment: [[UInt8]], output: Descriptor,
    keeping: Descriptor? = nil
  ) throws(Failure) {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output.raw, 1)
    posix_spawn_file_actions_adddup2(&actions, output.raw, 2)
    // Onto itself: that clears close-on-exec.
    if let keeping { posix_spawn_file_actions_adddup2(&actions, keeping.raw, keeping.raw) }
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    let flags = Child.setsid | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF)
    posix_spawnattr_setflags(&attributes, flags)

    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var entries: [UnsafeMutablePointer<CChar>?] =
      environment.map { strdup($0.map { CChar(bitPattern: $0) } + [0]) } + [nil]
    defer { for word in argv + entries { free(word) } }
    var pid: pid_t = 0
    let number = posix_spawn(&pid, path, &actions, &attributes, &argv, &entries)
    guard number == 0 else {
      throw Failure(.internal, "cannot execute \(path): \(SystemError.reason(number))")
    }
    self.pid = pid
  }

  /// Waits for its end; its exit status, or 128 and the signal that ended it.
  func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
  }

  /// It has ended, and been reaped.
  var hasEnded: Bool {
    var status: Int32 = 0
    return waitpid(pid, &status, WNOHANG) != 0
  }
}
