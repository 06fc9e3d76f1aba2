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
      var handOver: ShimHandOver?
      if let number = options.inherited { handOver = try left(at: number) }
      if options.isTrial { return try tryToInherit(options) }
      let successor = Successor(arguments: Options.lasting(arguments))
      return try serve(options, passed: passed, successor, inheriting: handOver)
    } catch {
      let text = Array("fluster-shim: \(error)\n".utf8)
      write(STDERR_FILENO, text, text.count)
      return error.status
    }
  }

  /// What the program before this one has left.
  private static func left(at number: Int32) throws(Refusal) -> ShimHandOver {
    do {
      let memory = try Shim.adopt(number)
      return try ShimHandOver.decode(try SealedMemory.read(memory, limit: 64 << 20))
    } catch {
      throw .configuration("cannot take over what another shim holds: \(error)")
    }
  }

  /// Whether all that the running shim depends on makes sense to this program.
  private static func tryToInherit(_ options: Options) throws(Refusal) -> Int32 {
    let places = try Placement.find(options)
    _ = try Settings.load(
      path: places.configuration, instance: options.instance, trusted: geteuid())
    do throws(SystemError) {
      try AttemptFiles.examine(path: places.state)
    } catch { throw .machine(error) }
    return 0
  }

  private static func serve(
    _ options: Options, passed: [(name: String, descriptor: Descriptor)], _ successor: Successor?,
    inheriting handOver: ShimHandOver?
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
    let files = try stateDirectory(places.state, handOver)
    do throws(SystemError) {
      let groups = controlGroups(options, places, handOver)
      defer { groups?.remove() }
      let socket = passed.first { $0.name == activationName }?.descriptor
      let isListenerPassed = handOver?.isListenerPassed ?? (socket != nil)
      let surroundings = Surroundings(
        instance: options.instance, settings: settings, limits: Limits.takeOver(),
        logs: LogDirectory(
          path: places.logs, group: worker.gid, givesAway: options.instance == .system),
        files: files, groups: groups, workerUID: worker.uid, bootID: bootID(),
        resetsOOMScore: resetsOOMScore(), isListenerPassed: isListenerPassed,
        successor: successor)
      // Whole processors are missed only where a worker is to hand them out.
      let lacks = (groups?.lacks ?? ControlGroups.lacksOfNone).filter { $0 != "cpuset" }
      if !lacks.isEmpty {
        logger.notice("cannot enforce here: \(lacks.joined(separator: ", "))")
      }
      let loop = try EventLoop()
      try loop.enableWatchdog()
      let shim = Shim(loop: loop, logger: logger, surroundings: surroundings)
      let listener: Descriptor
      if let handOver {
        listener = try Shim.adopt(handOver.listener)
      } else if let socket {
        try UnixSocket.setNonblocking(socket)
        listener = socket
      } else {
        listener = try listen(places.listen, worker, options.instance)
      }
      defer { if !isListenerPassed { unlink(places.listen) } }
      fl_prepare_spawns()
      try shim.start(listener: listener, inheriting: handOver)
      return try loop.run()
    } catch { throw .machine(error) }
  }

  /// The part of the cgroup tree that attempts have theirs in; what was divided once stays so.
  private static func controlGroups(
    _ options: Options, _ places: Placement, _ handOver: ShimHandOver?
  ) -> ControlGroups? {
    guard options.usesCgroups else { return nil }
    if let handOver {
      return handOver.cgroup.isEmpty
        ? nil : ControlGroups(in: handOver.cgroup, isOwn: handOver.isOwnCgroup)
    }
    return ControlGroups.prepare(stateDirectory: places.state, isDelegated: options.isDelegated)
  }

  private static func stateDirectory(
    _ path: String, _ handOver: ShimHandOver?
  ) throws(Refusal) -> AttemptFiles {
    do throws(SystemError) {
      guard let handOver else { return try AttemptFiles(path: path) }
      return try AttemptFiles(path: path, lock: try Shim.adopt(handOver.lock))
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
