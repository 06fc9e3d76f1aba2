import CFluster
import FlusterSystem
import Glibc
import Testing

@Suite("making a process")
struct SpawnTests {
  static let methods = [FL_SPAWN_INTO_CGROUP, FL_SPAWN_CLONE, FL_SPAWN_FORK]
    .map { Int32($0.rawValue) }

  @Test("every way of making a process gives the same process", arguments: methods)
  func method(_ method: Int32) throws {
    let (made, end) = try spawn("exit 7", method: method, cgroup: nil)
    #expect(made.method == (method == 1 ? 0 : method))
    #expect(end.pid == made.pid && end.exited && end.status == 7)
  }

  @Test(
    "every way puts it into its cgroup",
    .enabled(if: geteuid() == 0 && mount != nil, "it needs root and a cgroup2 mount"),
    arguments: methods)
  func cgroup(_ method: Int32) throws {
    let name = "fluster-test-\(getpid())-\(Entropy.word())"
    let path = "\(Self.mount ?? "")/\(name)"
    #expect(mkdir(path, 0o755) == 0)
    defer { rmdir(path) }
    let script = "grep -q '^0::.*/\(name)$' /proc/self/cgroup"
    let (made, end) = try spawn(script, method: method, cgroup: path)
    #expect(made.method == method)
    #expect(end.exited && end.status == 0)
  }

  static var mount: String? {
    ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first {
      Files.exists("\($0)/cgroup.procs") && access("\($0)/cgroup.procs", W_OK) == 0
    }
  }

  private func spawn(
    _ script: String, method: Int32, cgroup: String?
  ) throws -> (fl_spawned, fl_end) {
    let words: [String] = ["sh", "-c", script]
    var argv: [UnsafeMutablePointer<CChar>?] = words.map { (word: String) in strdup(word) }
    argv.append(nil)
    defer { for argument in argv { free(argument) } }
    var environment: [UnsafeMutablePointer<CChar>?] = [nil]
    let group = cgroup.map { Descriptor(adopting: open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) }
    var made = fl_spawned()
    let failure = argv.withUnsafeMutableBufferPointer { argv in
      environment.withUnsafeMutableBufferPointer { environment in
        "/".withCString { directory in
          var launch = fl_launch()
          launch.argv = argv.baseAddress.map { UnsafePointer($0) }
          launch.environment = environment.baseAddress.map { UnsafePointer($0) }
          launch.directory = directory
          launch.cgroup = group?.raw ?? -1
          return fl_spawn(&launch, method, &made)
        }
      }
    }
    guard failure == 0 else { throw SystemError(call: "spawn", errno: failure) }
    let pidfd = Descriptor(adopting: made.pidfd)
    let status = Descriptor(adopting: made.status)
    var ready = pollfd(fd: pidfd.raw, events: Int16(POLLIN), revents: 0)
    #expect(poll(&ready, 1, 10_000) == 1)
    // Another test may have forked while the pipe was open, and hold it until it executes.
    var closed = pollfd(fd: status.raw, events: Int16(POLLIN), revents: 0)
    #expect(poll(&closed, 1, 10_000) == 1)
    var failed = fl_failure()
    #expect(read(status.raw, &failed, MemoryLayout<fl_failure>.size) == 0)
    var end = fl_end()
    #expect(fl_reap(pidfd.raw, &end) == 0)
    return (made, end)
  }
}
