import FlusterTesting
import Glibc
import Testing

/// A machine that systemd has booted, with users of its own and, if it is asked for, with the units
/// of contrib/systemd installed and enabled by their preset. It ends with the test.
final class BootedSystem {
  /// Who a command runs as.
  enum User: String {
    case root, alice, bob
  }

  /// The top of the source tree.
  static let root = #filePath.split(separator: "/").dropLast(3)
    .reduce(into: "") { $0 += "/\($1)" }
  private static let setup = """
    set -eu
    systemd-sysusers 2>/dev/null
    systemctl --quiet preset $(sed 's/^enable //' /usr/lib/systemd/system-preset/50-fluster.preset)
    for program in /usr/libexec/fluster/fluster-*; do ln -sf "$program" /usr/local/bin; done

    """
  private static let users = """
    useradd --create-home alice
    useradd --create-home bob
    """

  private let script: Program
  private let pid: String

  /// Boots one, with these settings for fluster.conf and shim.conf, hands it to `body`, and takes
  /// it down. Says that the test is skipped where that is not possible.
  static func with(
    settings: String = "", shim: String = "", _ body: (BootedSystem) throws -> Void
  ) throws {
    try boot(
      { temporary in
        let options = try installation(settings: settings, in: temporary)
        try write(shim, to: "\(temporary)/etc/shim.conf")
        return options
      }, body)
  }

  /// The same without Fluster, and with the files of `directory` in /srv.
  static func bare(with directory: String, _ body: (BootedSystem) throws -> Void) throws {
    try boot(
      { temporary in
        try write(users, to: "\(temporary)/setup")
        return ["--copy", "\(directory):/srv", "--setup", "\(temporary)/setup"]
      }, body)
  }

  private static func boot(
    _ options: (_ directory: String) throws -> [String], _ body: (BootedSystem) throws -> Void
  ) throws {
    guard geteuid() == 0 else {
      #expect(maySkip(because: "a machine of the test's own needs root"))
      return
    }
    guard access("/lib/systemd/systemd", X_OK) == 0 else {
      #expect(maySkip(because: "there is no systemd"))
      return
    }
    let temporary = try TemporaryDirectory()
    defer { temporary.remove() }
    let system = try BootedSystem(options(temporary.path), in: temporary.path)
    do {
      try body(system)
    } catch {
      print((try? system.run("journalctl", "--no-pager", "-n", "200").output) ?? "")
      throw error
    }
    system.script.signal(SIGTERM)
    let ended = try system.script.finish()
    #expect(ended.errors == "", "\(ended)")
  }

  /// What to tell a script that boots a machine, so that the machine has the programs, the units
  /// and the users, and fluster.conf these settings.
  static func installation(settings: String, in directory: String) throws -> [String] {
    mkdir("\(directory)/etc", 0o755)
    try write(settings, to: "\(directory)/etc/fluster.conf")
    try write(setup + users, to: "\(directory)/setup")
    var options = ["--bind", "\(try Programs.products()):/usr/libexec/fluster"]
    for (source, place) in [
      ("system", "/usr/lib/systemd/system"), ("system-preset", "/usr/lib/systemd/system-preset"),
      ("user", "/usr/lib/systemd/user"), ("web/system", "/usr/lib/systemd/system"),
      ("web/user", "/usr/lib/systemd/user"),
      ("sysusers.d", "/usr/lib/sysusers.d"), ("tmpfiles.d", "/usr/lib/tmpfiles.d"),
      ("catalog", "/usr/lib/systemd/catalog"),
    ] {
      options += ["--copy", "\(root)/contrib/systemd/\(source):\(place)"]
    }
    return options + ["--copy", "\(directory)/etc:/etc/fluster", "--setup", "\(directory)/setup"]
  }

  private init(_ options: [String], in directory: String) throws {
    script = try Program(
      ["\(Self.root)/contrib/boot-systemd"] + options + [
        "sh", "-c", "echo $BOOTED_PID; exec sleep infinity",
      ], environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR": directory])
    var line: String?
    try eventually("systemd has booted", within: 60) { [script] in
      guard script.isRunning else { throw TimedOut(what: "\(try script.finish())") }
      line = script.outputSoFar.split(separator: "\n").first.map(String.init)
      return line != nil
    }
    pid = try #require(line)
  }

  /// Runs a command in it, as root or one of its users.
  @discardableResult
  func run(_ arguments: String..., as user: User = .root) throws -> Finished {
    try begin(arguments, as: user).finish()
  }

  /// The same, with something to read.
  func run(
    _ arguments: [String], as user: User = .root, input: String = ""
  ) throws -> Finished {
    try begin(arguments, as: user, input: input).finish()
  }

  /// Starts a command in it, as root or one of its users.
  func begin(
    _ arguments: [String], as user: User = .root, input: String = ""
  ) throws -> Program {
    let become =
      user == .root
      ? [] : ["setpriv", "--reuid", user.rawValue, "--regid", user.rawValue, "--init-groups"]
    return try Program(
      ["nsenter", "--target", pid, "--all"] + become + arguments,
      environment: ["PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"],
      input: input)
  }

  /// Starts the user manager of alice, and gives what runs a command as her beside it.
  func logAliceIn() throws -> (_ arguments: [String]) throws -> Finished {
    let uid = try run("id", "-u", "alice").output.trimmed
    try #require(try run("loginctl", "enable-linger", "alice").status == 0)
    let environment = ["env", "HOME=/home/alice", "XDG_RUNTIME_DIR=/run/user/\(uid)"]
    let command = { [self] arguments in
      try begin(environment + arguments, as: .alice).finish()
    }
    try eventually("the user manager of alice is up") {
      try command(["systemctl", "--user", "is-system-running"]).output == "running\n"
    }
    return command
  }

  /// Runs systemctl, which has to succeed; what it has printed.
  @discardableResult
  func systemctl(_ arguments: String...) throws -> String {
    let finished = try Program(
      ["nsenter", "--target", pid, "--all", "systemctl"] + arguments,
      environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"]
    ).finish()
    try #require(finished.status == 0, "systemctl \(arguments): \(finished)")
    return finished.output.trimmed
  }

  /// A property of a unit, as systemd tells it.
  func property(_ name: String, of unit: String) throws -> String {
    try systemctl("show", "--property", name, "--value", unit)
  }

  /// Submits a shell line as a user; the id.
  func submit(_ line: String, as user: User) throws -> String {
    let finished = try run("fluster-submit", "-c", line, as: user)
    try #require(finished.status == 0, "\(finished)")
    return finished.output.trimmed
  }
}
