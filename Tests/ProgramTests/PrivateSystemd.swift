import FlusterTesting
import Glibc
import Testing

/// A `systemd --user` of the test's own, in a mount and cgroup namespace where the machine looks as
/// if systemd had booted it, with a unified hierarchy. It and its units end with the fixture.
final class PrivateSystemd {
  private static let program = "/lib/systemd/systemd"
  private let cgroup: String
  private let runtime: String
  private let manager: Program

  /// Starts one that listens below `runtime`; says that the test is skipped where that is not
  /// possible, and gives nil.
  static func start(in runtime: String) throws -> PrivateSystemd? {
    guard geteuid() == 0 else {
      #expect(maySkip(because: "a service manager of the test's own needs root"))
      return nil
    }
    guard access(program, X_OK) == 0, access("/usr/bin/systemd-run", X_OK) == 0 else {
      #expect(maySkip(because: "there is no \(program), or no systemd-run"))
      return nil
    }
    guard let mount = try cgroupMount() else {
      #expect(maySkip(because: "no cgroup2 is mounted"))
      return nil
    }
    return try PrivateSystemd(in: runtime, mount: mount)
  }

  private static func cgroupMount() throws -> String? {
    try text(at: "/proc/self/mountinfo").split(separator: "\n").lazy
      .filter { $0.contains(" - cgroup2 ") }
      .compactMap { $0.split(separator: " ").dropFirst(4).first.map(String.init) }.first
  }

  private init(in runtime: String, mount: String) throws {
    self.runtime = runtime
    cgroup = "\(mount)/fluster-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    guard mkdir(cgroup, 0o755) == 0 else { throw Failed("mkdir \(cgroup)") }
    let script = """
      echo 0 >"$0/cgroup.procs" &&
      exec unshare --mount --propagation private --cgroup sh -c '
        umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
        mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system &&
        mkdir /sys/fs/cgroup/user && echo 0 >/sys/fs/cgroup/user/cgroup.procs &&
        exec "$0" --user --log-target=console' "$1"
      """
    manager = try Program(
      ["sh", "-c", script, cgroup, PrivateSystemd.program],
      environment: [
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent", "XDG_RUNTIME_DIR": runtime,
        // What the caller of `fluster up` has must win.
        "XDG_STATE_HOME": "/nonexistent/state", "XDG_CONFIG_HOME": "/nonexistent/config",
      ])
    try eventually("systemd --user listens") { [manager] in
      guard manager.isRunning else { throw TimedOut(what: "\(try manager.finish())") }
      return Programs.answers("\(runtime)/systemd/private")
    }
  }

  deinit {
    try? write("1", to: "\(cgroup)/cgroup.kill")
    let cgroup = cgroup
    try? eventually("the test's cgroup goes") {
      _ = try run("find", cgroup, "-depth", "-type", "d", "-delete")
      return access(cgroup, F_OK) != 0
    }
  }

  /// Runs systemctl; what it has printed.
  @discardableResult
  func systemctl(_ arguments: String...) throws -> [String] {
    let environment = ["PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": runtime]
    let finished = try Program(["systemctl", "--user"] + arguments, environment: environment)
      .finish(within: 30)
    try #require(finished.status == 0, "\(arguments): \(finished)")
    return finished.lines
  }

  /// The units of `fluster up`, whatever their state.
  func units() throws -> [String] {
    try systemctl("list-units", "--all", "--plain", "--no-legend", "fluster-up-*")
  }
}
