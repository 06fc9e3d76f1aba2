import Glibc

/// A program on a terminal of its own, as a person would use it.
///
/// Belongs to one task. Whoever starts one waits for its end, or it is killed.
package final class Terminal {
  package let pid: Int32
  private let primary: Int32
  private var shown: [UInt8] = []
  private var status: Int32?

  /// Starts `arguments[0]` with a new terminal as its controlling one, of so many columns.
  package init(
    _ arguments: [String], environment: [String: String], directory: String, columns: UInt16 = 80
  ) throws {
    primary = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    // The ioctls behind grantpt(3), unlockpt(3) and ptsname(3), which Swift's Glibc does not show.
    var (number, locked): (Int32, Int32) = (0, 0)
    guard primary >= 0, ioctl(primary, 0x4004_5431, &locked) == 0,
      ioctl(primary, 0x8004_5430, &number) == 0
    else { throw Failed("open a terminal") }
    let name = "/dev/pts/\(number)"
    // The terminal that is opened first in a session without one becomes its own.
    let words =
      ["/usr/bin/env", "-C", directory, "setsid", "-w", "sh", "-c"]
      + ["exec <\"$T\" >\"$T\" 2>&1; exec \"$@\"", "sh"] + arguments
    var environment = environment
    environment["T"] = name
    environment["TERM"] = environment["TERM"] ?? "xterm"
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var child: Int32 = 0
    let vector = words.map { strdup($0) } + [nil]
    let entries = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for copy in vector + entries { free(copy) } }
    let failure = posix_spawn(&child, words[0], &actions, &attributes, vector, entries)
    pid = child
    guard failure == 0 else {
      status = 127
      close(primary)
      throw Failed("start \(arguments[0])", number: failure)
    }
    resize(columns: columns)
    _ = fcntl(primary, F_SETFL, O_NONBLOCK)
  }

  deinit {
    if status == nil {
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
    }
    close(primary)
  }

  /// Gives the terminal another width; the program is told as by any terminal.
  package func resize(columns: UInt16) {
    var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(primary, UInt(TIOCSWINSZ), &size)
  }

  /// Types. `\u{3}` is Ctrl-C.
  package func type(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes { Glibc.write(primary, $0.baseAddress, $0.count) }
  }

  /// All that has been shown so far.
  package var screen: String {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(primary, &buffer, buffer.count)
      guard count > 0 else { break }
      shown += buffer[..<count]
    }
    return String(decoding: shown, as: UTF8.self)
  }

  /// Waits until the screen holds `text`.
  package func shows(_ text: String, within seconds: Double = 20) throws {
    do {
      try eventually("\(text) is shown", within: seconds) { screen.contains(text) }
    } catch {
      throw TimedOut(what: "\(text) on the screen:\n\(screen)")
    }
  }

  /// Waits for the end. Returns the exit code, or 128 + the signal.
  package func finish(within seconds: Double = 30) throws -> Int32 {
    try eventually("the end of what runs on the terminal", within: seconds) {
      _ = screen
      var raw: Int32 = 0
      guard status == nil, waitpid(pid, &raw, WNOHANG) == pid else { return status != nil }
      status = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
      return true
    }
    return status ?? -1
  }
}
