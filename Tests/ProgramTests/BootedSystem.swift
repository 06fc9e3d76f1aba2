import FlusterTesting
import Glibc
import Testing

/// A machine that systemd has booted, with the units of contrib/systemd installed and enabled by
/// their preset, and users of its own. It ends with the test.
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
    useradd alice
    useradd bob
    """

  private let script: Program
  private let pid: String

  /// Boots one, with these settings for fluster.conf, hands it to `body`, and takes it down. Says
  /// that the test is skipped where that is not possible.
  static func with(settings: String = "", _ body: (BootedSystem) throws -> Void) throws {
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
    let options = try installation(settings: settings, in: temporary.path)
    let system = try BootedSystem(options, in: temporary.path)
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
    try write(setup, to: "\(directory)/setup")
    var options = ["--bind", "\(try Programs.products()):/usr/libexec/fluster"]
    for (source, place) in [
      ("system", "/usr/lib/systemd/system"), ("system-preset", "/usr/lib/systemd/system-preset"),
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
    let become =
      user == .root
      ? [] : ["setpriv", "--reuid", user.rawValue, "--regid", user.rawValue, "--init-groups"]
    return try Program(
      ["nsenter", "--target", pid, "--all"] + become + arguments,
      environment: ["PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"]
    ).finish()
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
