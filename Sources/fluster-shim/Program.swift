import CFluster
import FlusterSystem
import FlusterSystemd
import Glibc
import Logging

/// From the command line to the running loop. Not on the main actor, so that its closures may be
/// called by the loop.
enum Program {
  private static let activationName = "shim"

  /// Runs the shim; returns its exit status.
  static func run(_ arguments: [String]) -> Int32 {
    holdStandardStreams()
    let passed = Activation.take()
    do throws(Refusal) {
      let options = try Options.parse(arguments)
      if options.showsHelp {
        print(Options.help)
        return 0
      }
      return try serve(options, passed: passed)
    } catch {
      let text = Array("fluster-shim: \(error)\n".utf8)
      write(STDERR_FILENO, text, text.count)
      return error.status
    }
  }

  private static func serve(
    _ options: Options, passed: [(name: String, descriptor: Descriptor)]
  ) throws(Refusal) -> Int32 {
    let logger = Logs.bootstrap(label: "fluster-shim")
    signal(SIGPIPE, SIG_IGN)
    // A record that a limit of file sizes refuses is an error, not the end of all jobs.
    signal(SIGXFSZ, SIG_IGN)
    umask(0o022)
    let places = try Placement.find(options)
    guard chdir("/") == 0 else { throw .machine(SystemError.last("change to /")) }
    let worker = try Worker.find(options)
    let settings = try Settings.load(
      path: places.configuration, instance: options.instance, trusted: geteuid())
    let failure = fl_become_reaper(options.instance == .system)
    guard failure == 0 else {
      throw .machine(SystemError(call: "become a subreaper", errno: failure))
    }
    let files = try stateDirectory(places.state)
    do throws(SystemError) {
      let groups =
        options.usesCgroups
        ? ControlGroups.prepare(stateDirectory: places.state, isDelegated: options.isDelegated)
        : nil
      defer { groups?.remove() }
      let surroundings = Surroundings(
        instance: options.instance, settings: settings, limits: Limits.takeOver(),
        logs: LogDirectory(
          path: places.logs, group: worker.gid, givesAway: options.instance == .system),
        files: files, groups: groups, workerUID: worker.uid, bootID: bootID(),
        resetsOOMScore: resetsOOMScore())
      let lacks = groups?.lacks ?? ["cgroup", "cpu", "memory", "pids"]
      if !lacks.isEmpty {
        logger.notice("cannot enforce here: \(lacks.joined(separator: ", "))")
      }
      let loop = try EventLoop()
      try loop.enableWatchdog()
      let shim = Shim(loop: loop, logger: logger, surroundings: surroundings)
      let socket = passed.first { $0.name == activationName }?.descriptor
      if let socket {
        try UnixSocket.setNonblocking(socket)
        try shim.start(listener: socket)
      } else {
        try shim.start(listener: listen(places.listen, worker, options.instance))
      }
      defer { if socket == nil { unlink(places.listen) } }
      return try loop.run()
    } catch { throw .machine(error) }
  }

  private static func stateDirectory(_ path: String) throws(Refusal) -> AttemptFiles {
    do throws(SystemError) {
      return try AttemptFiles(path: path)
    } catch {
      guard error.errno == EWOULDBLOCK else { throw .machine(error) }
      throw Refusal(
        status: 71,
        description:
          "another fluster-shim uses \(path)\nstop that one, or name another with --state")
    }
  }

  /// The socket is the worker's alone; root may anyway.
  private static func listen(
    _ path: String, _ worker: Worker, _ instance: Places.Instance
  ) throws(SystemError) -> Descriptor {
    let listener = try UnixSocket.listen(at: path, kind: .seqpacket, mode: 0o600)
    if instance == .system, lchown(path, worker.uid, UInt32.max) != 0 {
      throw SystemError.last("give \(path) to uid \(worker.uid)")
    }
    return listener
  }

  /// Nothing else may ever get the numbers of the standard streams, which children take over.
  private static func holdStandardStreams() {
    var descriptor: Int32 = 0
    repeat { descriptor = open("/dev/null", O_RDWR) } while (0...2).contains(descriptor)
    if descriptor > 2 { close(descriptor) }
  }

  private static func resetsOOMScore() -> Bool {
    guard geteuid() == 0 else { return false }
    let own = ControlGroups.text("/proc/self/oom_score_adj").filter { !$0.isWhitespace }
    return !own.isEmpty && own != "0"
  }

  /// The machine's boot, 16 bytes.
  private static func bootID() -> [UInt8] {
    let digits = ControlGroups.text("/proc/sys/kernel/random/boot_id").utf8
      .compactMap { Character(UnicodeScalar($0)).hexDigitValue }.map { UInt8($0) }
    guard digits.count == 32 else { return [UInt8](repeating: 0, count: 16) }
    return stride(from: 0, to: 32, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
