import FlusterClient
import FlusterSystem
import Glibc

/// The caller's `systemd --user`, spoken to by systemd's own commands.
struct UserSystemd {
  private let systemdRun: String
  private let systemctl: String
  /// What units get, and where the commands find their manager.
  private let environment: [[UInt8]]

  /// How to read what the units have said.
  static let wayOut = "see journalctl --user -u 'fluster-up-*'"

  /// The manager that listens in `directory`; nil where there is none of the caller's own, or
  /// nothing to speak to it with.
  init?(in directory: String, environment: [[UInt8]]) {
    let socket = "\(directory)/systemd/private"
    var status = stat()
    guard lstat(socket, &status) == 0, status.st_uid == geteuid(),
      UnixSocket.hasListener(at: socket, kind: .stream),
      let systemdRun = Successor.find("systemd-run"), let systemctl = Successor.find("systemctl")
    else { return nil }
    self.systemdRun = systemdRun
    self.systemctl = systemctl
    self.environment = environment
  }

  /// Whether there is no such unit, or none that runs or is about to.
  func isFree(_ daemon: PrivateDaemon) throws(Failure) -> Bool {
    let state = try run(systemctl, ["show", "--property=ActiveState", "--value", daemon.unit])
    return state.output == ["inactive"] || state.output == ["failed"]
  }

  /// Starts the program at `path` as the daemon's unit, and returns when it says that it serves.
  func start(_ daemon: PrivateDaemon, _ path: String) throws(Failure) {
    let properties = UserSystemd.properties(of: daemon).map { "--property=\($0)" }
    // Not NAME=VALUE: everybody may read a command line.
    let variables = environment.compactMap(UserSystemd.name).map { "--setenv=\($0)" }
    let options = [
      "--quiet", "--collect", "--unit=\(daemon.unit)", "--service-type=notify",
      "--description=Fluster, private instance: \(daemon.rawValue)",
    ]
    let result = try run(
      systemdRun, options + properties + variables + ["--", path] + UserSystemd.options(of: daemon))
    guard result.status == 0 else {
      // It would be tried again.
      try stop([daemon])
      let said = result.output.first.map { ": \($0)" } ?? ""
      throw Failure(
        .unreachable, "cannot start \(daemon.unit)\(said)", wayOut: UserSystemd.wayOut)
    }
  }

  /// Stops the units, and returns when they have stopped. Those that are not there are left out.
  func stop(_ daemons: [PrivateDaemon]) throws(Failure) {
    _ = try run(systemctl, ["stop"] + daemons.map(\.unit))
  }

  private static func options(of daemon: PrivateDaemon) -> [String] {
    switch daemon {
    case .controller, .worker: []
    // A user's manager does not mark what it gives away before version 254.
    case .shim: ["--delegated"]
    }
  }

  private static func properties(of daemon: PrivateDaemon) -> [String] {
    // What is wrong with a setting or a place does not get better by trying again.
    let supervised = [
      "Restart=on-failure", "RestartSec=1", "RestartPreventExitStatus=64 65 77 78",
    ]
    switch daemon {
    case .controller, .worker: return supervised
    case .shim:
      // The attempts are in its cgroup: it ends them itself when it is told to stop, none is the
      // fault of the unit when it runs out of memory, and their number is theirs to limit.
      return supervised + [
        "Delegate=yes", "KillMode=mixed", "OOMPolicy=continue", "TasksMax=infinity",
      ]
    }
  }

  /// The name of an entry that systemd can pass on; nil for others.
  private static func name(of entry: [UInt8]) -> String? {
    guard let text = String(validating: entry, as: UTF8.self),
      let name = CapturedEnvironment.name(of: Array(text.utf8)), let first = name.utf8.first,
      !(0x30...0x39).contains(first)
    else { return nil }
    let isPlain = name.utf8.allSatisfy { byte in
      byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte)
        || (0x61...0x7a).contains(byte | 0x20)
    }
    return isPlain ? name : nil
  }

  /// Runs one of systemd's commands; its exit status and the lines it has printed.
  private func run(
    _ path: String, _ arguments: [String]
  ) throws(Failure) -> (status: Int32, output: [String]) {
    let (child, output) = try begin(path, arguments)
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(output.raw, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      text += buffer[..<count]
    }
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    return (child.wait(), lines)
  }

  private func begin(
    _ path: String, _ arguments: [String]
  ) throws(Failure) -> (child: Child, output: Descriptor) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw Failure(.internal, "cannot make a pipe: \(SystemError.reason(errno))")
    }
    let (reader, writer) = (Descriptor(adopting: ends[0]), Descriptor(adopting: ends[1]))
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let child = try Child(
      path, [path, "--user"] + arguments, environment: environment, output: writer)
    return (child, reader)
  }
}
