import FlusterSystem
import FlusterTesting
import Glibc
import Testing

/// A system instance in a mount namespace of its own with users of its own: the shim is root,
/// flusterd and fluster-worker have their own uids.
final class SystemInstance {
  /// Who a command runs as.
  enum User: String {
    case root
    case controller = "fluster"
    case worker = "fluster-worker"
    case alice, bob
    /// Of fluster-admin, by a supplementary group.
    case carol
    /// Whose uid stands for all that have none here.
    case nobody
  }

  let directory: String
  private let mark: String
  private let namespace: Program
  private var daemons: [(name: String, program: Program)] = []

  /// Starts one, hands it to `body`, ends it, and checks that no process remains. Says that it is
  /// skipped where that is not possible.
  static func with(
    settings: String = "", _ body: (SystemInstance) throws -> Void
  ) throws {
    guard geteuid() == 0 else {
      #expect(maySkip(because: "several users need root"))
      return
    }
    let temporary = try TemporaryDirectory()
    defer { temporary.remove() }
    let instance = try SystemInstance(in: temporary.path)
    defer { instance.killAll() }
    do {
      try instance.startAll(settings)
      try body(instance)
      try eventually("only daemons run") { instance.strays.isEmpty }
    } catch {
      for daemon in instance.daemons {
        print("---- \(daemon.name)")
        print((try? text(at: "\(instance.directory)/\(daemon.name).log")) ?? "")
      }
      throw error
    }
  }

  private init(in directory: String) throws {
    self.directory = directory
    mark = "PROGRAM_TEST=\(directory)"
    chmod(directory, 0o755)
    let accounts = """
      root:x:0:0::/root:/bin/sh
      fluster:x:990:990::/nonexistent:/bin/false
      fluster-worker:x:991:991::/nonexistent:/bin/false
      alice:x:1101:1101::/tmp:/bin/sh
      bob:x:1102:1102::/tmp:/bin/sh
      carol:x:1103:1103::/tmp:/bin/sh
      nobody:x:65534:65534::/tmp:/bin/sh

      """
    let groups = """
      root:x:0:
      fluster:x:990:
      fluster-worker:x:991:fluster
      alice:x:1101:
      bob:x:1102:
      carol:x:1103:
      lab:x:1200:alice
      fluster-admin:x:1201:carol
      nobody:x:65534:

      """
    try write(accounts, to: "\(directory)/passwd")
    try write(groups, to: "\(directory)/group")
    for (name, mode, owner) in [
      ("run", 0o755, 990), ("run/shim", 0o700, 0), ("run/claims", 0o700, 991),
      ("run/sock", 0o711, 991), ("state", 0o700, 990), ("log", 0o711, 991), ("files", 0o777, 0),
    ] as [(String, UInt32, UInt32)] {
      mkdir("\(directory)/\(name)", mode)
      chown("\(directory)/\(name)", owner, owner)
      chmod("\(directory)/\(name)", mode)
    }
    let script = """
      mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/group" /etc/group &&
        touch "$0/ready" && exec sleep infinity
      """
    namespace = try Program(
      ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, directory],
      environment: Processes.environment)
    try eventually("the namespace is there") { access("\(directory)/ready", F_OK) == 0 }
  }

  private func startAll(_ settings: String) throws {
    try start("fluster-shim", as: .root)
    try eventually("the shim listens") { Programs.answers("\(directory)/run/shim.sock") }
    try configure(settings)
    try start("flusterd", as: .controller, "--config", "\(directory)/fluster.conf")
    try eventually("flusterd listens") { Programs.answers("\(directory)/run/control.sock") }
    try start("fluster-worker", as: .worker, "--id", "w1", "--cpus", "2", "--mem", "2G")
  }

  /// Replaces what flusterd is configured with, and has it read that if it runs.
  func configure(_ settings: String) throws {
    try write(settings, to: "\(directory)/fluster.conf")
    chmod("\(directory)/fluster.conf", 0o644)
    for daemon in daemons where daemon.name == "flusterd" { daemon.program.signal(SIGHUP) }
  }

  var workerSocket: String { "\(directory)/run/worker.sock" }

  /// Waits until flusterd has read its configuration again so many times.
  func waitForReloads(_ count: Int) throws {
    try eventually("flusterd has read its configuration") {
      said(by: "flusterd").split(separator: "\n").count { $0.contains(": read /") } == count
    }
  }

  private func start(_ name: String, as user: User, _ options: String...) throws {
    try start(name, as: user, calling: name, ["--system"] + options)
  }

  /// Starts a daemon whose messages go to `log`, with any options.
  func start(
    _ name: String, as user: User, calling log: String, _ options: [String]
  ) throws {
    let program = try Program(
      command(as: user, [name] + options), environment: try environment,
      errorsTo: "\(directory)/\(log).log")
    daemons.append((log, program))
  }

  /// What a daemon has said.
  func said(by name: String) -> String { (try? text(at: "\(directory)/\(name).log")) ?? "" }

  /// A client of another uid: a process of that user, which passes on what is said, has connected.
  func talker(to path: String, as user: User) throws -> Talker {
    let relay = """
      my $far = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$!\\n";
      open(my $near, "+<&=", 3) or die "$!\\n";
      my $both = IO::Select->new($far, $near);
      while (1) {
        for my $in ($both->can_read) {
          sysread($in, my $bytes, 65536) or exit;
          my $out = $in == $far ? $near : $far;
          while (length $bytes) {
            my $count = syswrite($out, $bytes) or exit;
            substr($bytes, 0, $count) = "";
          }
        }
      }
      """
    let (near, far) = try UnixSocket.pair(kind: .stream)
    let words = ["perl", "-MIO::Socket::UNIX", "-MIO::Select", "-e", relay, path]
    let program = try Program(
      command(as: user, words), environment: try environment, passing: [far.raw])
    return try Talker(adopting: near, from: program)
  }

  /// Runs a command as a user in the directory for files.
  func run(as user: User, _ arguments: [String], input: String = "") throws -> Finished {
    try Program(
      command(as: user, ["env", "-C", "\(directory)/files"] + arguments),
      environment: try environment, input: input
    ).finish()
  }

  /// The same.
  func run(as user: User, _ arguments: String...) throws -> Finished {
    try run(as: user, arguments)
  }

  /// Submits, and gives the id that was printed.
  func submit(as user: User, _ arguments: String...) throws -> String {
    let finished = try run(as: user, ["fluster-submit"] + arguments)
    try #require(finished.status == 0, "\(finished)")
    return try #require(finished.lines.first)
  }

  private var environment: [String: String] {
    get throws {
      [
        "PATH": "\(try Programs.products()):/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
        "HOME": "/tmp", "PROGRAM_TEST": directory,
        "FLUSTER_SOCKET": "\(directory)/run/control.sock",
        "RUNTIME_DIRECTORY": "\(directory)/run", "STATE_DIRECTORY": "\(directory)/state",
        "LOGS_DIRECTORY": "\(directory)/log",
      ]
    }
  }

  private func command(as user: User, _ arguments: [String]) -> [String] {
    let enter = ["nsenter", "--mount", "--target", "\(namespace.pid)", "--"]
    guard user != .root else { return enter + arguments }
    return enter + ["setpriv", "--reuid", user.rawValue, "--regid", user.rawValue, "--init-groups"]
      + ["--"] + arguments
  }

  private var strays: [Int32] {
    let own = Set(daemons.map(\.program.pid))
    return Processes.carrying(mark).filter { !own.contains($0) }
  }

  private func killAll() {
    Processes.end(carrying: mark)
    namespace.signal(SIGKILL)
    daemons = []
  }
}
